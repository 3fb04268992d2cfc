import { descriptorToJson } from '../oci/descriptor.ts';
import { isDigest } from '../oci/digest.ts';
import { compareBytes, goJson } from '../oci/go-json.ts';
import { OCI_INDEX } from '../oci/media-types.ts';
import { errorAnswer, type Answer } from './answer.ts';
import type { Call } from './call.ts';

/** GET `/v2/NAME/referrers/DIGEST?artifactType=`: an index, empty when nothing refers to the digest. */
export async function answerReferrers(call: Call, repository: string, digest: string): Promise<Answer> {
  if (!isDigest(digest)) return errorAnswer(400, 'DIGEST_INVALID', `"${digest.slice(0, 80)}" is not a digest`);
  if (call.method !== 'GET' && call.method !== 'HEAD')
    return errorAnswer(405, 'UNSUPPORTED', `${call.method} means nothing here`, { allow: 'GET, HEAD' });
  const wanted = call.query.get('artifactType');
  const all = await call.backend.referrers(repository, digest, call.ctx);
  const shown = all
    .filter(({ artifactType }) => wanted === null || artifactType === wanted)
    .sort((a, b) => compareBytes(a.digest, b.digest));
  const text = goJson({ schemaVersion: 2, mediaType: OCI_INDEX, manifests: shown.map(descriptorToJson) });
  const body = Buffer.from(text);
  return {
    status: 200,
    headers: {
      'content-type': OCI_INDEX,
      'content-length': String(body.byteLength),
      ...(wanted === null ? {} : { 'oci-filters-applied': 'artifactType' }),
    },
    body,
  };
}
