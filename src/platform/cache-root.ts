import { join } from 'node:path';
import type { Machine } from './machine.ts';

/** Where everything lies that outlives a command: `SLIPWAY_CACHE_DIR`, else `slipway` in the user's cache directory, else below the machine's temporary one. */
export function cacheRoot(machine: Pick<Machine, 'env' | 'home' | 'tmp' | 'uid'>): string {
  return lastingCacheRoot(machine) ?? join(machine.tmp, `slipway-cache-${String(machine.uid)}`);
}

/** The same, for what is not worth a directory among temporary files: undefined where there is no other. */
export function lastingCacheRoot({ env, home }: Pick<Machine, 'env' | 'home'>): string | undefined {
  const own = env['SLIPWAY_CACHE_DIR'];
  if (own?.startsWith('/') === true) return own;
  const cache = env['XDG_CACHE_HOME'];
  if (cache?.startsWith('/') === true) return join(cache, 'slipway');
  return home === undefined ? undefined : join(home, '.cache', 'slipway');
}
