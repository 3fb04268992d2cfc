import type { Context } from '../../core/context.ts';
import { messageOf } from '../../core/errors.ts';
import { displayLocation } from '../../oci/location.ts';
import { putImage, type AssembledImage } from '../../store/copy.ts';
import type { ExportSink, OutputResult } from '../export.ts';

/**
 * Fills every sink in parallel, then commits them in their order (design §1.2). One that fails leaves the others: its error is in
 * its result. Throws only when the build was stopped.
 */
export async function writeOutputs(
  image: AssembledImage,
  sinks: readonly ExportSink[],
  ctx: Context,
): Promise<readonly OutputResult[]> {
  const filled = await Promise.allSettled(
    sinks.map(({ sink, names }) => putImage(image, sink, ctx, { names: names.length === 0 ? [undefined] : names })),
  );
  ctx.signal.throwIfAborted();
  const results: OutputResult[] = [];
  for (const [index, output] of sinks.entries()) {
    const fill = filled[index];
    results.push(fill?.status === 'rejected' ? failed(image, output, fill.reason) : await commit(image, output, ctx));
    ctx.signal.throwIfAborted();
  }
  return results;
}

/** The names of an output as the user wrote them. */
export function shownNames(output: ExportSink): readonly string[] {
  return output.shown === undefined || output.shown.length === 0 ? [displayLocation(output.location)] : output.shown;
}

async function commit(image: AssembledImage, output: ExportSink, ctx: Context): Promise<OutputResult> {
  try {
    return { ...resultOf(image, output), ...(await output.sink.commit(ctx)) };
  } catch (error) {
    return failed(image, output, error);
  }
}

function failed(image: AssembledImage, output: ExportSink, cause: unknown): OutputResult {
  return { ...resultOf(image, output), error: messageOf(cause), cause };
}

function resultOf(image: AssembledImage, output: ExportSink): OutputResult {
  const { mediaType, digest, size } = image.manifest.descriptor;
  return { location: output.location, digest, manifestSize: size, mediaType, names: shownNames(output) };
}
