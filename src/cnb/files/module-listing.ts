import type { ModuleKind, Order } from '../module.ts';
import { decodeFile } from './decode.ts';
import { readOrder } from './order.ts';

/** What buildpack.toml or extension.toml says for others to read: the data of package and builder labels (distribution spec). */
export interface ModuleListing {
  readonly kind: ModuleKind;
  readonly api: string;
  readonly id: string;
  readonly version: string;
  readonly name: string;
  readonly homepage: string;
  readonly description: string;
  readonly keywords: readonly string[];
  readonly licenses: readonly { readonly type: string; readonly uri: string }[];
  readonly stacks: readonly { readonly id: string; readonly mixins: readonly string[] }[];
  readonly targets: readonly ListedTarget[];
  /** Not empty for a composite buildpack. */
  readonly order: Order;
}

/** A `[[targets]]` entry as written; empty text = any. */
interface ListedTarget {
  readonly os: string;
  readonly arch: string;
  readonly variant: string;
  readonly distros: readonly { readonly name: string; readonly version: string }[];
}

/** Throws `FILE_INVALID` for wrong types, and for a module without id or version. */
export function decodeModuleListing(bytes: Uint8Array | string, file: string, kind: ModuleKind): ModuleListing {
  return decodeFile(bytes, file, (reader) => {
    const { fields } = reader.nested(kind);
    const base = reader.nested(kind);
    return {
      kind,
      api: reader.fields.string('api'),
      id: fields.string('id'),
      version: fields.string('version'),
      name: fields.optionalString('name') ?? '',
      homepage: fields.optionalString('homepage') ?? '',
      description: fields.optionalString('description') ?? '',
      keywords: fields.strings('keywords'),
      licenses: base.list('licenses', (license) => ({
        type: license.fields.optionalString('type') ?? '',
        uri: license.fields.optionalString('uri') ?? '',
      })),
      stacks: reader.list('stacks', (stack) => ({
        id: stack.fields.string('id'),
        mixins: stack.fields.strings('mixins'),
      })),
      targets: reader.list('targets', (target) => ({
        os: target.fields.optionalString('os') ?? '',
        arch: target.fields.optionalString('arch') ?? '',
        variant: target.fields.optionalString('variant') ?? target.fields.optionalString('arch-variant') ?? '',
        distros: target.list('distros', (distro) => ({
          name: distro.fields.optionalString('name') ?? '',
          version: distro.fields.optionalString('version') ?? '',
        })),
      })),
      order: kind === 'buildpack' ? readOrder(reader, 'order', 'buildpack') : [],
    };
  });
}
