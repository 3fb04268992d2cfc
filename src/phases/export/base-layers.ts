import type { LayerStatus } from '../../core/events.ts';
import { isScratch } from '../../image/plan.ts';
import type { Layer } from '../../ports/blob.ts';
import type { ExportInput } from '../export.ts';

export interface BaseLayer {
  /** `base`, or what an extension's layer is called. */
  readonly id: string;
  readonly layer: Layer;
  readonly status: LayerStatus;
}

/** The layers that the image stands on, bottom first: the run image's own, then those of extensions. */
export function layersOfBase({ runImage, extensionLayers = [] }: ExportInput): readonly BaseLayer[] {
  const layers = isScratch(runImage) ? [] : runImage.layers;
  const own = layers.length - extensionLayers.length;
  return layers.map((layer, at) => ({ layer, ...(extensionLayers[at - own] ?? { id: 'base', status: 'referenced' }) }));
}
