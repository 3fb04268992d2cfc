import type { Context } from '../core/context.ts';
import { hasCode } from '../core/errors.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import { decodeManifest, encodeIndex, type ImageIndex, type Manifest, type RawManifest } from '../oci/manifest.ts';
import { OCI_INDEX } from '../oci/media-types.ts';
import { referrerOf, referrersTag } from '../oci/referrer.ts';
import { getManifest, putManifest } from './manifests.ts';
import type { RepositoryAccess } from './repository-access.ts';

/** What the index under the fallback tag lists (distribution-spec, "referrers tag schema"); nothing when there is no such tag. */
export async function readFallback(
  access: RepositoryAccess,
  subject: Digest,
  ctx: Context,
): Promise<readonly Descriptor[]> {
  return (await readIndex(access, subject, ctx))?.manifests ?? [];
}

/**
 * PUT of a manifest or index; when it refers to another one and the registry does not say that it noticed (`OCI-Subject`), its entry is
 * added to the index under the fallback tag. Changes of one tag by this client go one after another.
 */
export async function putReferring(
  access: RepositoryAccess,
  target: string,
  manifest: RawManifest,
  ctx: Context,
): Promise<void> {
  const { isSubjectKnown } = await putManifest(access, target, manifest, ctx);
  const decoded = isSubjectKnown ? undefined : decode(manifest);
  const subject = decoded?.subject?.digest;
  if (decoded === undefined || subject === undefined) return;
  const entry = referrerOf(manifest, decoded);
  await change(access, subject, ctx, (before) =>
    before.some(({ digest }) => digest === entry.digest) ? before : [...before, entry],
  );
}

/** Takes a deleted manifest out of the fallback list of its subject, where there is one. */
export async function dropFromFallback(
  access: RepositoryAccess,
  subject: Digest,
  digest: Digest,
  ctx: Context,
): Promise<void> {
  await change(access, subject, ctx, (before) => {
    const kept = before.filter((entry) => entry.digest !== digest);
    return kept.length === before.length ? before : kept;
  });
}

/** The digest that a manifest refers to; undefined for none, and for bytes that are no manifest of a known kind. */
export function subjectOf(manifest: RawManifest): Digest | undefined {
  return decode(manifest)?.subject?.digest;
}

/** Nothing is pushed when `edit` returns what it was given. */
async function change(
  access: RepositoryAccess,
  subject: Digest,
  ctx: Context,
  edit: (before: readonly Descriptor[]) => readonly Descriptor[],
): Promise<void> {
  const key = referrersTag(subject);
  const turn = (access.turns.get(key) ?? Promise.resolve()).then(async () => {
    const index = await readIndex(access, subject, ctx);
    const before = index?.manifests ?? [];
    const manifests = edit(before);
    if (manifests === before) return;
    const next = encodeIndex({ mediaType: OCI_INDEX, annotations: index?.annotations ?? {}, manifests });
    await putManifest(access, key, next, ctx);
  });
  // Whoever comes next is not stopped by this one's failure, which its own caller hears of.
  access.turns.set(
    key,
    turn.catch(() => undefined),
  );
  await turn;
}

async function readIndex(access: RepositoryAccess, subject: Digest, ctx: Context): Promise<ImageIndex | undefined> {
  const tag = referrersTag(subject);
  try {
    const decoded = decodeManifest(await getManifest(access, tag, ctx), `${access.description}:${tag}`);
    return decoded.kind === 'index' ? decoded : undefined;
  } catch (error) {
    if (hasCode(error, 'IMAGE_NOT_FOUND')) return undefined;
    throw error;
  }
}

function decode(manifest: RawManifest): Manifest | ImageIndex | undefined {
  try {
    return decodeManifest(manifest, `manifest ${manifest.descriptor.digest}`);
  } catch (error) {
    // Any type may be pushed; only those known have a subject.
    if (hasCode(error, 'IMAGE_INVALID', 'MEDIA_TYPE_UNSUPPORTED')) return undefined;
    throw error;
  }
}
