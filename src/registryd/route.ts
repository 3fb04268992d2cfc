/** What a path of the distribution-spec names. */
export type Route =
  | { readonly kind: 'ping' }
  | { readonly kind: 'catalog' }
  | { readonly kind: 'token' }
  | { readonly kind: 'tags'; readonly repository: string }
  | { readonly kind: 'manifest'; readonly repository: string; readonly target: string }
  | { readonly kind: 'blob'; readonly repository: string; readonly digest: string }
  | { readonly kind: 'referrers'; readonly repository: string; readonly digest: string }
  | { readonly kind: 'upload-start'; readonly repository: string }
  | { readonly kind: 'upload'; readonly repository: string; readonly session: string }
  | { readonly kind: 'bad-name'; readonly repository: string }
  | { readonly kind: 'unknown' };

/** distribution-spec, "pulling manifests": the grammar of a repository name. */
const REPOSITORY = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*$/;

/** The route of a path without its query. */
export function parseRoute(path: string): Route {
  if (path === '/v2' || path === '/v2/') return { kind: 'ping' };
  if (path === '/v2/_catalog') return { kind: 'catalog' };
  if (path === '/token') return { kind: 'token' };
  const found = inRepository(path);
  if (found === undefined) return { kind: 'unknown' };
  if ('repository' in found && !isRepositoryName(found.repository))
    return { kind: 'bad-name', repository: found.repository };
  return found;
}

export function isRepositoryName(name: string): boolean {
  return name.length <= 255 && REPOSITORY.test(name);
}

function inRepository(path: string): Route | undefined {
  const match =
    /^\/v2\/(?<repository>.+?)\/(?:(?<tags>tags\/list)|manifests\/(?<target>[^/]+)|referrers\/(?<subject>[^/]+)|blobs\/uploads\/(?<session>[^/]*)|blobs\/(?<digest>[^/]+))$/.exec(
      path,
    );
  const groups = match?.groups;
  const repository = groups?.['repository'];
  if (groups === undefined || repository === undefined) {
    const start = /^\/v2\/(.+?)\/blobs\/uploads$/.exec(path)?.[1];
    return start === undefined ? undefined : { kind: 'upload-start', repository: start };
  }
  const { target, subject, session, digest } = groups;
  if (groups['tags'] !== undefined) return { kind: 'tags', repository };
  if (target !== undefined) return { kind: 'manifest', repository, target };
  if (subject !== undefined) return { kind: 'referrers', repository, digest: subject };
  if (session !== undefined)
    return session === '' ? { kind: 'upload-start', repository } : { kind: 'upload', repository, session };
  return digest === undefined ? undefined : { kind: 'blob', repository, digest };
}
