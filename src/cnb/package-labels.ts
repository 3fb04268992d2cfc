import { compareBytes, goJson, sortKeysDeep } from '../oci/go-json.ts';
import { isObject, ObjectReader, type JsonObject } from '../schema/reader.ts';
import type { ModuleListing } from './files/module-listing.ts';
import type { ModuleKind, Order } from './module.ts';

/** `io.buildpacks.buildpackage.metadata`, or the one of an extension's package. */
export function packageMetadataKey(kind: ModuleKind): string {
  return kind === 'buildpack' ? 'io.buildpacks.buildpackage.metadata' : 'io.buildpacks.extension.metadata';
}

/** `io.buildpacks.buildpack.layers`, `io.buildpacks.extension.layers`. */
export function moduleLayersKey(kind: ModuleKind): string {
  return `io.buildpacks.${kind}.layers`;
}

/** A module as the label of its layers tells it: the data beside its diffID are another tool's, kept as they are. */
export interface LabelledModule {
  readonly id: string;
  readonly version: string;
  /** Without `layerDiffID`. */
  readonly info: JsonObject;
  readonly diffId: string;
}

/** JSON of the metadata label: which module a package is for. */
export function packageMetadataLabel(listing: ModuleListing): string {
  return goJson({
    id: listing.id,
    name: text(listing.name),
    version: listing.version,
    description: text(listing.description),
    homepage: text(listing.homepage),
    keywords: list(listing.keywords),
    licenses: list(listing.licenses.map(({ type, uri }) => ({ type: text(type), uri: text(uri) }))),
    stacks: listing.stacks.map(stackJson),
    targets: list(listing.targets.map(targetJson)),
  });
}

/** Which module a metadata label is of; undefined when it is none. */
export function decodePackageMetadata(label: string): { readonly id: string; readonly version: string } | undefined {
  const value = parse(label);
  if (!isObject(value)) return undefined;
  const { id, version } = value;
  return typeof id === 'string' && typeof version === 'string' ? { id, version } : undefined;
}

/** What the label of layers says of a module, without its diffID. */
export function moduleInfo(listing: ModuleListing): JsonObject {
  return {
    api: listing.api,
    stacks: list(listing.stacks.map(stackJson)),
    targets: list(listing.targets.map(targetJson)),
    order: list(orderJson(listing.order)),
    homepage: text(listing.homepage),
    name: text(listing.name),
  };
}

/** JSON of the label of layers: id → version → info with `layerDiffID`; ids and versions in byte order. */
export function moduleLayersLabel(modules: readonly LabelledModule[]): string {
  const byId = new Map<string, Map<string, JsonObject>>();
  const sorted = [...modules].sort((a, b) => compareBytes(a.id, b.id) || compareBytes(a.version, b.version));
  for (const { id, version, info, diffId } of sorted) {
    const versions = byId.get(id) ?? new Map<string, JsonObject>();
    byId.set(id, versions.set(version, { ...info, layerDiffID: diffId }));
  }
  return goJson(byId);
}

/** The modules of a label of layers; undefined when it is not one. */
export function decodeModuleLayers(label: string): readonly LabelledModule[] | undefined {
  const value = parse(label);
  if (!isObject(value)) return undefined;
  const modules: LabelledModule[] = [];
  for (const [id, versions] of Object.entries(value)) {
    if (!isObject(versions)) return undefined;
    for (const [version, found] of Object.entries(versions)) {
      if (!isObject(found)) return undefined;
      const { layerDiffID: diffId, ...info } = found;
      if (typeof diffId !== 'string') return undefined;
      const sorted = sortKeysDeep(info);
      modules.push({ id, version, diffId, info: isObject(sorted) ? sorted : info });
    }
  }
  return modules;
}

/** The order that a label of layers has for a composite buildpack; empty for any other. */
export function orderOfInfo(info: JsonObject, kind: ModuleKind): Order {
  return decodeGroups(info['order'] ?? [], kind) ?? [];
}

/** An order of a builder's label; undefined when it is none. */
export function decodeOrderLabel(label: string, kind: ModuleKind): Order | undefined {
  return decodeGroups(parse(label) ?? [], kind);
}

function decodeGroups(value: unknown, kind: ModuleKind): Order | undefined {
  const reader = new ObjectReader({ order: value });
  const order = reader.list('order', (entry) =>
    entry.list('group', (element) => ({
      kind,
      id: element.string('id'),
      version: element.optionalString('version') ?? '',
      optional: element.boolean('optional'),
    })),
  );
  return reader.issues.length > 0 ? undefined : order;
}

/** Groups as the labels of builders and composite buildpacks hold them. */
export function orderJson(order: Order): readonly JsonObject[] {
  return order.map((group) => ({
    group: group.map(({ id, version, optional, kind }) => ({
      id,
      version: text(version),
      // Extensions always are.
      optional: optional && kind === 'buildpack' ? true : undefined,
    })),
  }));
}

function stackJson({ id, mixins }: ModuleListing['stacks'][number]): JsonObject {
  return { id, mixins: list(mixins) };
}

function targetJson({ os, arch, variant, distros }: ModuleListing['targets'][number]): JsonObject {
  return {
    os: text(os),
    arch: text(arch),
    variant: text(variant),
    distros: list(distros.map(({ name, version }) => ({ name: text(name), version: text(version) }))),
  };
}

function text(value: string): string | undefined {
  return value === '' ? undefined : value;
}

function list<T>(values: readonly T[]): readonly T[] | undefined {
  return values.length === 0 ? undefined : values;
}

function parse(textOfLabel: string): unknown {
  try {
    return JSON.parse(textOfLabel);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
