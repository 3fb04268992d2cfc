import type { ModuleDescriptor, ModuleKind, Target } from '../module.ts';
import { inferTargets } from '../targets.ts';
import { decodeFile, type TomlReader } from './decode.ts';
import { readExecEnv } from './exec-env.ts';
import { readOrder } from './order.ts';

/** What the disk says about a module. */
export interface ModuleFacts {
  /** Absolute directory. */
  readonly root: string;
  readonly hasBuild: boolean;
  readonly hasDetect: boolean;
  readonly hasGenerate: boolean;
}

/** buildpack.toml or extension.toml (contract §5.10, §5.11), targets inferred (§7.6). Throws `FILE_INVALID`. */
export function decodeModule(
  bytes: Uint8Array | string,
  file: string,
  kind: ModuleKind,
  facts: ModuleFacts,
): ModuleDescriptor {
  return decodeFile(bytes, file, (reader) => {
    const api = reader.fields.optionalString('api') ?? '';
    const base = reader.nested(kind);
    const declared = reader.list('targets', readTarget);
    const stacks = reader.list('stacks', ({ fields }) => fields.optionalString('id') ?? '');
    return {
      kind,
      api,
      id: base.fields.string('id'),
      version: base.fields.string('version'),
      name: base.fields.optionalString('name') ?? '',
      homepage: base.fields.optionalString('homepage') ?? '',
      clearEnv: base.fields.boolean('clear-env'),
      sbomFormats: base.fields.strings('sbom-formats').map(withoutParameters),
      execEnv: readExecEnv(base),
      targets: declared.length > 0 ? declared : inferTargets({ kind, api, stacks, ...facts }),
      order: kind === 'buildpack' ? readOrder(reader, 'order', 'buildpack') : [],
      ...facts,
    };
  });
}

function readTarget(reader: TomlReader): Target {
  const { fields } = reader;
  return {
    os: fields.optionalString('os') ?? '',
    arch: fields.optionalString('arch') ?? '',
    archVariant: fields.optionalString('arch-variant') ?? fields.optionalString('variant') ?? '',
    distros: reader.list('distros', (distro) => ({
      name: distro.fields.optionalString('name') ?? '',
      version: distro.fields.optionalString('version') ?? '',
    })),
  };
}

function withoutParameters(mediaType: string): string {
  return (mediaType.split(';')[0] ?? '').trim();
}
