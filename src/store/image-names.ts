import { basename, resolve } from 'node:path';
import { hasCode } from '../core/errors.ts';
import { HUB, isTag, parseReference, type Reference } from '../oci/reference.ts';

/** Annotation of index entries: the name in a layout (image-spec, annotations.md). */
export const REF_NAME = 'org.opencontainers.image.ref.name';
/** Annotation of index entries: the full name, which containerd and Docker prefer. */
export const IMAGE_NAME = 'io.containerd.image.name';

/** Annotation of index entries without a name: the repository into which a registry, or a copy of referrers, put them by digest. */
export const REPOSITORY = 'io.slipway.repository';

/** `docker.io/library/app:1`: a name as engines print it. Undefined for a reference without tag. */
export function engineName(reference: Reference): string | undefined {
  if (reference.tag === undefined) return undefined;
  const registry = reference.registry === HUB ? 'docker.io' : reference.registry;
  return `${registry}/${reference.repository}:${reference.tag}`;
}

/** The shortest text that means the reference: `app` for `docker.io/library/app:latest`. Undefined for a reference without tag. */
export function shortName(reference: Reference): string | undefined {
  if (reference.tag === undefined) return undefined;
  const { registry, repository, tag } = reference;
  const isHub = registry === HUB;
  const path = isHub && repository.startsWith('library/') ? repository.slice('library/'.length) : repository;
  return `${isHub ? '' : `${registry}/`}${path}${tag === 'latest' ? '' : `:${tag}`}`;
}

/** The engine name that a REF means, when it is a reference and not a mere tag such as `latest` or `1.2`. */
export function engineNameOf(ref: string): string | undefined {
  if (!/[:/]/.test(ref)) return undefined;
  const reference = referenceOf(ref);
  return reference === undefined ? undefined : engineName(reference);
}

/** True when two texts name the same image under the rules for short names. */
export function isSameName(a: string, b: string): boolean {
  const [left, right] = [referenceOf(a), referenceOf(b)];
  if (left === undefined || right === undefined) return false;
  return engineName(left) !== undefined && engineName(left) === engineName(right);
}

/**
 * The repository of a layout's entry of that name, as a registry that serves the layout shows it: `team/app` for `team/app:1` and for
 * `host:5000/team/app:1`; undefined for a mere tag, which is in the repository named after the folder.
 */
export function repositoryOfName(name: string): string | undefined {
  if (isTag(name)) return undefined;
  const [colon, slash] = [name.lastIndexOf(':'), name.lastIndexOf('/')];
  const path = colon > slash ? name.slice(0, colon) : name;
  return path.replace(/^(?:[A-Za-z0-9.-]+:\d+|\[[0-9a-fA-F:]+\](?::\d+)?)\//, '');
}

/** The repository for entries that name none: what the folder or file is called. */
export function folderRepository(path: string): string {
  const name = basename(resolve(path))
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '');
  return name === '' ? 'image' : name;
}

function referenceOf(text: string): Reference | undefined {
  try {
    return parseReference(text);
  } catch (error) {
    if (hasCode(error, 'REFERENCE_INVALID')) return undefined;
    throw error;
  }
}
