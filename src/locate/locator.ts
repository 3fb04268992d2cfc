import type { Context } from '../core/context.ts';
import type { Location } from '../oci/location.ts';
import type { Reference } from '../oci/reference.ts';
import type { ImageFinder } from '../ports/image-finder.ts';
import type { ImageSink, ImageSource } from '../ports/store.ts';
import type { RegistryOptions } from '../registry/options.ts';

export interface LocatorOptions {
  readonly registry: RegistryOptions;
  /** Go's name of this machine's architecture: `amd64`. */
  readonly hostArchitecture: string;
  /** `-layout-dir`: registry references mean directories below it (contract §15.3). */
  readonly layoutDir?: string;
}

export interface SinkOptions {
  /** Name inside archives and layouts when the location has no REF. */
  readonly imageName?: Reference;
}

/** Locations to stores: what phases' callers build their `ImageFinder` and sinks from. Dispose closes what it opened. */
export interface Locator extends ImageFinder, AsyncDisposable {
  readonly openSource: (location: Location, ctx: Context) => Promise<ImageSource>;
  readonly openSink: (location: Location, ctx: Context, options?: SinkOptions) => Promise<ImageSink>;
}

export function createLocator(options: LocatorOptions): Locator {
  throw new Error(`not yet ${options.hostArchitecture}`);
}
