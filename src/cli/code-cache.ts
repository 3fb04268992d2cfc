import { lstatSync, mkdirSync, realpathSync } from 'node:fs';
import nodeModule from 'node:module';
import { dirname, join } from 'node:path';
import { cacheRoot } from '../platform/cache-root.ts';
import { PRODUCT } from './product.ts';

/** Lets Node keep the compiled code of this program for the next start, where it can (from 22.8 on) and where that is safe. */
export function keepCode(): void {
  const enable: unknown = Reflect.get(nodeModule, 'enableCompileCache');
  if (typeof enable !== 'function') return;
  const directory = codeDirectory(process.env, process.geteuid?.() ?? -1);
  if (directory !== undefined) Reflect.apply(enable, nodeModule, [join(directory, PRODUCT.version)]);
}

/** Writes what is to be kept: to be called before this process becomes another user. */
export function writeCode(): void {
  const flush: unknown = Reflect.get(nodeModule, 'flushCompileCache');
  if (typeof flush === 'function') Reflect.apply(flush, nodeModule, []);
}

/**
 * The directory for compiled code below the cache's root. Whoever can write to it decides what runs, so it is one that nobody but this
 * user and root can write to or put another one in the place of; else undefined, as where nothing is cached yet: a start makes no cache.
 */
export function codeDirectory(env: NodeJS.ProcessEnv, uid: number): string | undefined {
  const home = env['HOME']?.startsWith('/') === true ? env['HOME'] : undefined;
  // Without a home the root would be in a directory for everybody.
  const root = cacheRoot({ env, home, tmp: '', uid });
  if (!root.startsWith('/')) return undefined;
  try {
    const real = realpathSync(root);
    if (!isOnlyOurs(real, uid)) return undefined;
    const path = join(real, 'code');
    makePrivate(path);
    const { mode } = lstatSync(path);
    return isOnlyOurs(path, uid) && (mode & 0o077) === 0 ? path : undefined;
  } catch {
    // Not there, not ours, read-only: then the code is compiled each time.
    return undefined;
  }
}

function isOnlyOurs(path: string, uid: number): boolean {
  const stat = lstatSync(path);
  const isTrusted = stat.isDirectory() && (stat.uid === uid || stat.uid === 0);
  // What is not theirs cannot be replaced by others in a sticky directory.
  const isSealed = (stat.mode & 0o022) === 0 || (stat.mode & 0o1000) !== 0;
  return isTrusted && isSealed && (path === '/' || isOnlyOurs(dirname(path), uid));
}

function makePrivate(path: string): void {
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch {
    // It is there, or cannot be: the next look tells.
  }
}
