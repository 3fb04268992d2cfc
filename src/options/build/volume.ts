import { posix } from 'node:path';
import { SlipwayError } from '../../core/errors.ts';
import { isWithinPath } from './path-within.ts';

/** One `--volume`: what buildpacks see of this machine besides the app. */
export interface VolumeRequest {
  /** As the user wrote it. */
  readonly text: string;
  /** `path`: may be relative to the working directory. `named`: a directory that outlives the build, below the cache's root. */
  readonly source: { readonly kind: 'path' | 'named'; readonly name: string };
  /** Absolute, as buildpacks see it. */
  readonly target: string;
  readonly writable: boolean;
  /** Words of Docker that mean nothing here. */
  readonly ignored: readonly string[];
}

const FORM = 'write --volume HOST:TARGET, or HOST:TARGET:rw';
/** A volume of Docker has such a name; anything else is a path. */
const VOLUME_NAME = /^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/;
const IGNORED = /^(volume-opt=[^=]+=.*|z|Z|cached|delegated|consistent|nocopy)$/;

/** `HOST:TARGET[:OPTS]` as pack has it: read-only unless `rw` is among the options. Throws `ARGUMENT_INVALID` (exit 3). */
export function parseVolume(text: string): VolumeRequest {
  const [host = '', target = '', options = '', ...rest] = text.split(':');
  if (rest.length > 0) throw bad(text, 'it has more than three parts');
  if (host === '' || target === '') throw bad(text, 'it does not name a place here and one for buildpacks');
  if (!target.startsWith('/')) throw bad(text, `${target} is not an absolute path`);
  const words = options.split(',').filter((word) => word !== '');
  const unknown = words.find((word) => word !== 'ro' && word !== 'rw' && !IGNORED.test(word));
  if (unknown !== undefined)
    throw bad(text, `there is no option "${unknown}"`, 'options are ro, rw and volume-opt=KEY=VALUE');
  if (words.includes('ro') && words.includes('rw')) throw bad(text, 'it cannot be both ro and rw');
  return {
    text,
    source: { kind: VOLUME_NAME.test(host) && host !== '..' ? 'named' : 'path', name: host },
    target: checkedTarget(text, target),
    writable: words.includes('rw'),
    ignored: words.filter((word) => IGNORED.test(word)),
  };
}

/** Directories of the sandbox or of the Platform API; a mount there would hide what a build needs. */
const TAKEN = ['/cnb', '/layers', '/platform', '/proc', '/sys', '/dev', '/run/secrets'];
/** Of a platform directory only bindings may be mounted (interfaces of kpack and pack alike). */
const BINDINGS = '/platform/bindings';

function checkedTarget(text: string, target: string): string {
  const path = posix.normalize(target).replace(/(?<=.)\/$/, '');
  if (path === '/' || path === '/tmp') throw bad(text, `${path} cannot be mounted over`);
  const taken = TAKEN.find((directory) => isWithinPath(path, directory));
  if (taken === undefined || (isWithinPath(path, BINDINGS) && path !== BINDINGS)) return path;
  throw bad(
    text,
    `${path} is in ${taken}, which belongs to the build`,
    taken === '/platform' ? 'below /platform only /platform/bindings/NAME can be mounted' : 'choose another target',
  );
}

function bad(text: string, why: string, hint: string = FORM): SlipwayError {
  return new SlipwayError('ARGUMENT_INVALID', `--volume ${text}: ${why}`, { exit: 3, hint });
}
