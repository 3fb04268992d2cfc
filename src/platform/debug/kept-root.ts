import { join } from 'node:path';
import { cacheRoot } from '../cache-root.ts';
import type { Machine } from '../machine.ts';

/**
 * Where directories of failed builds are kept: in the user's cache; root's in a place that the buildpacks' user can be let into, which
 * a home directory of root's is not.
 */
export function keptRoot(machine: Machine): string {
  return machine.uid === 0 ? join(machine.tmp, 'slipway-kept') : join(cacheRoot(machine), 'kept');
}
