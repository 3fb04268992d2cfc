import type { BuildpackRecord, LayerRecord, LifecycleMetadata } from '../layer-metadata.ts';
import type { TomlReader } from './decode.ts';

/** What the same data is called in the label's JSON and in analyzed.toml. */
export interface MetadataNames {
  readonly data: string;
  readonly runImage: string;
  readonly topLayer: string;
}

export const JSON_NAMES: MetadataNames = { data: 'data', runImage: 'runImage', topLayer: 'topLayer' };
export const TOML_NAMES: MetadataNames = { data: 'metadata', runImage: 'run-image', topLayer: 'top-layer' };

/** The lifecycle metadata of a label (contract §6.1) or of analyzed.toml (§5.5). */
export function readLifecycleMetadata(reader: TomlReader, names: MetadataNames): LifecycleMetadata {
  const runImage = reader.nested(names.runImage).fields;
  const sbom = shaOf(reader, 'sbom');
  const stack = reader.nested('stack').nested(names.runImage).fields;
  return {
    app: reader.list('app', ({ fields }) => fields.optionalString('sha') ?? ''),
    ...(sbom === '' ? {} : { sbom }),
    buildpacks: readBuildpacks(reader, names),
    config: shaOf(reader, 'config'),
    launcher: shaOf(reader, 'launcher'),
    processTypes: shaOf(reader, 'process-types'),
    runImage: {
      topLayer: runImage.optionalString(names.topLayer) ?? '',
      reference: runImage.optionalString('reference') ?? '',
      ...imageAndMirrors(runImage),
    },
    ...(reader.fields.has('stack') ? { stack: imageAndMirrors(stack) } : {}),
  };
}

/** The `buildpacks` of the label, of analyzed.toml and of the cache metadata. */
export function readBuildpacks(reader: TomlReader, names: MetadataNames): readonly BuildpackRecord[] {
  return reader.list('buildpacks', (entry) => ({
    key: entry.fields.optionalString('key') ?? '',
    version: entry.fields.optionalString('version') ?? '',
    layers: Object.fromEntries(entry.entries('layers', (layer) => readLayer(layer, names))),
    ...(entry.fields.has('store') ? { store: entry.nested('store').table('metadata') ?? null } : {}),
  }));
}

/** `sha` of a table; '' when there is none. */
export function shaOf(reader: TomlReader, key: string): string {
  return reader.nested(key).fields.optionalString('sha') ?? '';
}

function readLayer(reader: TomlReader, names: MetadataNames): LayerRecord {
  const { fields } = reader;
  return {
    sha: fields.optionalString('sha') ?? '',
    data: reader.table(names.data) ?? null,
    build: fields.boolean('build'),
    launch: fields.boolean('launch'),
    cache: fields.boolean('cache'),
  };
}

function imageAndMirrors(fields: TomlReader['fields']): {
  readonly image?: string;
  readonly mirrors?: readonly string[];
} {
  const image = fields.optionalString('image') ?? '';
  const mirrors = fields.strings('mirrors');
  return { ...(image === '' ? {} : { image }), ...(mirrors.length === 0 ? {} : { mirrors }) };
}
