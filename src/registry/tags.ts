import type { Context } from '../core/context.ts';
import { hasCode, SlipwayError } from '../core/errors.ts';
import { parseJson } from '../oci/manifest.ts';
import { describeIssues, ObjectReader } from '../schema/reader.ts';
import { pagesOf } from './pages.ts';
import { pullAccess, repositoryPath, type RepositoryAccess } from './repository-access.ts';
import type { RegistrySession } from './session.ts';

/** Names that are asked for at once: registries answer with fewer when they like. */
const CATALOG_PAGE = 1000;

/** Every tag of a repository, page by page. Throws `IMAGE_NOT_FOUND` when the registry has no such repository. */
export async function listTags(access: RepositoryAccess, ctx: Context): Promise<readonly string[]> {
  const name = `the tag list of ${access.description}`;
  const list = {
    session: access.session,
    path: repositoryPath(access, 'tags/list'),
    access: pullAccess(access),
    name,
    subject: { what: `repository ${access.description}`, action: 'read', missing: 'IMAGE_NOT_FOUND' },
  } as const;
  const tags = new Set<string>();
  for await (const { bytes } of pagesOf(list, ctx)) for (const tag of names(bytes, 'tags', name)) tags.add(tag);
  return [...tags];
}

/**
 * The repositories of a registry, a page at a time; each once. Many registries have no catalog: `NOT_SUPPORTED` with what they said.
 */
export async function* listCatalog(session: RegistrySession, ctx: Context): AsyncGenerator<string, void, undefined> {
  const name = `the catalog of ${session.registry}`;
  const list = {
    session,
    path: `/v2/_catalog?n=${String(CATALOG_PAGE)}`,
    access: { repository: '', scopes: ['registry:catalog:*'] },
    name,
    subject: { what: name, action: 'read', missing: 'REGISTRY_ERROR' },
    passed: [404, 405, 501],
  } as const;
  const seen = new Set<string>();
  for await (const { answer, bytes } of pagesOf(list, ctx)) {
    if (bytes === undefined) {
      await answer.discard();
      throw new SlipwayError('NOT_SUPPORTED', `${session.registry} does not list its repositories`, {
        details: { request: answer.request, status: String(answer.status) },
        hint: 'name the repository',
      });
    }
    for (const repository of names(bytes, 'repositories', name)) {
      if (!seen.has(repository)) yield repository;
      seen.add(repository);
    }
  }
}

/** A list that is null or absent has no names. */
function names(page: Uint8Array | undefined, key: string, subject: string): readonly string[] {
  if (page === undefined) return [];
  const reader = new ObjectReader(pageOf(page, subject));
  const found = reader.strings(key);
  if (reader.issues.length > 0)
    throw new SlipwayError('REGISTRY_ERROR', `${subject} is malformed: ${describeIssues(reader.issues)}`);
  return found;
}

/** What the registry says is no image: a page of a proxy or a login form, more often than not. */
function pageOf(page: Uint8Array, subject: string): unknown {
  try {
    return parseJson(page, subject);
  } catch (error) {
    if (!hasCode(error, 'IMAGE_INVALID')) throw error;
    throw new SlipwayError('REGISTRY_ERROR', error.message, {
      cause: error,
      hint: 'check that the address is that of a registry, and that no proxy answers instead of it',
    });
  }
}
