import type { Context } from '../../core/context.ts';
import { messageOf } from '../../core/errors.ts';
import { displayLocation } from '../../oci/location.ts';
import type { RawManifest } from '../../oci/manifest.ts';
import type { ImageSink } from '../../ports/store.ts';
import { putImage, type AssembledImage } from '../../store/copy.ts';
import type { ExportSink, OutputResult } from '../export.ts';

/** What goes to every output: one manifest or index, and how a sink gets it with all that it lists. */
export interface OutputContent {
  readonly manifest: RawManifest;
  /** Puts everything and names it; the sink is not committed. */
  readonly put: (sink: ImageSink, names: readonly (string | undefined)[], ctx: Context) => Promise<void>;
}

/** One image as content. */
export function imageContent(image: AssembledImage): OutputContent {
  return { manifest: image.manifest, put: (sink, names, ctx) => putImage(image, sink, ctx, { names }) };
}

/**
 * Fills every sink in parallel, then commits them in their order (design §1.2). One that fails leaves the others: its error is in
 * its result. Throws only when the build was stopped.
 */
export async function writeContent(
  content: OutputContent,
  sinks: readonly ExportSink[],
  ctx: Context,
): Promise<readonly OutputResult[]> {
  const filled = await Promise.allSettled(
    sinks.map(({ sink, names }) => content.put(sink, names.length === 0 ? [undefined] : names, ctx)),
  );
  ctx.signal.throwIfAborted();
  const results: OutputResult[] = [];
  for (const [index, output] of sinks.entries()) {
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
