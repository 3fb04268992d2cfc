import { goJson } from '../../oci/go-json.ts';
import type { BuildMetadata, LaunchProcess } from '../process.ts';
import { decodeFile, type TomlReader } from './decode.ts';
import { moduleDocument } from './group.ts';
import { encodeToml, orNone, struct, TomlRaw, type TomlDocument } from './toml-write.ts';

/** `<layers>/config/metadata.toml` (contract §5.18). */
export function decodeMetadata(bytes: Uint8Array | string, file: string): BuildMetadata {
  return decodeFile(bytes, file, (reader) => {
    const defaultProcessType = reader.fields.optionalString('buildpack-default-process-type') ?? '';
    return {
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

/** Byte-exact (contract §12.7, Platform API 0.10 and later): these bytes are in the config layer's diffID. */
export function encodeMetadata(metadata: BuildMetadata): string {
  const { defaultProcessType = '' } = metadata;
  return encodeToml(
    struct([
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
    command: fields.strings('command'),
    ...(args === undefined ? {} : { args }),
    direct: fields.boolean('direct'),
    isDefault: false,
    buildpackId: fields.optionalString('buildpack-id') ?? '',
    ...(workingDir === '' ? {} : { workingDir }),
    ...(execEnv === undefined ? {} : { execEnv }),
  };
}

function processDocument(process: LaunchProcess): TomlDocument {
  return struct([
    ['type', process.type],
    // Go writes these words through its JSON encoder (contract §5.20).
    ['command', new TomlRaw(`[${process.command.map((word) => goJson(word)).join(', ')}]`)],
    ['args', process.args],
    ['direct', process.direct],
    ['buildpack-id', process.buildpackId],
    ['working-dir', process.workingDir === '' ? undefined : process.workingDir],
    ['exec-env', process.execEnv === undefined || process.execEnv.length === 0 ? undefined : process.execEnv],
  ]);
}
