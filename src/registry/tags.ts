import { collect } from '../core/bytes.ts';
import type { Context } from '../core/context.ts';
import { SlipwayError } from '../core/errors.ts';
import { parseJson } from '../oci/manifest.ts';
import { ObjectReader } from '../schema/reader.ts';
import { refusal } from './errors.ts';
import { handedUrl } from './follow.ts';
import { pullAccess, repositoryPath, type RepositoryAccess } from './repository-access.ts';
import type { RegistryAnswer, RegistryRequest } from './session.ts';

const MAX_PAGE_BYTES = 16 * 1024 * 1024;
const MAX_PAGES = 10_000;

/** Every tag of a repository, page by page. Throws `IMAGE_NOT_FOUND` when the registry has no such repository. */
export async function listTags(access: RepositoryAccess, ctx: Context): Promise<readonly string[]> {
  const subject = { what: `repository ${access.description}`, action: 'read', missing: 'IMAGE_NOT_FOUND' } as const;
  const tags = new Set<string>();
  const seen = new Set<string>();
  let to: string | URL | undefined = repositoryPath(access, 'tags/list');
  while (to !== undefined) {
    const request: RegistryRequest = { method: 'GET', to, access: pullAccess(access), wholeBytes: MAX_PAGE_BYTES };
    const answer = await access.session.send(request, ctx);
    if (answer.status !== 200) throw await refusal(access.session, { request: request, answer }, subject, ctx);
    const page = await collect(answer.body, MAX_PAGE_BYTES, `the tag list of ${access.description}`);
    const reader = new ObjectReader(parseJson(page, `the tag list of ${access.description}`));
    for (const tag of reader.strings('tags')) tags.add(tag);
    seen.add(answer.url.href);
    to = nextPage(access, answer);
    if (to !== undefined && (seen.has(to.href) || seen.size > MAX_PAGES))
      throw new SlipwayError('REGISTRY_ERROR', `the tag list of ${access.description} does not end`);
  }
  return [...tags];
}

/** The target of a `Link: <…>; rel="next"` header (distribution-spec, content discovery). */
function nextPage(access: RepositoryAccess, answer: RegistryAnswer): URL | undefined {
  const link = /<([^>]*)>\s*;[^,]*rel="?next"?/i.exec(answer.headers['link'] ?? '')?.[1];
  return link === undefined ? undefined : handedUrl(link, answer.url, access.session.options);
}
