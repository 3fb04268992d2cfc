import type { Context } from '../core/context.ts';
import { SlipwayError } from '../core/errors.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { digestOf, type Digest } from '../oci/digest.ts';
import { isIndexType, OCI_INDEX } from '../oci/media-types.ts';
import { decodeManifest } from '../oci/manifest.ts';
import { ofArtifactType } from '../oci/referrer.ts';
import type { ReferrersOptions } from '../ports/store.ts';
import { pagesOf } from './pages.ts';
import { readFallback } from './referrers-fallback.ts';
import { pullAccess, repositoryPath, type RepositoryAccess } from './repository-access.ts';
import type { RegistryAnswer } from './session.ts';

/** How registries say that they have no such API. */
const NO_API: readonly number[] = [400, 404, 405, 406, 501];

/**
 * What refers to a manifest: from the referrers API, page by page; from the index under the fallback tag where the registry has no such
 * API (distribution-spec, "listing referrers"). Filtered by the registry when it says so (`OCI-Filters-Applied`), else here.
 */
export async function listReferrers(
  access: RepositoryAccess,
  subject: Digest,
  ctx: Context,
  { artifactType }: ReferrersOptions = {},
): Promise<readonly Descriptor[]> {
  const query = artifactType === undefined ? '' : `?${new URLSearchParams({ artifactType }).toString()}`;
  const name = `the referrers of ${access.description}@${subject}`;
  const list = {
    session: access.session,
    path: repositoryPath(access, `referrers/${subject}${query}`),
    access: pullAccess(access),
    name,
    subject: { what: name, action: 'read', missing: 'REGISTRY_ERROR' },
    passed: NO_API,
  } as const;
  const found = new Map<Digest, Descriptor>();
  for await (const { answer, bytes } of pagesOf(list, ctx)) {
    if (bytes === undefined) await answer.discard();
    // A page of another type comes from something that answers every path.
    if (bytes === undefined || !isIndexType(mediaTypeOf(answer)))
      return ofArtifactType(await readFallback(access, subject, ctx), artifactType);
    const page = decodeReferrers(bytes, name);
    const shown = isFiltered(answer) ? page : ofArtifactType(page, artifactType);
    for (const descriptor of shown) found.set(descriptor.digest, descriptor);
  }
  return [...found.values()];
}

function decodeReferrers(bytes: Uint8Array, name: string): readonly Descriptor[] {
  const descriptor = { mediaType: OCI_INDEX, digest: digestOf(bytes), size: bytes.byteLength };
  const index = decodeManifest({ bytes, descriptor }, name);
  if (index.kind === 'index') return index.manifests;
  throw new SlipwayError('REGISTRY_ERROR', `${name} are not an index`);
}

function mediaTypeOf(answer: RegistryAnswer): string {
  return (answer.headers['content-type'] ?? '').split(';')[0]?.trim() ?? '';
}

function isFiltered(answer: RegistryAnswer): boolean {
  const applied = (answer.headers['oci-filters-applied'] ?? '').split(',');
  return applied.some((filter) => filter.trim().toLowerCase() === 'artifacttype');
}
