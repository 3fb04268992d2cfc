import type { GroupElement, ModuleKind } from '../module.ts';
import { decodeFile, type TomlReader } from './decode.ts';
import { encodeToml, orNone, struct, type TomlDocument } from './toml-write.ts';

/** group.toml (contract §5.3): buildpacks, then extensions (which are optional). */
export function decodeGroup(bytes: Uint8Array | string, file: string): readonly GroupElement[] {
  return decodeFile(bytes, file, (reader) => [
    ...reader.list('group', (element) => readElement(element, 'buildpack')),
    ...reader.list('group-extensions', (element) => readElement(element, 'extension')),
  ]);
}

export function encodeGroup(group: readonly GroupElement[]): string {
  return encodeToml(
    struct([
      ['group', elementsOf(group, 'buildpack')],
      ['group-extensions', elementsOf(group, 'extension')],
    ]),
  );
}

function readElement({ fields }: TomlReader, kind: ModuleKind): GroupElement {
  const homepage = fields.optionalString('homepage') ?? '';
  return {
    kind,
    id: fields.string('id'),
    version: fields.string('version'),
    api: fields.optionalString('api') ?? '',
    ...(homepage === '' ? {} : { homepage }),
    ...(kind === 'extension' ? { optional: true } : {}),
  };
}

function elementsOf(group: readonly GroupElement[], kind: ModuleKind): readonly TomlDocument[] | undefined {
  const elements = group.filter((element) => element.kind === kind);
  return orNone(elements.map(moduleDocument));
}

/** `id version api homepage`, as group.toml and metadata.toml write a module. */
export function moduleDocument(module: Omit<GroupElement, 'kind'>): TomlDocument {
  return struct([
    ['id', module.id],
    ['version', module.version],
    ['api', module.api],
    ['homepage', module.homepage === '' ? undefined : module.homepage],
  ]);
}
