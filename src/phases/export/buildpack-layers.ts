import type { BuildpackRecord, LayerRecord, LifecycleMetadata } from '../../cnb/layer-metadata.ts';
import { moduleName } from '../../cnb/module.ts';
import { SlipwayError } from '../../core/errors.ts';
import type { Place } from '../../layer/place.ts';
import type { BuildpackDirectory, BuildpackLayer } from './buildpack-directories.ts';
import type { LayerRequest } from './layer-request.ts';

/** What earlier builds know of a buildpack's layers: the previous image's metadata, and the cache's. */
export interface KnownLayers {
  readonly previous: Pick<LifecycleMetadata, 'buildpacks'> | undefined;
  readonly cached: { readonly buildpacks: readonly BuildpackRecord[] } | undefined;
}

/** Requests for the launch layers of one buildpack (contract §13.2, §13.3). Throws `LAYER_WITHOUT_CONTENTS`. */
export function launchLayers(directory: BuildpackDirectory, place: Place, known: KnownLayers): readonly LayerRequest[] {
  const { buildpack } = directory;
  return directory.layers
    .filter((layer) => layer.file.types.launch)
    .map((layer) => ({
      id: layer.id,
      createdBy: `Layer: '${layer.name}', Created by buildpack: ${moduleName(buildpack)}`,
      from: originOf(layer, buildpack.id, place, known),
    }));
}

/** What the labels and the cache metadata say about a buildpack: its layers whose diffID is known, and its store. */
export function buildpackRecord(
  directory: BuildpackDirectory,
  shaOf: (layer: BuildpackLayer) => string | undefined,
): BuildpackRecord {
  const { buildpack, layers, store } = directory;
  const records = layers.flatMap((layer): [string, LayerRecord][] => {
    const sha = shaOf(layer);
    return sha === undefined ? [] : [[layer.name, { sha, data: layer.file.metadata ?? null, ...layer.file.types }]];
  });
  return {
    key: buildpack.id,
    version: buildpack.version,
    layers: Object.fromEntries(records),
    ...(store === undefined ? {} : { store }),
  };
}

/** The diffID that metadata has for a layer of a buildpack. */
export function shaIn(
  metadata: { readonly buildpacks: readonly BuildpackRecord[] } | undefined,
  buildpackId: string,
  layerName: string,
): string | undefined {
  const layers = metadata?.buildpacks.find((record) => record.key === buildpackId)?.layers ?? {};
  return Object.hasOwn(layers, layerName) ? layers[layerName]?.sha : undefined;
}

function originOf(layer: BuildpackLayer, buildpackId: string, place: Place, known: KnownLayers): LayerRequest['from'] {
  const previous = shaIn(known.previous, buildpackId, layer.name);
  if (layer.hasContents) {
    return {
      kind: 'make',
      source: { kind: 'dir', place, path: layer.path },
      previousShas: previous === undefined ? [] : [previous],
      cachedSha: shaIn(known.cached, buildpackId, layer.name),
    };
  }
  if (layer.file.types.cache)
    throw new SlipwayError('LAYER_WITHOUT_CONTENTS', `layer '${layer.id}' is cache=true but has no contents`);
  if (previous === undefined) {
    throw new SlipwayError(
      'LAYER_WITHOUT_CONTENTS',
      `cannot reuse '${layer.id}', previous image has no metadata for layer '${layer.id}'`,
    );
  }
  return { kind: 'reuse', sha: previous };
}
