import { resolve } from 'node:path';
import type { Context } from '../core/context.ts';
import { retold, SlipwayError } from '../core/errors.ts';
import { displayLocation, isStandardStream, type Location } from '../oci/location.ts';
import { referenceTarget, type Reference } from '../oci/reference.ts';
import type { ImageFinder, ImageRole } from '../ports/image-finder.ts';
import type { StandardStreams } from '../ports/standard-streams.ts';
import type { ImageSink, ImageSource } from '../ports/store.ts';
import { createRegistryClient, type RegistryClient, type RegistryRepository } from '../registry/client.ts';
import type { RegistryOptions } from '../registry/options.ts';
import { openArchive, type ArchiveSource } from '../store/archive/archive-source.ts';
import { openArchiveSink } from '../store/archive/archive-sink.ts';
import { openStandardArchive, openStandardSink } from '../store/archive/standard-archive.ts';
import { layoutDeleter } from '../store/layout/layout-deleter.ts';
import { openLayout } from '../store/layout/layout-source.ts';
import { openLayoutSink } from '../store/layout/layout-sink.ts';
import { selectImage } from '../store/select.ts';
import { checkArchiveWritable, checkLayoutWritable, checkLocalReadable } from './check-local.ts';
import { archiveNames, layoutName } from './local-names.ts';
import { noDaemon, refuseDigest } from './refusals.ts';
import { standardInput, standardOutput } from './standard.ts';

export interface LocatorOptions {
  readonly registry: RegistryOptions;
  /** Go's name of this machine's architecture: `amd64`. */
  readonly hostArchitecture: string;
  /** What `-` as the file of an archive is; absent: it is refused. */
  readonly standard?: StandardStreams;
}

interface SinkOptions {
  /** Name inside archives and layouts when the location has no REF. */
  readonly imageName?: Reference;
}

/** Locations to stores: what phases' callers build their `ImageFinder` and sinks from. Dispose closes what it opened. */
export interface Locator extends ImageFinder, AsyncDisposable {
  /** Opened once for each repository, layout or archive. */
  readonly openSource: (location: Location, ctx: Context) => Promise<ImageSource>;
  /** The repositories of a registry, as it pages them. Throws `NOT_SUPPORTED` where it does not tell. */
  readonly catalog: (registry: string, ctx: Context) => AsyncIterable<string>;
  /** The caller disposes the sink. */
  readonly openSink: (location: Location, ctx: Context, options?: SinkOptions) => Promise<ImageSink>;
}

/** Key of standard input among archives, which are known by absolute paths. */
const STANDARD = '-';

export function createLocator(options: LocatorOptions): Locator {
  const { standard } = options;
  const client = createRegistryClient(options.registry);
  const archives = new Map<string, Promise<ArchiveSource>>();

  const openSource = async (location: Location, ctx: Context): Promise<ImageSource> => {
    switch (location.kind) {
      case 'registry':
        return repositoryOf(client, location.reference);
      case 'oci':
        return { ...openLayout(location.dir), ...layoutDeleter(location.dir) };
      case 'oci-archive':
      case 'docker-archive':
        return isStandardStream(location)
          ? openShared(archives, STANDARD, () => openStandardArchive(standardInput(location, standard), ctx))
          : openShared(archives, resolve(location.file), () => openArchive(location.file, ctx));
      case 'docker-daemon':
        throw noDaemon(location, 'read');
    }
  };

  return {
    openSource,
    catalog: (registry, ctx) => client.catalog(registry, ctx),
    openSink: (location, ctx, sinkOptions) => openSink({ client, standard }, location, ctx, sinkOptions),
    find: async (location, role, ctx, findOptions = {}) =>
      naming(role, location, ctx, async () =>
        selectImage(await openSource(location, ctx), location, ctx, {
          ...findOptions,
          role,
          hostArchitecture: options.hostArchitecture,
        }),
      ),
    checkRead: (location, ctx) => checkRead({ client, standard }, location, ctx),
    checkWrite: (location, ctx) => checkWrite(client, location, ctx),
    sameRegistry: isSameRegistry,
    [Symbol.asyncDispose]: async () => {
      const opened = await Promise.allSettled(archives.values());
      for (const archive of opened) if (archive.status === 'fulfilled') await archive.value[Symbol.asyncDispose]();
      await client[Symbol.asyncDispose]();
    },
  };
}

