import type { Context } from '../core/context.ts';
import type { Digest } from '../oci/digest.ts';
import type { Origin } from '../ports/blob.ts';
import type {
  BlobFinder,
  Deleter,
  ImageSink,
  ImageSource,
  Lister,
  RangeReader,
  ReferrerLister,
  StoreEntry,
  TagLister,
} from '../ports/store.ts';
import { hasBlob, openBlob, openBlobAt } from './blobs.ts';
import { deleteBlob, deleteManifest } from './delete.ts';
import { findBlob } from './find-blob.ts';
import type { Challenge } from './challenge.ts';
import type { Transport } from './http.ts';
import { checkRead, getManifest, headManifest } from './manifests.ts';
import { withMirror, type MirrorMap } from './mirror-map.ts';
import { mirrored } from './mirrored.ts';
import { NO_NETWORK_OPTIONS } from './network-options.ts';
import { openTransport } from './open-transport.ts';
import type { RegistryOptions } from './options.ts';
import { routeOf, type RegistriesConf } from './registries-conf.ts';
import { readRegistriesConf } from './registries-conf-files.ts';
import { probeRegistry, type Probed, type RegistryProbe } from './probe.ts';
import type { RepositoryAccess } from './repository-access.ts';
import { createSession, type RegistrySession } from './session.ts';
import { sharedPut } from './shared-put.ts';
import { createSink } from './sink.ts';
import { listReferrers } from './referrers.ts';
import { listCatalog, listTags } from './tags.ts';
import { checkWrite, putBlob } from './upload.ts';

/** Tags whose descriptors are asked for at once when a repository is listed. */
const LIST_WIDTH = 8;

/** Registries as stores. One client a command: it keeps connections, tokens and what is known to be there. Dispose it at the end. */
export interface RegistryClient extends AsyncDisposable {
  /** No request is made before one of the repository's functions is called. */
  readonly repository: (registry: string, repository: string) => RegistryRepository;
  /** The repositories of a registry, as it pages them. `NOT_SUPPORTED` where it has no catalog. */
  readonly catalog: (registry: string, ctx: Context) => AsyncIterable<string>;
  /** What the registry asks of those who want an image (or its base), and whether their credentials satisfy it. */
  readonly probe: (registry: string, probed: Probed | undefined, ctx: Context) => Promise<RegistryProbe>;
  /** What a registry asked for last: told also of one that then refused. */
  readonly challenge: (registry: string) => Challenge | undefined;
}

export interface RegistryRepository
  extends ImageSource, Lister, TagLister, RangeReader, ReferrerLister, Deleter, BlobFinder {
  readonly origin: Origin;
  /** Where an image of that tag is pushed to. */
  readonly openSink: (tag: string) => ImageSink;
  /** Throws when a manifest request is refused or the registry cannot be reached; absence is fine (contract §9.2). */
  readonly checkRead: (target: string, ctx: Context) => Promise<void>;
  /** Throws when no upload can be started (contract §9.2); starts one and cancels it. */
  readonly checkWrite: (ctx: Context) => Promise<void>;
  /** Throws `BLOB_NOT_FOUND`, `NOT_SUPPORTED`. Manifests that need the blob are not looked for. */
  readonly deleteBlob: (digest: Digest, ctx: Context) => Promise<void>;
}

