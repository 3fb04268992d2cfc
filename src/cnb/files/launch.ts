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
 * launch.toml (contract §5.14). From Buildpack API 0.9 on commands are lists and every process is direct; before, a command is one
 * string and a shell starts it unless `direct` is set. Throws `FILE_INVALID` or `BUILDPACK_INVALID`, exit 52.
 */
export function decodeLaunch(
  bytes: Uint8Array | string,
  file: string,
  features: BuildpackFeatures,
  buildpackId: string,
): LaunchFile {
  return decodeFile(bytes, file, (reader) => ({
    processes: reader.list('processes', (entry) => {
      const read = features.hasShellProcesses ? readStringCommand : readListCommand;
      return readProcess(entry, read(entry, file), buildpackId);
    }),
    labels: reader.list('labels', ({ fields }) => ({
      key: fields.optionalString('key') ?? '',
      value: fields.optionalString('value') ?? '',
    })),
    slices: reader.list('slices', ({ fields }) => ({ paths: fields.strings('paths') })),
    bom: readBom(reader),
  }));
}

type Command = Pick<LaunchProcess, 'command' | 'direct'>;

function readStringCommand({ fields }: TomlReader): Command {
  return { command: [fields.optionalString('command') ?? ''], direct: fields.boolean('direct') };
}

function readListCommand({ fields }: TomlReader, file: string): Command {
  if (fields.has('direct')) {
    throw new SlipwayError('BUILDPACK_INVALID', 'process.direct is not supported on this buildpack version', {
      exit: 52,
      details: { file },
      hint: 'remove "direct" from launch.toml: from Buildpack API 0.9 on every process is direct',
    });
  }
  return { command: fields.strings('command'), direct: true };
}

function readProcess({ fields }: TomlReader, command: Command, buildpackId: string): LaunchProcess {
  const args = fields.optionalStrings('args');
  const workingDir = fields.optionalString('working-dir') ?? '';
  const execEnv = fields.optionalStrings('exec-env');
  return {
    type: fields.optionalString('type') ?? '',
    command: command.command,
    ...(args === undefined ? {} : { args }),
    direct: command.direct,
    isDefault: fields.boolean('default'),
    buildpackId,
    ...(workingDir === '' ? {} : { workingDir }),
    ...(execEnv === undefined ? {} : { execEnv }),
  };
}
