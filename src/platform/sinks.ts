import { SlipwayError } from '../core/errors.ts';
import type { Context } from '../core/context.ts';
import type { Locator } from '../locate/locator.ts';
import { placeOf } from '../locate/place-of.ts';
import { formatCompression, type Compression } from '../layer/compression.ts';
import type { Location } from '../oci/location.ts';
import type { Reference } from '../oci/reference.ts';
import type { NamedLocation } from '../options/names.ts';
import type { ExportSink } from '../phases/export.ts';
import { canStage, type BlobStaging } from '../ports/store.ts';
import { BlobDirectory } from '../store/blob-directory.ts';
import { warnOldEngines } from './compression-warning.ts';

/** An output as asked for. */
export interface SinkRequest {
  readonly location: Location;
  /** As the user wrote it. */
  readonly shown: string;
  /** What archives and layouts call the image when the location has no REF. */
  readonly imageName?: Reference;
  /** More names of the image there. */
  readonly names?: readonly string[];
  /** Of new layers there; default: the build's. */
  readonly compression?: Compression;
}

/** Opened outputs, closed together. */
export interface OpenSinks extends AsyncDisposable {
  readonly sinks: readonly ExportSink[];
  /** Where new layers of the first output's compression are packed: straight into an output where one is a directory of blobs. */
  readonly staging: BlobStaging;
}

/** Opens every output before any work is done. Throws when one cannot be written to, and closes those that were opened. */
export async function openSinks(requests: readonly SinkRequest[], locator: Locator, ctx: Context): Promise<OpenSinks> {
  refuseSameOutputs(requests);
  warnOldEngines(requests, ctx);
  const sinks: ExportSink[] = [];
  const close = async (): Promise<void> => {
    for (const { sink } of sinks) await sink[Symbol.asyncDispose]();
  };
  try {
    for (const { location, shown, imageName, names = [], compression } of requests) {
      const sink = await locator.openSink(location, ctx, imageName === undefined ? {} : { imageName });
      sinks.push({ location, sink, names: [undefined, ...names], shown: [shown, ...names], compression });
    }
  } catch (error) {
    await close();
    throw error;
  }
  // Blobs of one compression are no use to an output that asks for another one.
  const staged = sinks
    .filter((each) => wish(each) === wish(sinks[0]))
    .map(({ sink }) => sink)
    .find((sink) => canStage(sink));
  const staging = staged ?? { staging: new BlobDirectory(ctx.tmp, { isTransient: true }) };
  return { sinks, staging: staging.staging, [Symbol.asyncDispose]: close };
}

function wish(output: ExportSink | undefined): string | undefined {
  return output?.compression === undefined ? undefined : formatCompression(output.compression);
}

/** An archive is replaced as a whole, so two outputs cannot be one file, nor one entry of a layout. Throws `ARGUMENT_INVALID`. */
export function refuseSameOutputs(requests: readonly SinkRequest[]): void {
  const seen = new Set<string>();
  for (const { location, shown } of requests) {
    const place = placeOf(location);
    if (seen.has(place)) throw new SlipwayError('ARGUMENT_INVALID', `two outputs are the same: ${shown}`, { exit: 3 });
    seen.add(place);
  }
}

/** The cache would replace the image that it was made with. Throws `ARGUMENT_INVALID` (exit 3). */
export function refuseCacheAsOutput(cache: NamedLocation | undefined, outputs: readonly Location[]): void {
  const named = cache === undefined ? undefined : placeOf(withEntry(cache.location));
  if (named === undefined || !outputs.some((output) => placeOf(withEntry(output)) === named)) return;
  throw new SlipwayError('ARGUMENT_INVALID', `the cache image is the image itself: ${cache?.name ?? ''}`, {
    exit: 3,
    hint: 'give the cache a name of its own',
  });
}

function withEntry(location: Location): Location {
  return location.kind === 'oci' && location.ref === undefined ? { ...location, ref: 'latest' } : location;
}
