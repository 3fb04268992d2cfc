import type { Context } from '../core/context.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import type { RawManifest } from '../oci/manifest.ts';
import type { Platform } from '../oci/platform.ts';
import type { Blob, Layer } from '../ports/blob.ts';
import type { ImageSink, ImageSource } from '../ports/store.ts';

export interface CopyOptions {
  /** Name in the sink; absent = the sink's own. */
  readonly name?: string;
}

export interface CopyFrom {
  readonly source: ImageSource;
  readonly name: string | Digest | undefined;
}

/** An image made here: base layers come from where they lie, the rest from local blobs. */
export interface AssembledImage {
  readonly layers: readonly Layer[];
  readonly config: Blob;
  readonly manifest: RawManifest;
  readonly platform: Platform;
}

export interface PutImageOptions {
  /** undefined = the sink's own name. Default `[undefined]`. */
  readonly names?: readonly (string | undefined)[];
}

export function copyImage(from: CopyFrom, sink: ImageSink, ctx: Context, options?: CopyOptions): Promise<Descriptor> {
  throw new Error(`not yet ${from.source.description} ${sink.description} ${ctx.tmp} ${String(options?.name)}`);
}

export function putImage(
  image: AssembledImage,
  sink: ImageSink,
  ctx: Context,
  options?: PutImageOptions,
): Promise<void> {
  throw new Error(`not yet ${image.manifest.descriptor.digest} ${sink.description} ${ctx.tmp} ${String(options)}`);
}
