import { compareBytes } from '../../oci/go-json.ts';
import type { BuildpackRecord, LayerRecord, LifecycleMetadata } from '../layer-metadata.ts';
import { orNone, struct, type TomlDocument } from './toml-write.ts';

/** `[metadata]` of analyzed.toml (contract §5.5). */
export function lifecycleMetadataDocument(metadata: LifecycleMetadata): TomlDocument {
  const { runImage, stack } = metadata;
  return struct([
    ['app', orNone(metadata.app.map(shaDocument))],
    ['sbom', metadata.sbom === undefined ? undefined : shaDocument(metadata.sbom)],
    ['buildpacks', orNone(metadata.buildpacks.map(buildpackDocument))],
    ['config', shaDocument(metadata.config)],
    ['launcher', shaDocument(metadata.launcher)],
    ['process-types', shaDocument(metadata.processTypes)],
    [
      'run-image',
      struct([
        ['top-layer', runImage.topLayer],
        ['reference', runImage.reference],
        ['image', runImage.image],
        ['mirrors', runImage.mirrors],
      ]),
    ],
    [
      'stack',
      stack === undefined
        ? undefined
        : struct([
            [
              'run-image',
              struct([
                ['image', stack.image],
                ['mirrors', stack.mirrors],
              ]),
            ],
          ]),
    ],
  ]);
}

function buildpackDocument(buildpack: BuildpackRecord): TomlDocument {
  return struct([
    ['key', buildpack.key],
    ['version', buildpack.version],
    ['layers', layersDocument(buildpack.layers)],
    ['store', buildpack.store === undefined ? undefined : struct([['metadata', buildpack.store]])],
  ]);
}

function layersDocument(layers: Readonly<Record<string, LayerRecord>>): TomlDocument {
  return struct(
    Object.entries(layers)
      .sort(([a], [b]) => compareBytes(a, b))
      .map(([name, layer]) => [name, layerDocument(layer)]),
  );
}

function layerDocument(layer: LayerRecord): TomlDocument {
  return struct([
    ['sha', layer.sha],
    ['build', layer.build],
    ['launch', layer.launch],
    ['cache', layer.cache],
    ['metadata', layer.data],
  ]);
}

function shaDocument(sha: string): TomlDocument {
  return struct([['sha', sha]]);
}
