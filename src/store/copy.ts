import type { Context } from '../core/context.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import type { RawManifest } from '../oci/manifest.ts';
import { isForeignLayer } from '../oci/media-types.ts';
import type { Platform } from '../oci/platform.ts';
import type { Blob, Layer, Origin } from '../ports/blob.ts';
import { canOpenAt, type ImageSink, type ImageSource } from '../ports/store.ts';
import { eachBounded } from './bounded.ts';
import { blaming, readingFrom, writingTo } from './blame.ts';
import { noteFailure } from '../oci/verify-stream.ts';
import { walkImage, type WalkedImage } from './walk.ts';

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
  const unique = [...new Map(image.layers.map((layer) => [layer.descriptor.digest, layer])).values()];
  await eachBounded(unique, ctx.limiter.limit, ctx, (layer, inner) =>
    putBlob(layer, { sink, origins: layer.origins, from: layerSide(layer) }, inner),
  );
  // Layers go before the config, the config before the manifest: a registry may reject dangling references.
  await putBlob(image.config, { sink, origins: [], from: {} }, ctx);
  await blaming(writingTo(sink), ctx, () => sink.putManifest(image.manifest, ctx));
  for (const name of options.names ?? [undefined])
    sink.tag(name, { ...image.manifest.descriptor, platform: image.platform });
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

interface PutTarget {
  readonly sink: ImageSink;
  readonly origins: readonly Origin[];
  /** Added to errors of the reading side. */
  readonly from: Readonly<Record<string, string>>;
}

async function putBlob(blob: Blob, target: PutTarget, ctx: Context): Promise<void> {
  const { sink, origins } = target;
  let readFailure: { readonly error: unknown } | undefined;
  const note = (error: unknown): void => {
    readFailure = { error };
  };
  const { openAt } = blob;
  const watched: Blob = {
    descriptor: blob.descriptor,
    open: (signal) => noteFailure(blob.open(signal), note),
    ...(openAt === undefined ? {} : { openAt: (offset, signal) => noteFailure(openAt(offset, signal), note) }),
  };
  const put = async (): Promise<void> => {
    await sink.put(watched, ctx, { origins });
  };
  await blaming(() => (readFailure === undefined ? writingTo(sink) : target.from), ctx, put);
}

function layerSide(layer: Layer): Readonly<Record<string, string>> {
  const [origin] = layer.origins;
  const subject = `layer ${layer.descriptor.digest}`;
  return { reading: origin === undefined ? subject : `${subject} from ${origin.registry}/${origin.repository}` };
}
