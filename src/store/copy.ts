import type { Context } from '../core/context.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import { isForeignLayer } from '../oci/media-types.ts';
import type { Blob } from '../ports/blob.ts';
import { canOpenAt, type ImageSink, type ImageSource } from '../ports/store.ts';
import { eachBounded } from './bounded.ts';
import { blaming, readingFrom, writingTo } from './blame.ts';
import { openImageFeed, type AssembledImage, type PutImageOptions } from './image-feed.ts';
import { putBlob } from './put-blob.ts';
import { walkImage, type WalkedImage } from './walk.ts';

export type { AssembledImage } from './image-feed.ts';

export interface CopyOptions {
  /** Name in the sink; absent = the sink's own. */
  readonly name?: string;
}

export interface CopyFrom {
  readonly source: ImageSource;
  readonly name: string | Digest | undefined;
}

/**
 * Copies what a name leads to: one manifest, or an index with all its children, whole and unchanged. Blobs first (has → mount →
 * stream), then manifests from the leaves up, then the name; the caller commits the sink. Returns what was copied.
 * Errors keep their code; their details say which side failed.
 */
export async function copyImage(
  from: CopyFrom,
  sink: ImageSink,
  ctx: Context,
  options: CopyOptions = {},
): Promise<Descriptor> {
  const { source } = from;
  const found = await blaming(readingFrom(source), ctx, () => walkImage(source, from.name, ctx));
  await copyWalked(found, source, { sink, ctx });
  sink.tag(options.name, found.top.descriptor);
  return found.top.descriptor;
}

/** Copies what was walked, without a name: blobs first, then manifests from the leaves up. Throws as `copyImage`. */
export async function copyWalked(
  found: WalkedImage,
  source: ImageSource,
  { sink, ctx }: { readonly sink: ImageSink; readonly ctx: Context },
): Promise<void> {
  const origins = source.origin === undefined ? [] : [source.origin];
  await eachBounded(found.blobs, ctx.limiter.limit, ctx, async (descriptor, inner) => {
    const isElsewhere = isForeignLayer(descriptor.mediaType) && !(await source.has(descriptor, inner));
    if (isElsewhere) return;
    await putBlob(blobIn(source, descriptor, inner), { sink, origins, from: readingFrom(source) }, inner);
  });
  await blaming(writingTo(sink), ctx, async () => {
    for (const manifest of found.manifests) await sink.putManifest(manifest, ctx);
  });
}

/**
 * Puts an image that was assembled here: layers in parallel (has → mount → stream from where each lies), then the config, the
 * manifest and the names; the caller commits the sink.
 */
export async function putImage(
  image: AssembledImage,
  sink: ImageSink,
  ctx: Context,
  options: PutImageOptions = {},
): Promise<void> {
  await openImageFeed(sink, ctx).finish(image, options);
}

/** A blob of a source; where the source can begin in the middle, the blob can. */
function blobIn(source: ImageSource, descriptor: Descriptor, ctx: Context): Blob {
  const until = (signal: AbortSignal | undefined): Context => (signal === undefined ? ctx : { ...ctx, signal });
  return {
    descriptor,
    open: (signal) => source.open(descriptor, until(signal)),
    ...(canOpenAt(source) ? { openAt: (offset, signal) => source.openAt(descriptor, offset, until(signal)) } : {}),
  };
}
