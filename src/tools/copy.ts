import type { Context } from '../core/context.ts';
import { messageOf, SlipwayError } from '../core/errors.ts';
import type { BuildOutput } from '../core/events.ts';
import { placeOf } from '../locate/place-of.ts';
import type { Locator } from '../locate/locator.ts';
import { shortDigest, type Digest } from '../oci/digest.ts';
import { displayLocation, type Location } from '../oci/location.ts';
import type { Platform } from '../oci/platform.ts';
import { repositoryName } from '../oci/reference.ts';
import { canAttach, type ImageSink, type ImageSource } from '../ports/store.ts';
import { blaming, writingTo } from '../store/blame.ts';
import { copyWalked } from '../store/copy.ts';
import { targetOf } from '../store/select.ts';
import { allNames, destinationOf, namesAt, ownName, type SourceName } from './copy-names.ts';
import { planCopy, type CopyName, type CopyPlan } from './copy-plan.ts';

export interface CopyRequest {
  readonly from: Location;
  readonly to: readonly Location[];
}

export interface CopyImagesOptions {
  /** One manifest of an index instead of all of it. */
  readonly platform?: Platform;
  /** Every tag of the repository, every named entry of the layout or archive. */
  readonly allTags?: boolean;
  /** Also what refers to the images: signatures, SBOMs, attestations, and what refers to those. */
  readonly referrers?: boolean;
}

export interface CopiedImage {
  /** With `allTags`: the name in the source. */
  readonly name?: string;
  readonly digest: Digest;
}

export interface CopyOutcome {
  readonly images: readonly CopiedImage[];
  /** How many manifests that refer to them came along. */
  readonly referrers: number;
  readonly outputs: readonly BuildOutput[];
}

/**
 * Copies images between any two places, bytes unchanged, so that digests stay. Everything is read and every destination filled before
 * the first name appears; a blob that a destination has, or can mount, is not sent. Emits `copy.end`.
 * Throws what reading and writing throw, saying which side failed; `OUTPUT_FAILED` when one of several destinations failed at the end.
 */
export async function copyImages(
  request: CopyRequest,
  stores: Locator,
  ctx: Context,
  options: CopyImagesOptions = {},
): Promise<CopyOutcome> {
  const { from, to } = request;
  checkRequest(request, options);
  const source = await stores.openSource(from, ctx);
  const all = options.allTags === true ? await allNames(from, source, ctx, options) : undefined;
  const own = all === undefined ? await ownName(from, source, ctx) : undefined;
  const names: readonly CopyName[] = all?.map(({ name }) => ({ from: name, to: undefined })) ?? [
    { from: await targetFor(request, stores, ctx, options), to: undefined },
  ];
  for (const each of to) if (all !== undefined) namesAt(each, all);
  const plan = await planCopy(source, names, ctx, { withReferrers: options.referrers === true });
  const sinks: OpenSink[] = [];
  try {
    for (const location of to) {
      const place = destinationOf(location, from, own);
      const { imageName } = place;
      const sink = await stores.openSink(place.location, ctx, imageName === undefined ? {} : { imageName });
      sinks.push({ location, sink, names: all === undefined ? names : namesAt(location, all) });
    }
    for (const open of sinks) await fill(plan, source, open, ctx);
    const outputs = await commitAll(plan, sinks, ctx, options);
    const images = plan.images.map(({ walked }, index) => copied(walked.top.descriptor.digest, all?.[index]));
    const outcome = { images, referrers: plan.referrers.length, outputs };
    ctx.emit({ type: 'copy.end', source: shown(from, options), ...outcome });
    return outcome;
  } finally {
    for (const { sink } of sinks) await sink[Symbol.asyncDispose]();
  }
}

interface OpenSink {
  readonly location: Location;
  readonly sink: ImageSink;
  readonly names: readonly CopyName[];
}

/** As a person writes it; a repository without the tag that is not meant where all are. */
function shown(location: Location, options: CopyImagesOptions): string {
  if (options.allTags !== true || location.kind !== 'registry') return displayLocation(location);
  return repositoryName(location.reference);
}

function copied(digest: Digest, name: SourceName | undefined): CopiedImage {
  return name === undefined ? { digest } : { name: name.name, digest };
}

function checkRequest({ to }: CopyRequest, options: CopyImagesOptions): void {
  if (to.length === 0) throw new SlipwayError('ARGUMENT_INVALID', 'a copy needs a destination');
  if (options.allTags === true && options.platform !== undefined)
    throw new SlipwayError('ARGUMENT_INVALID', 'one platform of all tags cannot be copied', {
      hint: 'copy the tags one by one, or whole',
    });
  const seen = new Set<string>();
  for (const location of to) {
    const place = placeOf(location);
    if (seen.has(place))
      throw new SlipwayError('ARGUMENT_INVALID', `two destinations are the same: ${displayLocation(location)}`);
    seen.add(place);
  }
}

/** What the source is asked for: a digest when a platform was chosen. */
async function targetFor(
  { from }: CopyRequest,
  stores: Locator,
  ctx: Context,
  options: CopyImagesOptions,
): Promise<string | Digest | undefined> {
  if (options.platform === undefined) return targetOf(from);
  return (await stores.find(from, 'image', ctx, { target: options.platform, allowEmpty: true })).manifestDigest;
}

/** Puts all blobs and manifests and stages the names; nothing is visible after it. */
async function fill(plan: CopyPlan, source: ImageSource, open: OpenSink, ctx: Context): Promise<void> {
  const { sink, names } = open;
  for (const [index, image] of plan.images.entries()) {
    await copyWalked(image.walked, image.source, { sink, ctx });
    await blaming(writingTo(sink), ctx, () => {
      sink.tag(names[index]?.to, image.walked.top.descriptor);
      return Promise.resolve();
    });
  }
  for (const { walked, descriptor } of plan.referrers) {
    await copyWalked(walked, source, { sink, ctx });
    if (canAttach(sink)) sink.attach(descriptor);
  }
}

/** Commits in order. One that fails leaves the others; a single one throws its own error. */
async function commitAll(
  plan: CopyPlan,
  sinks: readonly OpenSink[],
  ctx: Context,
  options: CopyImagesOptions,
): Promise<readonly BuildOutput[]> {
  const outputs: BuildOutput[] = [];
  const failures: unknown[] = [];
  const digest = plan.images.length === 1 ? plan.images[0]?.walked.top.descriptor.digest : undefined;
  for (const { location, sink } of sinks) {
    const output = { location: shown(location, options), ...(digest === undefined ? {} : { digest }) };
    try {
      outputs.push({ ...output, ...(await blaming(writingTo(sink), ctx, () => sink.commit(ctx))) });
    } catch (error) {
      ctx.signal.throwIfAborted();
      if (sinks.length === 1) throw error;
      failures.push(error);
      outputs.push({ ...output, error: messageOf(error) });
    }
  }
  if (failures.length === 0) return outputs;
  const lines = outputs.map(
    ({ location, error }) => [location, error ?? `written, ${shortDigest(digest ?? '')}`] as const,
  );
  throw new SlipwayError('OUTPUT_FAILED', `${String(failures.length)} of ${String(sinks.length)} copies failed`, {
    exit: 1,
    details: Object.fromEntries(lines),
    cause: failures[0],
  });
}
