import { SlipwayError } from '../../core/errors.ts';
import type { Context } from '../../core/context.ts';
import type { Locator } from '../../locate/locator.ts';
import { parseLocation } from '../../oci/location.ts';
import { openRootfs } from '../../rootfs/open-rootfs.ts';
import { readBuilderFile } from './builder.ts';
import { imageStore } from './image-store.ts';
import type { BuildOptions } from './options.ts';

const LAUNCHER = '/cnb/lifecycle/launcher';

/** A lifecycle image: of its programs only the launcher is used, in the place of the builder's. */
export interface LifecycleImage extends AsyncDisposable {
  readonly readFile: (path: string) => Promise<Uint8Array | undefined>;
}

/** Undefined when none was named. Throws `IMAGE_INVALID` for an image without a launcher, and what finding and unpacking it throw. */
export async function openLifecycleImage(
  { lifecycleImage, target, machine }: BuildOptions,
  locator: Locator,
  ctx: Context,
): Promise<LifecycleImage | undefined> {
  if (lifecycleImage === undefined) return undefined;
  const image = await locator.find(parseLocation(lifecycleImage), 'image', ctx, target === undefined ? {} : { target });
  const rootfs = await openRootfs(image, await imageStore(machine, ctx), ctx);
  const launcher = await readBuilderFile(rootfs.path, LAUNCHER);
  if (launcher === undefined) {
    await rootfs.release();
    throw new SlipwayError('IMAGE_INVALID', `${lifecycleImage} is no lifecycle image: it has no ${LAUNCHER}`);
  }
  ctx.emit({
    type: 'notice',
    subject: `--lifecycle-image ${lifecycleImage}`,
    message: 'its launcher is put into the image; the phases are this program’s own',
  });
  return {
    readFile: (path) => Promise.resolve(path === LAUNCHER ? launcher : undefined),
    [Symbol.asyncDispose]: () => rootfs.release(),
  };
}

/** One of them says which launcher it is. Throws `ARGUMENT_INVALID` (exit 3). */
export function checkLifecycleImage({ lifecycleImage, launcher = 'auto' }: BuildOptions): void {
  if (lifecycleImage === undefined || launcher === 'auto' || launcher === 'builder') return;
  throw new SlipwayError('ARGUMENT_INVALID', `--launcher ${launcher} and --lifecycle-image both name the launcher`, {
    exit: 3,
    hint: 'leave one of them out',
  });
}
