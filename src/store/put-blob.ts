import type { Context } from '../core/context.ts';
import { noteFailure } from '../oci/verify-stream.ts';
import type { Blob, Layer, Origin } from '../ports/blob.ts';
import type { ImageSink } from '../ports/store.ts';
import { blaming, writingTo } from './blame.ts';

interface PutTarget {
  readonly sink: ImageSink;
  readonly origins: readonly Origin[];
  /** Added to errors of the reading side. */
  readonly from: Readonly<Record<string, string>>;
}

/** Puts one blob (has → mount → stream). What is thrown says in its details whether reading or writing failed. */
export async function putBlob(blob: Blob, { sink, origins, from }: PutTarget, ctx: Context): Promise<void> {
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
  await blaming(() => (readFailure === undefined ? writingTo(sink) : from), ctx, put);
}

/** Puts a layer of an image that was assembled here, from where it lies. */
export function putLayer(layer: Layer, sink: ImageSink, ctx: Context): Promise<void> {
  const [origin] = layer.origins;
  const subject = `layer ${layer.descriptor.digest}`;
  const reading = origin === undefined ? subject : `${subject} from ${origin.registry}/${origin.repository}`;
  return putBlob(layer, { sink, origins: layer.origins, from: { reading } }, ctx);
}
