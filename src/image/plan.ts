import type { Label } from '../cnb/process.ts';
import type { MediaFamily } from '../oci/media-types.ts';
import type { Platform } from '../oci/platform.ts';
import type { Layer } from '../ports/blob.ts';
import type { Image } from '../ports/image.ts';

/** A base without layers (`-run-image scratch`): only its platform is known. */
export interface ScratchBase {
  readonly kind: 'scratch';
  readonly platform: Platform;
  readonly family: MediaFamily;
}

/** What an app image stands on: an image that was resolved, or nothing but a platform. Both have a `platform`. */
export type BaseImage = Image | ScratchBase;

export function isScratch(base: BaseImage): base is ScratchBase {
  return 'kind' in base;
}

export type ImageBase = { readonly kind: 'image'; readonly image: Image } | ScratchBase;

export interface PlannedLayer {
  readonly layer: Layer;
  /** The history's `created_by`. */
  readonly createdBy: string;
}

/** An image as plain data: a base and the edits (design §4). `assemble` turns it into bytes. */
export interface ImagePlan {
  readonly base: ImageBase;
  /** On top of the base's layers, bottom first. */
  readonly layers: readonly PlannedLayer[];
  /** Variables to set: an existing one keeps its position, a new one is appended in this order. */
  readonly env: readonly (readonly [name: string, value: string])[];
  /** Directories put before the base's `PATH`, first one first. Empty: `PATH` stays as it is. */
  readonly prependPath: readonly string[];
  readonly workingDir: string;
  readonly entrypoint: readonly string[];
  /** Undefined removes the base's. */
  readonly cmd: readonly string[] | undefined;
  /** Set over the base's labels; a later one wins. */
  readonly labels: readonly Label[];
  /** `blank`: entries hold nothing but the date, those of the base too. Default `kept`. */
  readonly history?: 'kept' | 'blank';
  /** RFC 3339 in UTC, without fractions: the image's and every history entry's. */
  readonly created: string;
}
