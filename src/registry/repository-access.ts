import type { Descriptor } from '../oci/descriptor.ts';
import { isDigest } from '../oci/digest.ts';
import type { Access } from './auth.ts';
import type { Subject } from './errors.ts';
import type { RegistryRequest, RegistrySession } from './session.ts';

/** One repository of a registry: what the functions of manifests, blobs, tags and upload work on. */
export interface RepositoryAccess {
  readonly session: RegistrySession;
  readonly repository: string;
  /** `host/repository`. */
  readonly description: string;
  /** Digests that were seen or put in this repository by this client. */
  readonly known: Set<string>;
  /** What changes a tag after reading it goes one after another: the last turn of each tag. */
  readonly turns: Map<string, Promise<void>>;
}

export function pullAccess({ repository }: RepositoryAccess): Access {
  return { repository, scopes: [`repository:${repository}:pull`] };
}

/** Pull and push, and pull from a repository that is mounted from. */
export function pushAccess({ repository }: RepositoryAccess, mountFrom?: string): Access {
  const mount = mountFrom === undefined ? [] : [`repository:${mountFrom}:pull`];
  return { repository, scopes: [`repository:${repository}:pull,push`, ...mount] };
}

/** Delete, and pull for what is read before. */
export function deleteAccess({ repository }: RepositoryAccess): Access {
  return { repository, scopes: [`repository:${repository}:pull,delete`] };
}

/** `image host/repository:tag` or `…@digest`. */
export function imageSubject(access: RepositoryAccess, target: string, action: Subject['action'] = 'read'): Subject {
  return {
    what: `image ${access.description}${isDigest(target) ? '@' : ':'}${target}`,
    action,
    missing: 'IMAGE_NOT_FOUND',
  };
}

export function blobSubject(
  access: RepositoryAccess,
  blob: Pick<Descriptor, 'digest'>,
  action: Subject['action'] = 'read',
): Subject {
  return {
    what: `blob ${blob.digest} of ${access.description}`,
    action,
    missing: action === 'write' ? 'REGISTRY_ERROR' : 'BLOB_NOT_FOUND',
  };
}

/** The path below `/v2/` of something in the repository. */
export function repositoryPath({ repository }: RepositoryAccess, rest: string): string {
  return `/v2/${repository}/${rest}`;
}

export function blobRequest(
  method: 'GET' | 'HEAD',
  access: RepositoryAccess,
  blob: Descriptor,
  scope: Access,
): RegistryRequest {
  return { method, to: repositoryPath(access, `blobs/${blob.digest}`), access: scope };
}
