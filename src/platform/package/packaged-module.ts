import type { ModuleKind } from '../../cnb/module.ts';
import type { JsonObject } from '../../schema/reader.ts';
import type { Layer } from '../../ports/blob.ts';

/** A buildpack or extension ready to be put into an image: the layer that holds it, perhaps with others, and what the labels say of it. */
export interface PackagedModule {
  readonly kind: ModuleKind;
  readonly id: string;
  readonly version: string;
  readonly layer: Layer;
  /** For the label of layers, without `layerDiffID`. */
  readonly info: JsonObject;
  /** The directory that the layer was made of. */
  readonly directory?: string;
}
