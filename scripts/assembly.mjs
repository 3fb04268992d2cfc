// Compiles assembly/deflate to WebAssembly and leaves it, as base64 text, where src/ imports it from. Done before every bundling;
// costs nothing when the sources are those of the last time.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ensureDependencies, ROOT } from './bootstrap.mjs';

const SOURCES = join(ROOT, 'assembly', 'deflate');
const OUTPUT = join(ROOT, 'src', 'layer', 'deflate', 'encoder.wasm.txt');
const CACHE = join(ROOT, '.build', 'assembly');

/** No run-time, no allocator, no start-up code: nothing but our functions is in the module. 48 pages: see memory-map.ts. */
const OPTIONS = [
  ...['--optimizeLevel', '3', '--noAssert', '--runtime', 'stub', '--use', 'abort='],
  ...['--initialMemory', '48', '--maximumMemory', '48'],
];

export async function compileAssembly() {
  const cached = join(CACHE, `${sourcesKey()}.txt`);
  if (!existsSync(cached)) {
    mkdirSync(CACHE, { recursive: true });
    replaceFile(cached, Buffer.from(await compile()).toString('base64'));
  }
  const text = readFileSync(cached, 'utf8');
  if (!existsSync(OUTPUT) || readFileSync(OUTPUT, 'utf8') !== text) replaceFile(OUTPUT, text);
}

async function compile() {
  const { default: asc } = await import('assemblyscript/asc');
  let binary;
  const { error, stderr } = await asc.main(['encoder.ts', ...OPTIONS, '--outFile', 'encoder.wasm'], {
    readFile: (name) => {
      const path = join(SOURCES, name);
      return existsSync(path) ? readFileSync(path, 'utf8') : null;
    },
    writeFile: (_name, contents) => {
      binary = contents;
    },
    listFiles: () => [],
  });
  if (error !== null || binary === undefined)
    throw new Error(`assembly/deflate does not compile\n${stderr.toString()}`);
  return binary;
}

function sourcesKey() {
  const hash = createHash('sha256').update(OPTIONS.join(' '));
  hash.update(readFileSync(join(ROOT, 'node_modules', 'assemblyscript', 'package.json')));
  for (const name of readdirSync(SOURCES).sort()) hash.update(`\n${name}\n`).update(readFileSync(join(SOURCES, name)));
  return hash.digest('hex').slice(0, 32);
}

/** Two runs in one checkout may do this at once. */
function replaceFile(path, text) {
  const temporary = `${path}.${String(process.pid)}`;
  writeFileSync(temporary, text);
  renameSync(temporary, path);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  await ensureDependencies();
  await compileAssembly();
}
