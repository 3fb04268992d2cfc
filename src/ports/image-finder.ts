import type { Location } from '../oci/location.ts';
import type { Platform } from '../oci/platform.ts';
import type { Image } from './image.ts';
import type { Context } from '../core/context.ts';

export type ImageRole =
  'run image' | 'previous image' | 'build image' | 'cache image' | 'app image' | 'buildpackage' | 'image';

export interface FindOptions {
  /** Wanted platform; absent = linux/<host architecture> when there is a choice. */
  readonly target?: Platform;
  /** Accept an image without layers (default false: `IMAGE_NO_LAYERS`). */
  readonly allowEmpty?: boolean;
}

/**
 * How a phase reaches images without knowing stores: built over `locate` by the phase's caller (design §2.2).
 * `find` throws `IMAGE_NOT_FOUND` when the store answers and has no such image; anything else that prevents reading is another code.
 */
export interface ImageFinder {
  readonly find: (location: Location, role: ImageRole, ctx: Context, options?: FindOptions) => Promise<Image>;
  /** Throws with the reason when a manifest request is refused; absence is fine (contract §9.2). */
  readonly checkRead: (location: Location, ctx: Context) => Promise<void>;
  /** Throws with the reason when the location cannot be written to. */
  readonly checkWrite: (location: Location, ctx: Context) => Promise<void>;
  readonly sameRegistry: (a: Location, b: Location) => boolean;
}
