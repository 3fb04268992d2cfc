import { resolve } from 'node:path';
import { streamOf, utf8 } from '../../core/bytes.ts';
import type { Context } from '../../core/context.ts';
import { SlipwayError } from '../../core/errors.ts';
import type { Descriptor } from '../../oci/descriptor.ts';
import { displayLocation } from '../../oci/location.ts';
import type { CommandValues } from '../../options/command-values.ts';
import { imageBlob, saveBlob } from '../../tools/blob.ts';
import { imageConfig } from '../../tools/config.ts';
import { imageManifest } from '../../tools/manifest.ts';
import { locationAt, openImageWork, platformChoice } from '../image-arguments.ts';
import { writeBytes, writeJson, writeLines } from '../result-output.ts';

/** `slipway image digest LOCATION`. */
export async function runDigestCommand(values: CommandValues, ctx: Context): Promise<number> {
  const location = locationAt(values, 0);
  await using work = openImageWork(values, ctx);
  const { raw } = await imageManifest(location, work.stores, work.quiet, platformChoice(values));
  if (values.boolean('json'))
    await writeJson(work.machine, { image: displayLocation(location), ...factsOf(raw.descriptor) }, ctx);
  else await writeLines(work.machine, [raw.descriptor.digest], ctx);
  return 0;
}

/** `slipway image manifest LOCATION`: raw bytes. */
export async function runManifestCommand(values: CommandValues, ctx: Context): Promise<number> {
  const location = locationAt(values, 0);
  await using work = openImageWork(values, ctx);
  const { raw } = await imageManifest(location, work.stores, work.quiet, platformChoice(values));
  const facts = { image: displayLocation(location), ...factsOf(raw.descriptor) };
  if (values.boolean('json')) await writeJson(work.machine, { ...facts, manifest: parsed(raw.bytes) }, ctx);
  else await writeBytes(work.machine, streamOf(raw.bytes), ctx);
  return 0;
}

/** `slipway image config LOCATION`: raw bytes. */
export async function runConfigCommand(values: CommandValues, ctx: Context): Promise<number> {
  const location = locationAt(values, 0);
  await using work = openImageWork(values, ctx);
  const { descriptor, bytes } = await imageConfig(location, work.stores, work.quiet, platformChoice(values));
  const facts = { image: displayLocation(location), ...factsOf(descriptor) };
  if (values.boolean('json')) await writeJson(work.machine, { ...facts, config: parsed(bytes) }, ctx);
  else await writeBytes(work.machine, streamOf(bytes), ctx);
  return 0;
}

/** `slipway image blob LOCATION@DIGEST`. */
export async function runBlobCommand(values: CommandValues, ctx: Context): Promise<number> {
  const location = locationAt(values, 0);
  const file = values.text('to');
  const isJson = values.boolean('json');
  if (isJson && file === undefined)
    throw new SlipwayError('ARGUMENT_INVALID', 'the bytes of a blob are no JSON', {
      hint: 'write them with --to FILE',
    });
  await using work = openImageWork(values, ctx);
  if (file === undefined) {
    const blob = await imageBlob(location, work.stores, work.quiet);
    await writeBytes(work.machine, blob.open(ctx.signal), ctx);
    return 0;
  }
  const shown = isJson ? work.quiet : ctx;
  const blob = await imageBlob(location, work.stores, shown);
  await saveBlob(blob, resolve(work.machine.cwd, file), shown);
  const { digest, size } = blob.descriptor;
  if (isJson) await writeJson(work.machine, { image: displayLocation(location), digest, size, file }, ctx);
  return 0;
}

function factsOf({ digest, mediaType, size }: Descriptor): Readonly<Record<string, unknown>> {
  return { digest, mediaType, size };
}

/** The JSON of bytes; their text when they are none. */
function parsed(bytes: Uint8Array): unknown {
  const text = utf8(bytes) ?? '';
  try {
    return JSON.parse(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return text;
  }
}
