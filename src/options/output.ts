import { SlipwayError } from '../core/errors.ts';
import { parseLocation, type Location } from '../oci/location.ts';
import { parseReference, type Reference } from '../oci/reference.ts';

/** One `--output` (design §1.1): `LOCATION[;compression=gzip:6][;name=REF]`. */
export interface OutputRequest {
  /** As the user wrote it. */
  readonly text: string;
  readonly location: Location;
  /** Text for `parseCompression`. */
  readonly compression?: string;
  /** The image's name inside an archive or layout. */
  readonly name?: Reference;
}

/** Throws `ARGUMENT_INVALID` or `REFERENCE_INVALID`. */
export function parseOutput(text: string): OutputRequest {
  const [place = '', ...settings] = text.split(/;(?=[a-z-]+=)/);
  const read: { compression?: string; name?: Reference } = {};
  for (const setting of settings) {
    const equals = setting.indexOf('=');
    const key = setting.slice(0, equals);
    const value = setting.slice(equals + 1);
    if (key === 'compression') read.compression = value;
    else if (key === 'name') read.name = parseReference(value);
    else if (key === 'media-types')
      throw new SlipwayError('NOT_SUPPORTED', `--output ${text}: media-types cannot be chosen by this version`, {
        exit: 3,
      });
    else
      throw new SlipwayError('ARGUMENT_INVALID', `--output ${text}: there is no setting "${key}"`, {
        hint: 'settings are compression=gzip[:1-9], zstd[:1-19] or none, and name=REFERENCE',
      });
  }
  const location = parseLocation(place);
  if (location.kind !== 'registry' && location.kind !== 'docker-daemon' && location.digest !== undefined)
    throw new SlipwayError('ARGUMENT_INVALID', `--output ${text}: a digest cannot be written to`);
  if (location.kind === 'docker-daemon')
    throw new SlipwayError('NOT_SUPPORTED', `--output ${text}: this version does not talk to a daemon`, {
      exit: 3,
      hint: 'write docker-archive:FILE and run "docker load -i FILE"',
    });
  return { text, location, ...read };
}