/** What locations are opened with. */
interface Ports {
  readonly client: RegistryClient;
  readonly standard: StandardStreams | undefined;
}

async function openSink(
  { client, standard }: Ports,
  location: Location,
  ctx: Context,
  options: SinkOptions = {},
): Promise<ImageSink> {
  refuseDigest(location);
  switch (location.kind) {
    case 'registry':
      return repositoryOf(client, location.reference).openSink(location.reference.tag ?? 'latest');
    case 'oci': {
      const { name, imageName } = layoutName(location.ref, options.imageName);
      return openLayoutSink(location.dir, name, ctx, imageName === undefined ? {} : { imageName });
    }
    case 'oci-archive':
    case 'docker-archive': {
      const format = location.kind === 'oci-archive' ? 'oci' : 'docker';
      const archive = { format, ...archiveNames(format, location.ref, options.imageName) } as const;
      return isStandardStream(location)
        ? openStandardSink(standardOutput(location, standard), ctx, archive)
        : openArchiveSink(location.file, ctx, archive);
    }
    case 'docker-daemon':
      throw noDaemon(location, 'write');
  }
}

async function checkRead({ client, standard }: Ports, location: Location, ctx: Context): Promise<void> {
  switch (location.kind) {
    case 'registry':
      return repositoryOf(client, location.reference).checkRead(referenceTarget(location.reference), ctx);
    case 'oci':
      return checkLocalReadable(location.dir);
    case 'oci-archive':
    case 'docker-archive':
      if (!isStandardStream(location)) return checkLocalReadable(location.file);
      standardInput(location, standard);
      return;
    case 'docker-daemon':
      throw noDaemon(location, 'read');
  }
}

async function checkWrite(client: RegistryClient, location: Location, ctx: Context): Promise<void> {
  refuseDigest(location);
  switch (location.kind) {
    case 'registry':
      return repositoryOf(client, location.reference).checkWrite(ctx);
    case 'oci':
      return checkLayoutWritable(location.dir);
    case 'oci-archive':
    case 'docker-archive':
      // Who writes to it asks `checkStandardUses`; the analyzer checks for an exporter, whose standard output is another.
      return isStandardStream(location) ? undefined : checkArchiveWritable(location.file);
    case 'docker-daemon':
      throw noDaemon(location, 'write');
  }
}

/** True for two repositories of one registry, and for two images of one layout or archive. */
function isSameRegistry(a: Location, b: Location): boolean {
  if (a.kind === 'registry' && b.kind === 'registry') return a.reference.registry === b.reference.registry;
  if (a.kind === 'oci' && b.kind === 'oci') return resolve(a.dir) === resolve(b.dir);
  if (isStandardStream(a) || isStandardStream(b)) return false;
  if ('file' in a && 'file' in b) return resolve(a.file) === resolve(b.file);
  return false;
}

function repositoryOf(client: RegistryClient, reference: Reference): RegistryRepository {
  return client.repository(reference.registry, reference.repository);
}

async function openShared(
  archives: Map<string, Promise<ArchiveSource>>,
  key: string,
  open: () => Promise<ArchiveSource>,
): Promise<ArchiveSource> {
  const opening = archives.get(key) ?? open();
  archives.set(key, opening);
  try {
    return await opening;
  } catch (error) {
    // Standard input cannot be read again.
    if (key !== STANDARD) archives.delete(key);
    throw error;
  }
}

/** Errors of the task say which image was wanted, and as what. */
async function naming<T>(role: ImageRole, location: Location, ctx: Context, task: () => Promise<T>): Promise<T> {
  try {
    return await task();
  } catch (error) {
    if (ctx.signal.aborted || !(error instanceof SlipwayError) || error.message.includes(role)) throw error;
    throw retold(error, { message: `${role} ${displayLocation(location)}: ${error.message}` });
  }
}
