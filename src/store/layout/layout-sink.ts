import type { Context } from '../../core/context.ts';
import type { ImageSink, StagingSink } from '../../ports/store.ts';

export interface LayoutSinkOptions {
  /** `io.containerd.image.name` of the sink's own name; absent: derived from the name when that is a reference. */
  readonly imageName?: string;
}

export function openLayoutSink(
  directory: string,
  name: string,
  ctx: Context,
  options: LayoutSinkOptions = {},
): Promise<ImageSink & StagingSink> {
  throw new Error(`not yet ${directory} ${name} ${ctx.tmp} ${String(options.imageName)}`);
}
