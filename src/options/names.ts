import { SlipwayError } from '../core/errors.ts';
import { parseDigest } from '../oci/digest.ts';
import { displayLocation, hasScheme, parseLocation, type Location } from '../oci/location.ts';
import { parseReference, referenceTarget } from '../oci/reference.ts';

/** How the programs of the lifecycle read image arguments: by scheme, as registry references, or under `-layout`. */
export interface NameRules {
  /** `-layout-dir`, as given; set when `-layout` is on. */
  readonly layoutDir?: string;
}

/** An image argument: where it is, and what the log calls it. */
export interface NamedLocation {
  /** As given, or the path of the layout (contract §15.3). */
  readonly name: string;
  readonly location: Location;
}

/**
 * Text of an image argument → location. A text with a scheme means the same everywhere; without one it is a registry reference, or
 * `<layout-dir>/<registry>/<repository>/<tag>` under `-layout`. Throws `REFERENCE_INVALID` (exit 3).
 */
export function readName(text: string, rules: NameRules): NamedLocation {
  if (rules.layoutDir === undefined || hasScheme(text)) return { name: text, location: parseLocation(text) };
  const directory = layoutPath(text, rules.layoutDir);
  return { name: directory, location: { kind: 'oci', dir: directory } };
}

/** The same location as a place to write to: a layout of `-layout` gets its entry's name, as the Go lifecycle annotates it. */
export function asOutput(named: NamedLocation, rules: NameRules): NamedLocation {
  if (rules.layoutDir === undefined || named.location.kind !== 'oci' || named.location.ref !== undefined) return named;
  if (named.location.dir !== named.name) return named;
  return { name: named.name, location: { ...named.location, ref: named.name.split('/').at(-1) ?? 'latest' } };
}

/** The text of a pinned image in analyzed.toml: `repo@digest`, `oci:DIR@digest`, or `<path>@<digest>` under `-layout`. */
export function formatPinned(location: Location, rules: NameRules): string {
  const path = layoutName(location, rules);
  return path === undefined || !('digest' in location) ? displayLocation(location) : `${path}@${location.digest}`;
}

/** The path by which the log calls an image of `-layout-dir`; undefined for any other location. */
export function layoutName(location: Location, rules: NameRules): string | undefined {
  const isLayout = rules.layoutDir !== undefined && location.kind === 'oci' && isInside(location.dir, rules.layoutDir);
  return isLayout ? location.dir : undefined;
}

/** Reads what `formatPinned` wrote, and what the Go lifecycle writes under `-layout`. Throws `REFERENCE_INVALID`. */
export function parsePinned(text: string, rules: NameRules): Location {
  if (hasScheme(text) || (rules.layoutDir === undefined && !text.startsWith('/') && !text.startsWith('.')))
    return parseLocation(text);
  const at = text.lastIndexOf('@');
  const isPath = at > 0 && (text.startsWith('/') || text.startsWith('.') || isInside(text, rules.layoutDir ?? '/'));
  if (!isPath) {
    if (rules.layoutDir === undefined || !text.includes('@')) return parseLocation(text);
    throw new SlipwayError(
      'REFERENCE_INVALID',
      `parsing run image reference: identifier ${text} does not have the format '[path]@[digest]'`,
      { exit: 1 },
    );
  }
  return { kind: 'oci', dir: text.slice(0, at), digest: parseDigest(text.slice(at + 1)) };
}

/** `<layout-dir>/<registry>/<repository>/<tag>`, or `…/<algorithm>/<hex>`; a text that begins with the directory is a path. */
export function layoutPath(text: string, layoutDir: string): string {
  if (isInside(text, layoutDir)) return text;
  const reference = parseReference(text);
  const leaf = referenceTarget(reference).replace(':', '/');
  return [layoutDir.replace(/\/+$/, ''), reference.registry, reference.repository, leaf].join('/');
}

function isInside(path: string, directory: string): boolean {
  const base = directory.replace(/\/+$/, '');
  return path === base || path.startsWith(`${base}/`);
}
