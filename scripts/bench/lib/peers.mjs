// The programs that we are compared with, as PATH has them.
import { spawnSync } from 'node:child_process';
import { accessSync, closeSync, constants, openSync, readFileSync, readSync, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** How a program says its version, and the part of it that is the version. */
const VERSION = {
  exporter: ['-version'],
  creator: ['-version'],
  analyzer: ['-version'],
  crane: ['version'],
  go: ['version'],
};
const ELF = Buffer.from('\x7fELF', 'latin1');
const GO_MARK = Buffer.from('\xff Go buildinf:', 'latin1');

/** Programs of the lifecycle: ours have the same names, theirs are Go's. */
const LIFECYCLE = ['exporter', 'creator', 'analyzer', 'restorer'];

/** `{path, version}` of a program on PATH, or undefined. Those of the lifecycle count only as Go programs. */
export function findPeer(name) {
  const isWanted = LIFECYCLE.includes(name) ? isGoProgram : () => true;
  const path = (process.env.PATH ?? '')
    .split(delimiter)
    .filter((directory) => directory !== '')
    .map((directory) => join(directory, name))
    .find((candidate) => isExecutable(candidate) && isWanted(candidate));
  return path === undefined ? undefined : { name, title: titleOf(name), path, version: versionOf(name, path) };
}

/** The peers by name, and a sentence about those that are not here. */
export function findPeers(names) {
  const found = Object.fromEntries(names.map((name) => [name, findPeer(name)]));
  const missing = names.filter((name) => found[name] === undefined);
  return { found, gap: missing.length === 0 ? undefined : `not on PATH: ${missing.map(titleOf).join(', ')}` };
}

function titleOf(name) {
  return LIFECYCLE.includes(name) ? `the Go ${name}` : name;
}

/** `exporter 0.20.1`, `GNU tar 1.34`. */
function versionOf(name, path) {
  const env = { PATH: process.env.PATH, CNB_PLATFORM_API: '0.12', HOME: process.env.HOME };
  const { stdout, stderr } = spawnSync(path, VERSION[name] ?? ['--version'], { encoding: 'utf8', env });
  const line = `${stdout}${stderr}`.trim().split('\n')[0] ?? '';
  return /v?\d[\w.+~-]*/.exec(line.replace(/^go version go/, ''))?.[0] ?? 'unknown';
}

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

function isGoProgram(path) {
  const start = Buffer.alloc(ELF.length);
  const file = openSync(path, 'r');
  readSync(file, start);
  closeSync(file);
  return start.equals(ELF) && readFileSync(path).includes(GO_MARK);
}
