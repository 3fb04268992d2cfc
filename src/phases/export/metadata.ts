import type { LifecycleMetadata } from '../../cnb/layer-metadata.ts';
import { isScratch } from '../../image/plan.ts';
import { formatReference } from '../../oci/reference.ts';
import type { ExportInput } from '../export.ts';
import { buildpackRecord } from './buildpack-layers.ts';
import type { ImageContent } from './content.ts';
import { LAYER_IDS } from './lifecycle-layers.ts';

/** What the label `io.buildpacks.lifecycle.metadata` says of the image that was made (contract §6.1). */
export function lifecycleMetadata(input: ExportInput, content: ImageContent): LifecycleMetadata {
  const shas = new Map(content.made.map(({ request, layer }) => [request.id, layer.diffId]));
  const sbom = shas.get(LAYER_IDS.launchSbom);
  const { image, mirrors } = input.runImageMetadata;
  const names = {
    ...(image === undefined || image === '' ? {} : { image }),
    ...(mirrors === undefined || mirrors.length === 0 ? {} : { mirrors }),
  };
  return {
    app: content.made.filter(({ request }) => /^slice-\d+$/.test(request.id)).map(({ layer }) => layer.diffId),
    ...(sbom === undefined ? {} : { sbom }),
    buildpacks: content.directories.map((directory) =>
      buildpackRecord(directory, (layer) => (layer.file.types.launch ? shas.get(layer.id) : undefined)),
    ),
    config: shas.get(LAYER_IDS.config) ?? '',
    launcher: shas.get(LAYER_IDS.launcher) ?? '',
    processTypes: shas.get(LAYER_IDS.processTypes) ?? '',
    runImage: {
      topLayer: topLayer(input),
      reference: runImageReference(input),
      ...(input.features.hasTargets ? names : {}),
    },
    stack: names,
  };
}

/** Of the run image itself: a rebase takes the layers of extensions along. */
function topLayer({ runImage, extensionLayers = [] }: ExportInput): string {
  return isScratch(runImage) ? '' : (runImage.layers.at(-1 - extensionLayers.length)?.diffId ?? '');
}

/** `repo@digest`; a bare digest where the name would be a path of this machine (design §2.5). */
function runImageReference({ runImage, runImageReference: given }: ExportInput): string {
  if (given !== undefined) return given;
  if (isScratch(runImage)) return '';
  const { pinned, manifestDigest } = runImage;
  return pinned.kind === 'registry' ? formatReference(pinned.reference) : manifestDigest;
}
