import { stat } from 'node:fs/promises';
import type { MemoRecord } from '../../cache/memo-record.ts';
import type { Context } from '../../core/context.ts';
import type { Locator } from '../../locate/locator.ts';
import type { Digest } from '../../oci/digest.ts';
import type { Platform } from '../../oci/platform.ts';
import { checkOutputs } from '../../phases/analyze/check-outputs.ts';
import type { OutputResult } from '../../phases/export.ts';
import { saveOutputs } from '../../phases/export/save-outputs.ts';
import type { OutputContent } from '../../phases/export/write-outputs.ts';
import { copyWalked } from '../../store/copy.ts';
import { openSinks, type SinkRequest } from '../sinks.ts';
import { plainGuard } from '../stage.ts';
import { findAnywhere, findWhole, isNamedSo, readPlaces, type KnownImage } from './known-image.ts';

/** What becomes of one output of a known image. */
export interface RetagStep {
  readonly request: SinkRequest;
  /** Where it is taken from; the output's own store where that has it. */
  readonly from: KnownImage;
  /** It is there under all of its names: nothing is written. */
  readonly isThere: boolean;
}

/** All outputs of a known image. */
export interface Retag {
  readonly steps: readonly RetagStep[];
  readonly platform: Platform;
}

/** An output, and how its layers are to be compressed. */
export interface WantedOutput {
  readonly request: SinkRequest;
  readonly compression: string;
}

/**
 * How each output comes by the image of a record: one that has it is only named, for another it is copied from a place that has it, on
 * its own registry if there is one. Text where it cannot: why. Throws what the store of an output cannot say.
 */
export async function planRetag(
  record: MemoRecord,
  outputs: readonly WantedOutput[],
  locator: Locator,
  ctx: Context,
): Promise<readonly RetagStep[] | string> {
  const own: (KnownImage | undefined)[] = [];
  const digests: Digest[] = [];
  for (const { request, compression } of outputs) {
    const digest = record.images.find((image) => image.compression === compression)?.digest;
    if (digest === undefined) return `it was not built with compression ${compression}`;
    digests.push(digest);
    own.push(await findWhole(request.location, digest, locator, ctx));
  }
  const steps: RetagStep[] = [];
  for (const [index, { request }] of outputs.entries()) {
    const [digest, here] = [digests[index], own[index]];
    if (digest === undefined) continue;
    const isThere = here !== undefined && (await isNamedSo(here, request.names ?? [], ctx));
    const known = own.filter((each) => each?.walked.top.descriptor.digest === digest).flatMap((each) => each ?? []);
    const places = [...known.map(({ location }) => location), ...readPlaces(record.places)];
    const isNear = (place: KnownImage['location']): boolean => locator.sameRegistry(place, request.location);
    const inOrder = [...places.filter(isNear), ...places.filter((place) => !isNear(place))];
    const from = here ?? (await findAnywhere(inOrder, digest, locator, ctx));
    if (from === undefined) return `its image ${digest} is in no place any more that is known`;
    steps.push({ request, from, isThere });
  }
  return steps;
}

/** Names and copies. Throws what analysis throws for an output that cannot be written to; one that fails later is told in its result. */
export async function retag(
  { steps, platform }: Retag,
  locator: Locator,
  ctx: Context,
): Promise<readonly OutputResult[]> {
  const missing = steps.filter(({ isThere }) => !isThere);
  await plainGuard('analyze', () =>
    checkOutputs(
      missing.map(({ request }) => request.location),
      locator,
      ctx,
    ),
  );
  const written = missing.length === 0 ? [] : await plainGuard('export', () => write(missing, platform, locator, ctx));
  const results = new Map(missing.map(({ request }, index) => [request, written[index]]));
  return Promise.all(steps.map(async (step) => results.get(step.request) ?? (await untouched(step))));
}

async function write(
  steps: readonly RetagStep[],
  platform: Platform,
  locator: Locator,
  ctx: Context,
): Promise<readonly OutputResult[]> {
  const requests = steps.map(({ request }) => request);
  await using opened = await openSinks(requests, locator, ctx);
  const filled = opened.sinks.flatMap((output, index) => {
    const from = steps[index]?.from;
    return from === undefined ? [] : [{ output, content: contentOf(from, platform) }];
  });
  const [first] = filled;
  return first === undefined ? [] : await saveOutputs(first.content.manifest.descriptor, filled, ctx);
}

function contentOf({ walked, source }: KnownImage, platform: Platform): OutputContent {
  return {
    manifest: walked.top,
    put: async (sink, names, ctx) => {
      await copyWalked(walked, source, { sink, ctx });
      for (const name of names) sink.tag(name, { ...walked.top.descriptor, platform });
    },
  };
}

async function untouched({ request, from }: RetagStep): Promise<OutputResult> {
  const { location, shown, names = [] } = request;
  const { mediaType, digest, size } = from.walked.top.descriptor;
  return {
    location,
    digest,
    manifestSize: size,
    mediaType,
    names: [shown, ...names],
    blobsWritten: 0,
    // A registry has manifests in another place than blobs.
    blobsTotal: from.walked.blobs.length + (location.kind === 'registry' ? 0 : from.walked.manifests.length),
    ...('file' in location ? { bytes: (await stat(location.file)).size } : {}),
  };
}
