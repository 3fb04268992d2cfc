import type { Context } from '../../core/context.ts';
import { retold, SlipwayError } from '../../core/errors.ts';
import { displayLocation, type Location } from '../../oci/location.ts';
import type { ImageFinder } from '../../ports/image-finder.ts';

/** Checks that every output can be written to, before any work (contract §9.2). Throws the first refusal in order, exit 32. */
export async function checkOutputs(outputs: readonly Location[], images: ImageFinder, ctx: Context): Promise<void> {
  const checks = await Promise.allSettled(outputs.map((output) => checkOutput(output, images, ctx)));
  for (const check of checks) if (check.status === 'rejected') throw check.reason;
}

async function checkOutput(output: Location, images: ImageFinder, ctx: Context): Promise<void> {
  try {
    await images.checkWrite(output, ctx);
  } catch (error) {
    if (!(error instanceof SlipwayError) || ctx.signal.aborted) throw error;
    throw retold(error, { message: wordsOf(output) + error.message, exit: 32 });
  }
}

/** The Go analyzer's words about a registry that refuses. */
function wordsOf(output: Location): string {
  if (output.kind !== 'registry') return '';
  const access = `failed to ensure registry read/write access to ${displayLocation(output)}`;
  return `failed to initialize analyzer: validating registry write access: ${access}: `;
}
