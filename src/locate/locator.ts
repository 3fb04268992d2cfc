import { resolve } from 'node:path';
import type { Context } from '../core/context.ts';
import { SlipwayError } from '../core/errors.ts';
import { displayLocation, type Location } from '../oci/location.ts';
import { referenceTarget, type Reference } from '../oci/reference.ts';
import type { ImageFinder, ImageRole } from '../ports/image-finder.ts';
import type { ImageSink, ImageSource } from '../ports/store.ts';
import { createRegistryClient, type RegistryClient, type RegistryRepository } from '../registry/client.ts';
import type { RegistryOptions } from '../registry/options.ts';
import { openArchive } from '../store/archive/archive-source.ts';
import { openArchiveSink } from '../store/archive/archive-sink.ts';
import { openLayout } from '../store/layout/layout-source.ts';
import { openLayoutSink } from '../store/layout/layout-sink.ts';
import { selectImage } from '../store/select.ts';
import { checkArchiveWritable, checkLayoutWritable, checkLocalReadable } from './check-local.ts';
import { archiveNames, layoutName } from './local-names.ts';
import { noDaemon, refuseDigest } from './refusals.ts';

export interface LocatorOptions {
  readonly registry: RegistryOptions;
  /** Go's name of this machine's architecture: `amd64`. */
  readonly hostArchitecture: string;
}

interface SinkOptions {
  /** Name inside archives and layouts when the location has no REF. */
  readonly imageName?: Reference;
}

/** Locations to stores: what phases' callers build their `ImageFinder` and sinks from. Dispose closes what it opened. */
export interface Locator extends ImageFinder, AsyncDisposable {
  /** Opened once for each repository, layout or archive. */
  readonly openSource: (location: Location, ctx: Context) => Promise<ImageSource>;
  /** The caller disposes the sink. */
  readonly openSink: (location: Location, ctx: Context, options?: SinkOptions) => Promise<ImageSink>;
}

type ArchiveSource = ImageSource & AsyncDisposable;

export function createLocator(options: LocatorOptions): Locator {
  const client = createRegistryClient(options.registry);
  const archives = new Map<string, Promise<ArchiveSource>>();

  const openSource = async (location: Location, ctx: Context): Promise<ImageSource> => {
    switch (location.kind) {
      case 'registry':
        return repositoryOf(client, location.reference);
      case 'oci':
        return openLayout(location.dir);
      case 'oci-archive':
      case 'docker-archive':
        return openShared(archives, location.file, ctx);
      case 'docker-daemon':
        throw noDaemon(location, 'read');
    }
  };

  return {
    openSource,
    openSink: (location, ctx, sinkOptions) => openSink(client, location, ctx, sinkOptions),
    find: async (location, role, ctx, findOptions = {}) =>
      naming(role, location, ctx, async () =>
        selectImage(await openSource(location, ctx), location, ctx, {
          ...findOptions,
          role,
          hostArchitecture: options.hostArchitecture,
        }),
      ),
    checkRead: (location, ctx) => checkRead(client, location, ctx),
    checkWrite: (location, ctx) => checkWrite(client, location, ctx),
    sameRegistry: isSameRegistry,
    [Symbol.asyncDispose]: async () => {
      const opened = await Promise.allSettled(archives.values());
      for (const archive of opened) if (archive.status === 'fulfilled') await archive.value[Symbol.asyncDispose]();
      await client[Symbol.asyncDispose]();
    },
  };
}

async function openSink(
  client: RegistryClient,
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
      return openArchiveSink(location.file, ctx, { format, ...archiveNames(format, location.ref, options.imageName) });
    }
    case 'docker-daemon':
      throw noDaemon(location, 'write');
  }
}

async function checkRead(client: RegistryClient, location: Location, ctx: Context): Promise<void> {
  switch (location.kind) {
    case 'registry':
      return repositoryOf(client, location.reference).checkRead(referenceTarget(location.reference), ctx);
    case 'oci':
      return checkLocalReadable(location.dir);
    case 'oci-archive':
    case 'docker-archive':
      return checkLocalReadable(location.file);
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
      return checkArchiveWritable(location.file);
    case 'docker-daemon':
      throw noDaemon(location, 'write');
  }
}

/** True for two repositories of one registry, and for two images of one layout or archive. */
function isSameRegistry(a: Location, b: Location): boolean {
  if (a.kind === 'registry' && b.kind === 'registry') return a.reference.registry === b.reference.registry;
  if (a.kind === 'oci' && b.kind === 'oci') return resolve(a.dir) === resolve(b.dir);
  if ('file' in a && 'file' in b) return resolve(a.file) === resolve(b.file);
  return false;
}

function repositoryOf(client: RegistryClient, reference: Reference): RegistryRepository {
  return client.repository(reference.registry, reference.repository);
}

async function openShared(
  archives: Map<string, Promise<ArchiveSource>>,
  file: string,
  ctx: Context,
): Promise<ArchiveSource> {
  const key = resolve(file);
  const opening = archives.get(key) ?? openArchive(file, ctx);
  archives.set(key, opening);
  try {
    return await opening;
  } catch (error) {
    archives.delete(key);
    throw error;
  }
}

/** Errors of the task say which image was wanted, and as what. */
async function naming<T>(role: ImageRole, location: Location, ctx: Context, task: () => Promise<T>): Promise<T> {
  try {
    return await task();
  } catch (error) {
    if (ctx.signal.aborted || !(error instanceof SlipwayError) || error.message.includes(role)) throw error;
    throw new SlipwayError(error.code, `${role} ${displayLocation(location)}: ${error.message}`, {
      details: error.details,
      cause: error,
      ...(error.hint === undefined ? {} : { hint: error.hint }),
      ...(error.exit === undefined ? {} : { exit: error.exit }),
    });
  }
}
