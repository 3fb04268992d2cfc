// Makes sure that node_modules is what package-lock.json says, with nothing but Node and npm. Imports only `node:`.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const LOCK = join(ROOT, '.build', 'bootstrap.lock');
const LOCK_STALE_MS = 10 * 60_000;

/** Installs the locked packages when they are not there; prints one line when it does. Exits with a sentence when it cannot. */
export async function ensureDependencies() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major < 20 || (major === 20 && minor < 19))
    fail(`Node ${process.versions.node} is too old: Slipway needs 20.19 or newer`);
  process.chdir(ROOT);
  if (isFresh()) return;
  await withLock(() => {
    if (isFresh()) return;
    console.error('installing the locked npm packages (once) …');
    const args = [
      'ci',
      '--include=dev',
      '--ignore-scripts',
      '--prefer-offline',
      '--no-audit',
      '--no-fund',
      '--fetch-retries=1',
      '--loglevel=error',
    ];
    const viaNode = process.env.npm_execpath?.endsWith('npm-cli.js');
    const [command, argv] = viaNode ? [process.execPath, [process.env.npm_execpath, ...args]] : ['npm', args];
    const result = spawnSync(command, argv, { cwd: ROOT, stdio: ['ignore', 2, 2] });
    if (result.status !== 0)
      fail(
        'the npm packages could not be installed (see above); check the network or the npm registry setting, then run the command again',
      );
  });
}

function isFresh() {
  try {
    const wanted = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')).packages;
    const found = JSON.parse(readFileSync(join(ROOT, 'node_modules/.package-lock.json'), 'utf8')).packages;
    const matches = Object.entries(found).every(
      ([path, entry]) => wanted[path]?.version === entry.version && wanted[path]?.integrity === entry.integrity,
    );
    return (
      matches &&
      Object.entries(wanted).every(
        ([path, entry]) => path === '' || entry.optional || entry.peer || found[path] !== undefined,
      )
    );
  } catch (error) {
    if (error.code === 'ENOENT') return false;
    throw error;
  }
}

/** Two runs in one checkout wait for each other; a lock of a dead run is taken over. */
async function withLock(task) {
  mkdirSync(dirname(LOCK), { recursive: true });
  for (;;) {
    try {
      mkdirSync(LOCK);
      break;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
      const age = Date.now() - (statSync(LOCK, { throwIfNoEntry: false })?.mtimeMs ?? 0);
      if (age > LOCK_STALE_MS) rmSync(LOCK, { recursive: true, force: true });
      else await new Promise((resolve) => setTimeout(resolve, 300));
    }
  }
  try {
    task();
  } finally {
    rmSync(LOCK, { recursive: true, force: true });
  }
}

function fail(message) {
  console.error(`error: ${message}`);
  process.exit(1);
}
