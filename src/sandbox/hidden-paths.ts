import { homedir, userInfo } from 'node:os';
import { isSystem } from '../core/errors.ts';
import { SYSTEM } from './root-plan.ts';
import { isWithin } from './root-tree.ts';

/** What of this machine's own root commands must not see: homes, and `more`: credential stores, for instance. */
export function hiddenPaths(more: readonly string[]): readonly string[] {
  const wanted = ['/root', '/home', ...ownHomes(), ...more];
  const paths = wanted.map((path) => path.replace(/(.)\/+$/, '$1')).filter((path) => path.startsWith('/'));
  const safe = paths.filter((path) => path !== '/' && !SYSTEM_DIRECTORIES.has(path) && !isProgramDirectory(path));
  return [...new Set(safe)].filter((path) => !safe.some((other) => other !== path && isWithin(path, other)));
}

/** By the environment and by the user database; a user may be in neither. */
function ownHomes(): readonly string[] {
  return [homedir, () => userInfo().homedir].flatMap((ask) => {
    try {
      return [ask()];
    } catch (error) {
      if (isSystem(error, 'ERR_SYSTEM_ERROR')) return [];
      throw error;
    }
  });
}

const SYSTEM_DIRECTORIES: ReadonlySet<string> = new Set([...SYSTEM, '/var', '/opt', '/srv', '/tmp', '/run']);

function isProgramDirectory(path: string): boolean {
  return ['/usr', '/bin', '/sbin', '/lib', '/lib64'].some((directory) => isWithin(path, directory));
}
