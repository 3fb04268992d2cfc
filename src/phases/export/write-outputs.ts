import type { Context } from '../../core/context.ts';
import { messageOf } from '../../core/errors.ts';
import { displayLocation } from '../../oci/location.ts';
import type { RawManifest } from '../../oci/manifest.ts';
import type { ImageSink } from '../../ports/store.ts';
import { putImage } from '../../store/copy.ts';
import type { AssembledImage, ImageFeed } from '../../store/image-feed.ts';
import type { ExportSink, OutputResult } from '../export.ts';

/** What goes to an output: one manifest or index, and how a sink gets it with all that it lists. */
export interface OutputContent {
  readonly manifest: RawManifest;
  /** Puts everything and names it; the sink is not committed. */
  readonly put: (sink: ImageSink, names: readonly (string | undefined)[], ctx: Context) => Promise<void>;
}

/** An output with what goes there. */
export interface FilledOutput {
  readonly output: ExportSink;
  readonly content: OutputContent;
}

/** One image as content. */
export function imageContent(image: AssembledImage): OutputContent {
  return { manifest: image.manifest, put: (sink, names, ctx) => putImage(image, sink, ctx, { names }) };
}

/** One image of which the feed of the very sink has layers already. */
export function fedContent(image: AssembledImage, feed: ImageFeed): OutputContent {
  return { manifest: image.manifest, put: (_sink, names) => feed.finish(image, { names }) };
}

/**
 * Fills every sink in parallel, then commits them in their order (design §1.2). One that fails leaves the others: its error is in
 * its result. Throws only when the build was stopped.
 */
export async function writeContent(outputs: readonly FilledOutput[], ctx: Context): Promise<readonly OutputResult[]> {
  const filled = await Promise.allSettled(
    outputs.map(({ output: { sink, names }, content }) =>
      content.put(sink, names.length === 0 ? [undefined] : names, ctx),
    ),
  );
  ctx.signal.throwIfAborted();
  const results: OutputResult[] = [];
  for (const [index, { output, content }] of outputs.entries()) {
    const fill = filled[index];
    results.push(
      fill?.status === 'rejected' ? failed(content, output, fill.reason) : await commit(content, output, ctx),
    );
    ctx.signal.throwIfAborted();
  }
  return results;
}

/** The names of an output as the user wrote them. */
export function shownNames(output: ExportSink): readonly string[] {
  return output.shown === undefined || output.shown.length === 0 ? [displayLocation(output.location)] : output.shown;
}

async function commit(content: OutputContent, output: ExportSink, ctx: Context): Promise<OutputResult> {
  try {
    return { ...resultOf(content, output), ...(await output.sink.commit(ctx)) };
  } catch (error) {
    return failed(content, output, error);
  }
}

function failed(content: OutputContent, output: ExportSink, cause: unknown): OutputResult {
  return { ...resultOf(content, output), error: messageOf(cause), cause };
}

function resultOf(content: OutputContent, output: ExportSink): OutputResult {
  const { mediaType, digest, size } = content.manifest.descriptor;
  return { location: output.location, digest, manifestSize: size, mediaType, names: shownNames(output) };
}
