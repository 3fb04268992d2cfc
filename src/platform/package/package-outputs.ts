import type { Context } from '../../core/context.ts';
import type { Locator } from '../../locate/locator.ts';
import { formatPlatform, type Platform } from '../../oci/platform.ts';
import type { BlobStaging } from '../../ports/store.ts';
import type { AssembledImage } from '../../store/copy.ts';
import { openSinks, type SinkRequest } from '../sinks.ts';
import { saveImages, type SavedImages, type SinkImages } from './save-images.ts';

export interface PackageOutputs extends AsyncDisposable {
  readonly staging: BlobStaging;
  /** The images of the platforms, in their order. */
  readonly save: (images: readonly AssembledImage[]) => Promise<SavedImages>;
}

/**
 * Opens what a package or builder is written to. Several platforms make an index; but a `.cnb` file holds one platform, so there each gets a file
 * of its own: `FILE-OS-ARCH.cnb` (as pack names them).
 */
export async function openPackageOutputs(
  outputs: readonly SinkRequest[],
  platforms: readonly Platform[],
  locator: Locator,
  ctx: Context,
): Promise<PackageOutputs> {
  const requests = outputs.flatMap((request): readonly PlacedRequest[] => {
    const files = platforms.length > 1 ? platforms.map((platform) => fileFor(request, platform)) : [];
    const split = files.flatMap((file, index) => (file === undefined ? [] : [{ request: file, only: index }]));
    return split.length > 0 ? split : [{ request, only: undefined }];
  });
  const opened = await openSinks(
    requests.map(({ request }) => request),
    locator,
    ctx,
  );
  const imagesFor = (position: number, images: readonly AssembledImage[]): readonly AssembledImage[] => {
    const only = requests[position]?.only;
    return only === undefined ? images : images.slice(only, only + 1);
  };
  return {
    staging: opened.staging,
    save: (images) => {
      const sinks = opened.sinks.map(({ sink }, position): SinkImages => {
        const shown = requests[position]?.request.shown ?? '';
        return { sink, shown, images: imagesFor(position, images) };
      });
      return saveImages(images, sinks, ctx);
    },
    [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose](),
  };
}

interface PlacedRequest {
  readonly request: SinkRequest;
  /** Which of the platforms; undefined: all. */
  readonly only: number | undefined;
}

/** Undefined for what is no `.cnb` file. */
function fileFor({ location, shown }: SinkRequest, platform: Platform): SinkRequest | undefined {
  if (location.kind !== 'oci-archive' || !location.file.endsWith('.cnb')) return undefined;
  const suffix = `-${formatPlatform(platform).replaceAll('/', '-')}.cnb`;
  const renamed = (text: string): string => text.replace(/\.cnb$/, suffix);
  return { location: { ...location, file: renamed(location.file) }, shown: renamed(shown) };
}
