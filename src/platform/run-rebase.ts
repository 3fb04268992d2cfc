import { resolve } from 'node:path';
import type { Context } from '../core/context.ts';
import { SlipwayError } from '../core/errors.ts';
import type { Locator } from '../locate/locator.ts';
import { displayLocation, type Location } from '../oci/location.ts';
import type { Platform } from '../oci/platform.ts';
import { parseReference } from '../oci/reference.ts';
import type { NamedLocation } from '../options/names.ts';
import type { FoundRunImage } from '../phases/analyze/find-run-image.ts';
import { rebase, type RebaseOutput } from '../phases/rebase.ts';
import { findApp, type AppImages } from '../phases/rebase/find-app.ts';
import { baseCandidates, findBase, type Preferred } from '../phases/rebase/find-base.ts';
import type { RebaseRules } from '../phases/rebase/rebase-one.ts';
import { canList, type StoreEntry } from '../ports/store.ts';
import { IMAGE_NAME } from '../store/image-names.ts';
import { writeReport } from '../workspace/files.ts';
import { exportReport, throwFailedOutputs } from './finish-export.ts';
import { openSinks, refuseSameOutputs, type SinkRequest } from './sinks.ts';

/** A rebase as asked for. */
export interface RunRebaseInput extends RebaseRules {
  /** The image to read. */
  readonly app: NamedLocation;
  /** Undefined: the run image that the app's label names. */
  readonly runImage: NamedLocation | undefined;
  readonly preferred?: Preferred;
  readonly target: Platform | undefined;
  readonly outputs: readonly SinkRequest[];
  /** Nothing is written, no report either. */
  readonly isDryRun: boolean;
  /** Path of report.toml; undefined: none. */
  readonly report: string | undefined;
}

/** The words and exit codes that a front end gives to failures of each part. */
export interface RebaseGuards {
  readonly app: <T>(task: () => Promise<T>) => Promise<T>;
  readonly base: <T>(task: () => Promise<T>) => Promise<T>;
  readonly rebase: <T>(task: () => Promise<T>) => Promise<T>;
  readonly report: <T>(task: () => Promise<T>) => Promise<T>;
}

/** Finds the images, rebases, writes and reports: what `rebaser` and `slipway rebase` share. */
export async function runRebase(
  input: RunRebaseInput,
  locator: Locator,
  ctx: Context,
  guards: RebaseGuards,
): Promise<RebaseOutput> {
  const { app: asked, target, isDryRun } = input;
  const { app, candidates, requests } = await guards.app(async () => {
    const app = await findApp(asked.location, locator, ctx, { target });
    const requests = await Promise.all(input.outputs.map((request) => sameEntry(request, app, locator, ctx)));
    refuseSameOutputs(requests);
    await refuseLoss(requests, app, locator, ctx);
    return {
      app,
      requests,
      candidates: app.entries.map(({ image }) => baseCandidates(image, input.runImage, input.preferred)),
    };
  });
  const bases = await guards.base(async () => {
    const found: FoundRunImage[] = [];
    for (const [at, { image }] of app.entries.entries())
      found.push(
        await findBase({ app: image, candidates: candidates[at] ?? [], near: requests[0]?.location }, locator, ctx),
      );
    return found;
  });
  const output = await guards.rebase(async () => {
    if (isDryRun) return rebase({ ...input, app, bases }, { sinks: undefined }, ctx);
    await using sinks = await openSinks(requests, locator, ctx);
    return await rebase({ ...input, app, bases }, { sinks: sinks.sinks }, ctx);
  });
  if (isDryRun) return output;
  const { report } = input;
  const exported = { ...output, layers: [] };
  if (report !== undefined) await guards.report(() => writeReport(report, exportReport(exported, undefined)));
  await guards.rebase(() => {
    throwFailedOutputs(exported);
    return Promise.resolve();
  });
  return output;
}

/** An output that is the image itself, without a name of its own, goes to the entry that was read. */
async function sameEntry(request: SinkRequest, app: AppImages, locator: Locator, ctx: Context): Promise<SinkRequest> {
  const { location } = request;
  if (location.kind === 'registry' || location.kind === 'docker-daemon' || location.ref !== undefined) return request;
  if (!isSameImage(location, app.location)) return request;
  const [entry] = await otherEntries(app.location, locator, ctx, { except: undefined });
  const imageName = entry?.descriptor.annotations?.[IMAGE_NAME];
  const named = imageName === undefined ? {} : { imageName: parseReference(imageName) };
  const isArchive = location.kind !== 'oci';
  if (entry?.name === undefined || (isArchive && imageName !== undefined)) return { ...request, ...named };
  return { ...request, ...named, location: { ...location, ref: entry.name } };
}

/** Refuses to write over what would be gone with it: other platforms of an index, other images of an archive. */
async function refuseLoss(
  requests: readonly SinkRequest[],
  app: AppImages,
  locator: Locator,
  ctx: Context,
): Promise<void> {
  const own = requests.find(({ location }) => isSameImage(location, app.location));
  if (
    own !== undefined &&
    app.index === undefined &&
    app.entries.some(({ image }) => image.indexDigest !== undefined)
  ) {
    throw new SlipwayError('ARGUMENT_INVALID', `one platform alone would replace the whole index ${own.shown}`, {
      hint: 'rebase all of it without a platform, or write to another name',
    });
  }
  const archive = requests.find(({ location }) => 'file' in location && locator.sameRegistry(location, app.location));
  if (archive === undefined) return;
  const others = await otherEntries(app.location, locator, ctx, { except: nameIn(app.location) });
  const names = new Set(others.map(({ name }) => name));
  if (names.size <= (nameIn(app.location) === undefined ? 1 : 0)) return;
  throw new SlipwayError(
    'ARGUMENT_INVALID',
    `${archive.shown} holds other images, which would be gone with the archive`,
    {
      details: { others: [...names].map((name) => name ?? 'an image without name').join(', ') },
      hint: 'write to another file, or into a layout: oci:DIR:NAME',
    },
  );
}

/** The entries of a layout or archive whose name is not `except`. */
async function otherEntries(
  location: Location,
  locator: Locator,
  ctx: Context,
  options: { readonly except: string | undefined },
): Promise<readonly StoreEntry[]> {
  const source = await locator.openSource(location, ctx);
  if (!canList(source)) return [];
  const { except } = options;
  const all = await source.list(ctx);
  return except === undefined
    ? all
    : all.filter(({ name, descriptor }) => name !== except && descriptor.annotations?.[IMAGE_NAME] !== except);
}

function nameIn(location: Location): string | undefined {
  return 'ref' in location ? location.ref : undefined;
}

function isSameImage(a: Location, b: Location): boolean {
  return placeOf(a) === placeOf(b);
}

function placeOf(location: Location): string {
  if ('file' in location) return resolve(location.file);
  return displayLocation(location.kind === 'oci' ? { ...location, dir: resolve(location.dir) } : location);
}
