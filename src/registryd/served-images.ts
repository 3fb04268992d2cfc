import type { Context } from '../core/context.ts';
import { hasCode } from '../core/errors.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { isDigest, type Digest } from '../oci/digest.ts';
import { decodeManifest, type RawManifest } from '../oci/manifest.ts';
import type { ImageSource, Lister } from '../ports/store.ts';
import { servedEntries, type ServedEntry } from './layout-names.ts';
import { referrerOf } from '../oci/referrer.ts';

/** The images of a layout or archive, by repository: what a client may see. */
export interface ServedImages {
  readonly entries: (ctx: Context) => Promise<readonly ServedEntry[]>;
  /** Whether an entry of the repository reaches the manifest, config or layer. */
  readonly reaches: (repository: string, digest: Digest, ctx: Context) => Promise<boolean>;
  /** A manifest by tag, or by digest when the repository reaches it. */
  readonly manifest: (repository: string, target: string | Digest, ctx: Context) => Promise<RawManifest | undefined>;
  /** A manifest of any repository; undefined when the digest is missing or no manifest's. */
  readonly read: (digest: Digest, ctx: Context) => Promise<RawManifest | undefined>;
  readonly referrers: (repository: string, subject: Digest, ctx: Context) => Promise<readonly Descriptor[]>;
}

/** What is kept of a manifest: under its digest it never changes. */
interface Facts {
  /** Config and layers of a manifest. */
  readonly parts: ReadonlySet<Digest>;
  /** Manifests of an index. */
  readonly children: readonly Digest[];
  readonly subject: Digest | undefined;
  readonly referrer: Descriptor;
}

/** Reads follow the source as it is at that moment; `folder` is the repository of entries that name none. */
export function servedImages(source: ImageSource & Lister, folder: string): ServedImages {
  const known = new Map<Digest, Facts>();
  /** Indexes that a source makes of several entries with one name: they cannot be read by digest. */
  const made = new Map<Digest, RawManifest>();

  const entries = async (ctx: Context): Promise<readonly ServedEntry[]> => {
    try {
      return servedEntries(folder, await source.list(ctx));
    } catch (error) {
      if (hasCode(error, 'IMAGE_NOT_FOUND')) return [];
      throw error;
    }
  };
  const read = async (digest: Digest, ctx: Context): Promise<RawManifest | undefined> => {
    try {
      return made.get(digest) ?? (await source.resolve(digest, ctx));
    } catch (error) {
      // A config or layer, or a child that is kept elsewhere.
      if (hasCode(error, 'IMAGE_NOT_FOUND', 'IMAGE_INVALID', 'MEDIA_TYPE_UNSUPPORTED')) return undefined;
      throw error;
    }
  };
  const factsOf = async (digest: Digest, ctx: Context): Promise<Facts | undefined> => {
    const found = known.get(digest);
    if (found !== undefined) return found;
    const raw = await read(digest, ctx);
    const facts = raw === undefined ? undefined : describe(raw);
    if (facts !== undefined) known.set(digest, facts);
    return facts;
  };
  const isBelow = async (digest: Digest, wanted: Digest, ctx: Context): Promise<boolean> => {
    if (digest === wanted) return true;
    const facts = await factsOf(digest, ctx);
    if (facts?.parts.has(wanted) === true) return true;
    for (const child of facts?.children ?? []) if (await isBelow(child, wanted, ctx)) return true;
    return false;
  };
  /** The manifest or index and those in it. */
  const family = async (digest: Digest, ctx: Context): Promise<readonly Facts[]> => {
    const facts = await factsOf(digest, ctx);
    if (facts === undefined) return [];
    const below = await Promise.all(facts.children.map((child) => family(child, ctx)));
    return [facts, ...below.flat()];
  };
  const ofRepository = async (repository: string, ctx: Context): Promise<readonly ServedEntry[]> =>
    (await entries(ctx)).filter((served) => served.repository === repository);
  const reaches = async (repository: string, digest: Digest, ctx: Context): Promise<boolean> => {
    for (const { entry } of await ofRepository(repository, ctx))
      if (await isBelow(entry.descriptor.digest, digest, ctx)) return true;
    return made.has(digest);
  };

  return {
    entries,
    reaches,
    read,
    manifest: async (repository, target, ctx) => {
      if (isDigest(target)) return (await reaches(repository, target, ctx)) ? read(target, ctx) : undefined;
      const found = (await ofRepository(repository, ctx)).find(({ tag }) => tag === target);
      if (found === undefined) return undefined;
      const { name, descriptor } = found.entry;
      const raw = await source.resolve(name ?? descriptor.digest, ctx);
      if (raw.descriptor.digest !== descriptor.digest) made.set(raw.descriptor.digest, raw);
      return raw;
    },
    referrers: async (repository, subject, ctx) => {
      const found = new Map<Digest, Descriptor>();
      for (const { entry } of await ofRepository(repository, ctx)) {
        for (const facts of await family(entry.descriptor.digest, ctx))
          if (facts.subject === subject) found.set(facts.referrer.digest, facts.referrer);
      }
      return [...found.values()];
    },
  };
}

function describe(raw: RawManifest): Facts {
  const decoded = decodeManifest(raw, raw.descriptor.digest);
  const parts = decoded.kind === 'manifest' ? [decoded.config, ...decoded.layers] : [];
  return {
    parts: new Set(parts.map(({ digest }) => digest)),
    children: decoded.kind === 'index' ? decoded.manifests.map(({ digest }) => digest) : [],
    subject: decoded.subject?.digest,
    referrer: referrerOf(raw, decoded),
  };
}
