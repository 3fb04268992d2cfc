import { SlipwayError } from '../core/errors.ts';
import { isDigest, type Digest } from './digest.ts';
import { formatReference, parseReference, type Reference } from './reference.ts';

/** Where an image is or goes: one grammar for every image argument (design §1.1). */
export type Location =
  | { readonly kind: 'registry'; readonly reference: Reference }
  | { readonly kind: 'oci'; readonly dir: string; readonly ref?: string; readonly digest?: Digest }
  | { readonly kind: 'oci-archive'; readonly file: string; readonly ref?: string; readonly digest?: Digest }
  | { readonly kind: 'docker-archive'; readonly file: string; readonly ref?: string; readonly digest?: Digest }
  | { readonly kind: 'docker-daemon'; readonly ref: string };

const SCHEME = /^(docker|oci|oci-archive|docker-archive|docker-daemon):/;

/** Text → location. A text without scheme is a registry reference. Throws `REFERENCE_INVALID`. `parse∘format` is the identity. */
export function parseLocation(text: string): Location {
  const scheme = SCHEME.exec(text)?.[1];
  const rest = scheme === undefined ? text : text.slice(scheme.length + 1);
  switch (scheme) {
    case 'docker':
      if (!rest.startsWith('//')) throw invalid(text, 'docker: is followed by //HOST/REPOSITORY');
      return { kind: 'registry', reference: parseReference(rest.slice(2)) };
    case 'oci': {
      const { path, ...tail } = splitPath(text, rest);
      return { kind: 'oci', dir: path, ...tail };
    }
    case 'oci-archive':
    case 'docker-archive': {
      const { path, ...tail } = splitPath(text, rest);
      return { kind: scheme, file: path, ...tail };
    }
    case 'docker-daemon':
      if (rest === '') throw invalid(text, 'docker-daemon: is followed by a name');
      return { kind: 'docker-daemon', ref: rest };
    case undefined:
    default:
      return { kind: 'registry', reference: parseReference(text) };
  }
}

/** True when the text says its scheme, so that `-layout` rules do not apply to it. */
export function hasScheme(text: string): boolean {
  return SCHEME.test(text);
}

/** True for `-` as the file of an archive: standard input where it is read, standard output where it is written. */
export function isStandardStream(location: Location): boolean {
  return 'file' in location && location.file === '-';
}

/** The same of a text that may be no location at all, for who must know before anything is parsed or refused. */
export function namesStandardStream(text: string): boolean {
  return /^(?:oci|docker)-archive:-(?:$|[:@;])/.test(text);
}

export function formatLocation(location: Location): string {
  switch (location.kind) {
    case 'registry':
      return `docker://${formatReference(location.reference)}`;
    case 'oci':
      return `oci:${encodePath(location.dir)}${formatTail(location)}`;
    case 'oci-archive':
    case 'docker-archive':
      return `${location.kind}:${encodePath(location.file)}${formatTail(location)}`;
    case 'docker-daemon':
      return `docker-daemon:${location.ref}`;
  }
}

/** As a person writes it: a registry reference without `docker://`. */
export function displayLocation(location: Location): string {
  return location.kind === 'registry' ? formatReference(location.reference) : formatLocation(location);
}

/** The location of one manifest of the same repository or layout. */
export function locationAtDigest(location: Location, digest: Digest): Location {
  switch (location.kind) {
    case 'registry':
      return {
        kind: 'registry',
        reference: { registry: location.reference.registry, repository: location.reference.repository, digest },
      };
    case 'oci':
      return { kind: 'oci', dir: location.dir, digest };
    case 'oci-archive':
    case 'docker-archive':
      return { kind: location.kind, file: location.file, digest };
    case 'docker-daemon':
      return location;
  }
}

interface PathParts {
  readonly path: string;
  readonly ref?: string;
  readonly digest?: Digest;
}

function splitPath(text: string, rest: string): PathParts {
  const tail = /@(sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$/.exec(rest)?.[1];
  const digest = tail !== undefined && isDigest(tail) ? tail : undefined;
  const named = digest === undefined ? rest : rest.slice(0, -(digest.length + 1));
  const drive = /^[A-Za-z]:[\\/]/.test(named) ? 2 : 0;
  const colon = named.indexOf(':', drive);
  const path = decodePath(colon < 0 ? named : named.slice(0, colon));
  const ref = colon < 0 ? undefined : named.slice(colon + 1);
  if (path === '') throw invalid(text, 'the path is empty');
  if (ref === '') throw invalid(text, 'the name after the colon is empty');
  return { path, ...(ref === undefined ? {} : { ref }), ...(digest === undefined ? {} : { digest }) };
}

function formatTail(location: { readonly ref?: string; readonly digest?: Digest }): string {
  return `${location.ref === undefined ? '' : `:${location.ref}`}${location.digest === undefined ? '' : `@${location.digest}`}`;
}

function encodePath(path: string): string {
  const drive = /^[A-Za-z]:[\\/]/.test(path) ? path.slice(0, 2) : '';
  return drive + path.slice(drive.length).replaceAll('%', '%25').replaceAll(':', '%3A').replaceAll('@', '%40');
}

function decodePath(text: string): string {
  return text.replace(/%(3A|40|25)/gi, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)));
}

function invalid(text: string, why: string): SlipwayError {
  return new SlipwayError('REFERENCE_INVALID', `"${text}" is not an image location: ${why}`, {
    hint: 'locations are a registry reference, oci:DIR[:NAME], oci-archive:FILE[:NAME] or docker-archive:FILE[:NAME]',
  });
}
