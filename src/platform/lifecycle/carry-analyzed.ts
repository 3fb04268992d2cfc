import type { Analyzed, AnalyzedRunImage } from '../../cnb/analyzed.ts';
import type { GroupElement } from '../../cnb/module.ts';
import { EMPTY_LIFECYCLE_METADATA } from '../../cnb/layer-metadata.ts';
import type { Context } from '../../core/context.ts';
import { hasCode, SlipwayError } from '../../core/errors.ts';
import { displayLocation, type Location } from '../../oci/location.ts';
import { formatPinned, parsePinned } from '../../options/names.ts';
import type { RestorerInputs } from '../../options/phase-inputs.ts';
import { logRunImage } from '../../phases/analyze/log-run-image.ts';
import type { ImageFinder } from '../../ports/image-finder.ts';
import { readAnalyzed, readRun, writeAnalyzed } from '../../workspace/files.ts';
import { entryOf } from '../run-image.ts';
import { KANIKO_DIRECTORY } from './base-cache.ts';
import { platformOption, resolveForExtensions } from './resolve-for-extensions.ts';

/**
 * analyzed.toml on its way through the restorer (contract §10.1.2): its run image is looked at again, what extensions
 * need is resolved, and the file is written again. A missing file becomes one without images; one that cannot be read is a warning and stays as it is, and undefined is returned.
 * Throws `RUN_IMAGE_UNUSABLE`, exit 1, for a run image of run.toml that cannot be read.
 */
export async function carryAnalyzed(
  inputs: RestorerInputs,
  group: readonly GroupElement[],
  images: ImageFinder,
  ctx: Context,
): Promise<Analyzed | undefined> {
  const { names } = inputs;
  let found: Analyzed | undefined;
  try {
    found = await readAnalyzed(inputs.analyzed, (text) => parsePinned(text, names), ctx);
  } catch (error) {
    if (!hasCode(error, 'FILE_INVALID', 'REFERENCE_INVALID', 'DIGEST_INVALID')) throw error;
    const message = `Not using analyzed data, usable file not found: ${error.message}`;
    ctx.emit({ type: 'log', level: 'warn', message });
    return undefined;
  }
  const before = found ?? { metadata: EMPTY_LIFECYCLE_METADATA };
  if (before.runImage !== undefined && inputs.features.checksRunImage)
    await checkRunImage(before.runImage, inputs, images, ctx);
  const wanted = { ...inputs, group, isLayout: names.layoutDir !== undefined, kaniko: KANIKO_DIRECTORY };
  const analyzed = await resolveForExtensions(before, wanted, images, ctx);
  logRunImage(analyzed.runImage, ctx, { show: (pinned) => formatPinned(pinned, names) });
  await writeAnalyzed(inputs.analyzed, analyzed, (location) => formatPinned(location, names));
  return analyzed;
}

/** The run image of analyzed.toml, for who needs to know before the work; what is wrong with the file is told by `carryAnalyzed`. */
export async function recordedRunImage(inputs: RestorerInputs, ctx: Context): Promise<Location | undefined> {
  try {
    const silent = { ...ctx, emit: (): void => undefined };
    const found = await readAnalyzed(inputs.analyzed, (text) => parsePinned(text, inputs.names), silent);
    return found?.runImage?.reference;
  } catch (error) {
    if (!(error instanceof SlipwayError)) throw error;
    return undefined;
  }
}

/** By its digest, not by its tag again (design §2.1). An image that run.toml does not have is taken untested. */
async function checkRunImage(
  runImage: AnalyzedRunImage,
  inputs: RestorerInputs,
  images: ImageFinder,
  ctx: Context,
): Promise<void> {
  const entries = await readRun(inputs.runToml, ctx);
  if (runImage.image === '' || entryOf(runImage.image, entries) === undefined) return;
  try {
    await images.find(runImage.reference, 'run image', ctx, platformOption(runImage));
  } catch (error) {
    if (!(error instanceof SlipwayError) || ctx.signal.aborted) throw error;
    throw new SlipwayError('RUN_IMAGE_UNUSABLE', `selected run image '${runImage.image}' is not accessible`, {
      exit: 1,
      cause: error,
      details: { reason: error.message, ...error.details, tried: displayLocation(runImage.reference) },
      ...(error.hint === undefined ? {} : { hint: error.hint }),
    });
  }
}
