import { SlipwayError } from '../../core/errors.ts';
import { readBom, type BomEntry } from '../bom.ts';
import type { BuildpackFeatures } from '../features.ts';
import type { Label, LaunchProcess, Slice } from '../process.ts';
import { decodeFile, type TomlReader } from './decode.ts';

export interface LaunchFile {
  readonly processes: readonly LaunchProcess[];
  readonly labels: readonly Label[];
  readonly slices: readonly Slice[];
  readonly bom: readonly BomEntry[];
}

export const EMPTY_LAUNCH: LaunchFile = { processes: [], labels: [], slices: [], bom: [] };

/**
 * launch.toml (contract §5.14) of Buildpack API 0.9 and later: commands are lists and every process is direct. Throws
 * `FILE_INVALID` or `BUILDPACK_INVALID`, exit 52.
 */
export function decodeLaunch(
  bytes: Uint8Array | string,
  file: string,
  _features: BuildpackFeatures,
  buildpackId: string,
): LaunchFile {
  return decodeFile(bytes, file, (reader) => ({
    processes: reader.list('processes', (entry) => readProcess(entry, file, buildpackId)),
    labels: reader.list('labels', ({ fields }) => ({
      key: fields.optionalString('key') ?? '',
      value: fields.optionalString('value') ?? '',
    })),
    slices: reader.list('slices', ({ fields }) => ({ paths: fields.strings('paths') })),
    bom: readBom(reader),
  }));
}

function readProcess({ fields }: TomlReader, file: string, buildpackId: string): LaunchProcess {
  if (fields.has('direct')) {
    throw new SlipwayError('BUILDPACK_INVALID', 'process.direct is not supported on this buildpack version', {
      exit: 52,
      details: { file },
      hint: 'remove "direct" from launch.toml: from Buildpack API 0.9 on every process is direct',
    });
  }
  const args = fields.optionalStrings('args');
  const workingDir = fields.optionalString('working-dir') ?? '';
  const execEnv = fields.optionalStrings('exec-env');
  return {
    type: fields.optionalString('type') ?? '',
    command: fields.strings('command'),
    ...(args === undefined ? {} : { args }),
    direct: true,
    isDefault: fields.boolean('default'),
    buildpackId,
    ...(workingDir === '' ? {} : { workingDir }),
    ...(execEnv === undefined ? {} : { execEnv }),
  };
}
