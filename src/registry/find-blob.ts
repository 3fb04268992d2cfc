import type { Context } from '../core/context.ts';
import { SlipwayError } from '../core/errors.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import { ANY_BYTES } from '../oci/media-types.ts';

import { refusal } from './errors.ts';
import { blobRequest, blobSubject, pullAccess, type RepositoryAccess } from './repository-access.ts';

/** HEAD of a blob of which only the digest is known; undefined when the repository has none. Other refusals throw. */
export async function findBlob(
  access: RepositoryAccess,
  digest: Digest,
  ctx: Context,
): Promise<Descriptor | undefined> {
  const unsized: Descriptor = { mediaType: ANY_BYTES, digest, size: 0 };
  const request = blobRequest('HEAD', access, unsized, pullAccess(access));
  const answer = await access.session.send(request, ctx);
  await answer.discard();
  if (answer.status === 404) return undefined;
  const subject = blobSubject(access, unsized);
  if (answer.status !== 200) throw await refusal(access.session, { request, answer }, subject, ctx);
  const size = Number(answer.headers['content-length'] ?? Number.NaN);
  if (!Number.isSafeInteger(size))
    throw new SlipwayError('REGISTRY_ERROR', `${access.session.registry} does not say how large ${subject.what} is`);
  return { ...unsized, size };
}
