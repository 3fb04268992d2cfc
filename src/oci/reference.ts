import { SlipwayError } from '../core/errors.ts';
import { isDigest, type Digest } from './digest.ts';

/** Docker Hub's registry name as the Go lifecycle prints and stores it (contract §2.2). */
export const HUB: string = 'index.docker.io';

/** A registry reference: host, repository, and a tag or digest (distribution-spec; contract §2.2). */
export interface Reference {
  /** `host[:port]`; `index.docker.io` for Docker Hub. */
  readonly registry: string;
  readonly repository: string;
  /** Present unless only a digest was given; `latest` when neither was. */
  readonly tag?: string;
  readonly digest?: Digest;
}

const REPOSITORY = /^[a-z0-9_\-./]{2,255}$/;
const TAG = /^[A-Za-z0-9_\-.]{1,128}$/;
const REGISTRY_TAG = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/;

/** Docker Hub rules for short names. Throws `REFERENCE_INVALID`. `repo:tag@digest` keeps both; the digest decides what is read. */
export function parseReference(text: string): Reference {
  const at = text.indexOf('@');
  const name = at < 0 ? text : text.slice(0, at);
  const digest = at < 0 ? undefined : text.slice(at + 1);
  if (digest !== undefined && !isDigest(digest)) throw invalid(text, `"${digest.slice(0, 80)}" is not a digest`);
  const { registry, rest } = splitRegistry(name);
  const colon = rest.lastIndexOf(':');
  const repositoryPart = colon < 0 ? rest : rest.slice(0, colon);
  const tag = colon < 0 ? undefined : rest.slice(colon + 1);
  const repository = registry === HUB && !repositoryPart.includes('/') ? `library/${repositoryPart}` : repositoryPart;
  if (!REPOSITORY.test(repositoryPart) || !hasSoundSegments(repository))
    throw invalid(text, `"${repositoryPart}" is not a repository name`);
  if (tag !== undefined && !TAG.test(tag)) throw invalid(text, `"${tag}" is not a tag`);
  return {
    registry,
    repository,
    ...(tag !== undefined ? { tag } : digest === undefined ? { tag: 'latest' } : {}),
    ...(digest === undefined ? {} : { digest }),
  };
}

/** `host/repository:tag`, `host/repository@digest`, or both parts: parse∘format is the identity. */
export function formatReference(reference: Reference): string {
  const tag = reference.tag === undefined ? '' : `:${reference.tag}`;
  const digest = reference.digest === undefined ? '' : `@${reference.digest}`;
  return `${repositoryName(reference)}${tag}${digest}`;
}

/** `host/repository`. */
export function repositoryName(reference: Reference): string {
  return `${reference.registry}/${reference.repository}`;
}

/** `host/repository@digest`: how the lifecycle names an image it has read. */
export function withDigest(reference: Reference, digest: Digest): Reference {
  return { registry: reference.registry, repository: reference.repository, digest };
}

/** True for a tag that a registry takes (distribution-spec); the lifecycle's own rule for references is wider. */
export function isTag(text: string): boolean {
  return REGISTRY_TAG.test(text);
}

/** The name a registry is asked by: the digest when there is one, else the tag. */
export function referenceTarget(reference: Reference): string {
  return reference.digest ?? reference.tag ?? 'latest';
}

function splitRegistry(name: string): { readonly registry: string; readonly rest: string } {
  const slash = name.indexOf('/');
  const first = slash < 0 ? '' : name.slice(0, slash);
  if (first.includes('.') || first.includes(':') || first === 'localhost') {
    const isHost = /^(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9a-fA-F:]+\])(?::\d{1,5})?$/.test(first);
    if (!isHost) throw invalid(name, `"${first}" is not a registry host`);
    return { registry: first === 'docker.io' ? HUB : first, rest: name.slice(slash + 1) };
  }
  return { registry: HUB, rest: name };
}

function hasSoundSegments(repository: string): boolean {
  return repository.split('/').every((segment) => segment !== '' && segment !== '.' && segment !== '..');
}

function invalid(text: string, why: string): SlipwayError {
  return new SlipwayError('REFERENCE_INVALID', `could not parse reference: ${text}`, {
    details: { reason: why },
    hint: 'write [host[:port]/]repository[:tag][@digest]; a local layout is oci:DIR, an archive docker-archive:FILE',
  });
}