export function createRegistryClient(options: RegistryOptions): RegistryClient {
  let transport: Promise<Transport> | undefined;
  let readConf: RegistriesConf | undefined;
  const conf = (): RegistriesConf =>
    (readConf ??= readRegistriesConf((options.network ?? NO_NETWORK_OPTIONS).registriesConf));
  let readMirrors: MirrorMap | undefined;
  const mirrors = (): MirrorMap => (readMirrors ??= options.mirrors?.() ?? new Map());
  const sessions = new Map<string, RegistrySession>();
  const repositories = new Map<string, RegistryRepository>();

  const sessionOf = (registry: string, by: Reach = {}): RegistrySession => {
    const key = `${registry} ${JSON.stringify(by)}`;
    const known = sessions.get(key);
    if (known !== undefined) return known;
    // undici takes a tenth of a second to load: not before the first request.
    const session = createSession(
      registry,
      reachedBy(options, registry, by),
      () => (transport ??= openTransport(options)),
    );
    sessions.set(key, session);
    return session;
  };

  const open = (registry: string, repository: string, by: Reach): RegistryRepository =>
    openRepository({
      session: sessionOf(registry, by),
      repository,
      description: `${registry}/${repository}`,
      known: new Set(),
      turns: new Map(),
    });

  return {
    repository: (registry, repository) => {
      const description = `${registry}/${repository}`;
      const known = repositories.get(description);
      if (known !== undefined) return known;
      const route = withMirror(routeOf(conf(), registry, repository), mirrors(), registry, repository);
      const own = open(registry, repository, route.isInsecure ? { isInsecure: true } : {});
      const places = route.places.map((place, index) => ({
        repository: open(place.registry, place.repository, {
          ...(place.isInsecure ? { isInsecure: true } : {}),
          ...(index < route.places.length - 1 ? { isMirror: true } : {}),
        }),
        takes: place.takes,
      }));
      const opened = places.length === 0 ? own : mirrored(own, places);
      repositories.set(description, opened);
      return opened;
    },
    catalog: (registry, ctx) => listCatalog(sessionOf(registry), ctx),
    probe: (registry, probed, ctx) => probeRegistry(sessionOf(registry), probed, ctx),
    challenge: (registry) => sessionOf(registry).authorizer.challenge(),
    [Symbol.asyncDispose]: async () => {
      const loaded = await transport;
      await loaded?.[Symbol.asyncDispose]();
    },
  };
}

/** How registries.conf has a registry reached. */
interface Reach {
  readonly isInsecure?: true;
  /** Another place is left to ask. */
  readonly isMirror?: true;
}

function reachedBy(options: RegistryOptions, registry: string, { isInsecure, isMirror }: Reach): RegistryOptions {
  return {
    ...options,
    ...(isInsecure === true ? { insecure: [...options.insecure, registry] } : {}),
    ...(isMirror === true ? { retry: { ...options.retry, attempts: Math.min(2, options.retry?.attempts ?? 2) } } : {}),
  };
}

function openRepository(access: RepositoryAccess): RegistryRepository {
  const put = sharedPut((blob, ctx, options) => putBlob(access, blob, ctx, options));
  return {
    description: access.description,
    origin: { registry: access.session.registry, repository: access.repository },
    has: (descriptor, ctx) => hasBlob(access, descriptor, ctx),
    open: (descriptor, ctx) => openBlob(access, descriptor, ctx),
    openAt: (descriptor, offset, ctx) => openBlobAt(access, descriptor, offset, ctx),
    resolve: (name, ctx) => getManifest(access, name ?? 'latest', ctx),
    tags: (ctx) => listTags(access, ctx),
    findBlob: (digest, ctx) => findBlob(access, digest, ctx),
    list: (ctx) => listEntries(access, ctx),
    openSink: (tag) => createSink(access, tag, put),
    checkRead: (target, ctx) => checkRead(access, target, ctx),
    checkWrite: (ctx) => checkWrite(access, ctx),
    referrers: (subject, ctx, options) => listReferrers(access, subject, ctx, options),
    delete: (name, ctx) => deleteManifest(access, name, ctx),
    deleteBlob: (digest, ctx) => deleteBlob(access, digest, ctx),
  };
}

async function listEntries(access: RepositoryAccess, ctx: Context): Promise<readonly StoreEntry[]> {
  const tags = await listTags(access, ctx);
  const entries: StoreEntry[] = [];
  for (let start = 0; start < tags.length; start += LIST_WIDTH) {
    const found = await Promise.all(
      tags
        .slice(start, start + LIST_WIDTH)
        .map(async (name) => ({ name, head: await headManifest(access, name, ctx) })),
    );
    // A tag may go between the list and the question.
    for (const { name, head } of found) if (head !== undefined) entries.push({ name, descriptor: head });
  }
  return entries;
}
