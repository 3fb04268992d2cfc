import { goJson } from '../../oci/go-json.ts';
import { bomDocument, readOwnedBom } from '../bom.ts';
import type { PlatformFeatures } from '../features.ts';
import { withStringCommand, type BuildMetadata, type LaunchProcess } from '../process.ts';
import { decodeFile, type TomlReader } from './decode.ts';
import { moduleDocument } from './group.ts';
import { encodeToml, orNone, struct, TomlRaw, type TomlDocument } from './toml-write.ts';

/** `<layers>/config/metadata.toml` (contract §5.18): a command is a list, or one string as Platform API < 0.10 has it. */
export function decodeMetadata(bytes: Uint8Array | string, file: string): BuildMetadata {
  return decodeFile(bytes, file, (reader) => {
    const defaultProcessType = reader.fields.optionalString('buildpack-default-process-type') ?? '';
    const bom = readOwnedBom(reader);
    return {
      ...(bom.length === 0 ? {} : { bom }),
      ...(defaultProcessType === '' ? {} : { defaultProcessType }),
      buildpacks: reader.list('buildpacks', readModule),
      extensions: reader.list('extensions', readModule),
      labels: reader.list('labels', ({ fields }) => ({
        key: fields.optionalString('key') ?? '',
        value: fields.optionalString('value') ?? '',
      })),
      processes: reader.list('processes', readProcess),
      slices: reader.list('slices', ({ fields }) => ({ paths: fields.strings('paths') })),
    };
  });
}

/** Byte-exact (contract §12.7): these bytes are in the config layer's diffID. */
export function encodeMetadata(metadata: BuildMetadata, features: PlatformFeatures): string {
  const { defaultProcessType = '', bom = [] } = metadata;
  const processDocument = features.hasStringCommands ? stringProcess : listProcess;
  return encodeToml(
    struct([
      ['bom', features.hasBomTables ? orNone(bomDocument(bom)) : undefined],
      ['buildpacks', orNone(metadata.buildpacks.map(moduleDocument))],
      ['extensions', orNone(metadata.extensions.map(moduleDocument))],
      ['labels', orNone(metadata.labels.map(({ key, value }) => struct(Object.entries({ key, value }))))],
      ['processes', metadata.processes.map(processDocument)],
      ['slices', orNone(metadata.slices.map(({ paths }) => struct([['paths', paths]])))],
      ['buildpack-default-process-type', defaultProcessType === '' ? undefined : defaultProcessType],
    ]),
  );
}

function readModule({ fields }: TomlReader): BuildMetadata['buildpacks'][number] {
  const homepage = fields.optionalString('homepage') ?? '';
  return {
    id: fields.string('id'),
    version: fields.string('version'),
    api: fields.optionalString('api') ?? '',
    ...(homepage === '' ? {} : { homepage }),
  };
}

function readProcess({ fields }: TomlReader): LaunchProcess {
  const args = fields.optionalStrings('args');
  const workingDir = fields.optionalString('working-dir') ?? '';
  const execEnv = fields.optionalStrings('exec-env');
  return {
    type: fields.optionalString('type') ?? '',
    command: readCommand(fields),
    ...(args === undefined ? {} : { args }),
    direct: fields.boolean('direct'),
    isDefault: false,
    buildpackId: fields.optionalString('buildpack-id') ?? '',
    ...(workingDir === '' ? {} : { workingDir }),
    ...(execEnv === undefined ? {} : { execEnv }),
  };
}

function readCommand(fields: TomlReader['fields']): readonly string[] {
  if (typeof fields.raw('command') !== 'string') return fields.strings('command');
  return [fields.optionalString('command') ?? ''].filter((word) => word !== '');
}

// Go writes the words of a command through its JSON encoder (contract §5.20).
function listProcess(process: LaunchProcess): TomlDocument {
  return processDocument(process, new TomlRaw(`[${process.command.map((word) => goJson(word)).join(', ')}]`));
}

function stringProcess(process: LaunchProcess): TomlDocument {
  const whole = withStringCommand(process);
  return processDocument(whole, new TomlRaw(goJson(whole.command[0] ?? '')));
}

function processDocument(process: LaunchProcess, command: TomlRaw): TomlDocument {
  return struct([
    ['type', process.type],
    ['command', command],
    ['args', process.args],
    ['direct', process.direct],
    ['buildpack-id', process.buildpackId],
    ['working-dir', process.workingDir === '' ? undefined : process.workingDir],
    ['exec-env', process.execEnv === undefined || process.execEnv.length === 0 ? undefined : process.execEnv],
  ]);
}
