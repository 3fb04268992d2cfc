import type { Context } from '../core/context.ts';
import type { Location } from '../oci/location.ts';
import type { FindOptions, ImageRole } from '../ports/image-finder.ts';
import type { Image } from '../ports/image.ts';
import type { ImageSource } from '../ports/store.ts';

export interface SelectOptions extends FindOptions {
  readonly role: ImageRole;
  readonly hostArchitecture: string;
}

export function selectImage(
  source: ImageSource,
  requested: Location,
  ctx: Context,
  options: SelectOptions,
): Promise<Image> {
  throw new Error(`not yet ${source.description} ${requested.kind} ${ctx.tmp} ${options.role}`);
}
