// Bytes as they are in images: the JavaScript of the locked packages, and the machine code of Node.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../../bootstrap.mjs';

const ENOUGH = 32 * 2 ** 20;

let text;
let code;

/** 32 MiB of the JavaScript below node_modules, in the order of its paths: package-lock.json decides what it is. */
export function scriptText() {
  text ??= readScripts();
  return text;
}

/** The program that runs this. */
export function machineCode() {
  code ??= readFileSync(process.execPath);
  return code;
}

function readScripts() {
  const directory = join(ROOT, 'node_modules');
  const files = readdirSync(directory, { recursive: true }).filter((file) => /\.[cm]?js$/.test(file));
  const parts = [];
  let size = 0;
  for (const file of files.sort()) {
    if (size >= ENOUGH) break;
    const bytes = readFileSync(join(directory, file));
    parts.push(bytes);
    size += bytes.length;
  }
  if (size < 2 ** 20) throw new Error('node_modules has no JavaScript: run "npm ci"');
  return Buffer.concat(parts).subarray(0, ENOUGH);
}
