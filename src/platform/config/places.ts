import { isAbsolute, join, resolve } from 'node:path';
import { SlipwayError } from '../../core/errors.ts';
import type { Machine } from '../machine.ts';

/** Whose file a setting is in. */
type ConfigOrigin = 'slipway' | 'pack';

/** A file where settings may be, whether or not it is there. */
export interface ConfigPlace {
  readonly origin: ConfigOrigin;
  readonly path: string;
  /** The path as people know it: `~/.pack/config.toml`. */
  readonly shown: string;
}

type Where = Pick<Machine, 'env' | 'home' | 'cwd'>;

/** The files with settings, in the order in which they count: ours, then pack's (decision 0022). */
export function configPlaces(machine: Where): readonly ConfigPlace[] {
  const places = [place('slipway', ownDirectory(machine), machine), place('pack', packDirectory(machine), machine)];
  return places.filter((each) => each !== undefined);
}

/** The only file that is ever written. Throws `NOT_SUPPORTED` where there is no home directory. */
export function ownConfigPlace(machine: Where): ConfigPlace {
  const own = place('slipway', ownDirectory(machine), machine);
  if (own !== undefined) return own;
  throw new SlipwayError('NOT_SUPPORTED', 'there is no home directory for settings', {
    hint: 'set HOME, or SLIPWAY_HOME to a directory for them',
  });
}

function ownDirectory({ env, home, cwd }: Where): string | undefined {
  const named = env['SLIPWAY_HOME'] ?? '';
  if (named !== '') return resolve(cwd, named);
  const config = env['XDG_CONFIG_HOME'] ?? '';
  // A relative one does not count (XDG base directory specification).
  if (isAbsolute(config)) return join(config, 'slipway');
  return home === undefined ? undefined : join(home, '.config', 'slipway');
}

function packDirectory({ env, home, cwd }: Where): string | undefined {
  const named = env['PACK_HOME'] ?? '';
  if (named !== '') return resolve(cwd, named);
  return home === undefined ? undefined : join(home, '.pack');
}

function place(origin: ConfigOrigin, directory: string | undefined, { home }: Where): ConfigPlace | undefined {
  if (directory === undefined) return undefined;
  const path = join(directory, 'config.toml');
  const isAtHome = home !== undefined && home !== '/' && path.startsWith(`${home}/`);
  return { origin, path, shown: isAtHome ? `~${path.slice(home.length)}` : path };
}
