import { join } from 'node:path';
import type { Machine } from './machine.ts';

/** Where everything lies that outlives a command: `SLIPWAY_CACHE_DIR`, else `slipway` in the user's cache directory, else below the machine's temporary one. */
export function cacheRoot(machine: Pick<Machine, 'env' | 'home' | 'tmp' | 'uid'>): string {
  const own = machine.env['SLIPWAY_CACHE_DIR'];
  if (own?.startsWith('/') === true) return own;
  const cache = machine.env['XDG_CACHE_HOME'];
  if (cache?.startsWith('/') === true) return join(cache, 'slipway');
  return machine.home === undefined
    ? join(machine.tmp, `slipway-cache-${String(machine.uid)}`)
    : join(machine.home, '.cache', 'slipway');
}
