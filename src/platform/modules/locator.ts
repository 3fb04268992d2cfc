import { isAbsolute, join, resolve } from 'node:path';
import { SlipwayError } from '../../core/errors.ts';
import { hasScheme, parseLocation, type Location } from '../../oci/location.ts';

/** Where a buildpack or extension is, as far as its text alone says (interfaces §5.11). */
export type ModuleLocator =
  /** All groups of the builder's order, at this place. */
  | { readonly kind: 'builder-order' }
  /** One that the builder has; '' is the only version there. */
  | { readonly kind: 'builder-module'; readonly id: string; readonly version: string }
  | { readonly kind: 'registry'; readonly id: string; readonly version: string }
  | { readonly kind: 'url'; readonly url: string }
  /** A directory or file, absolute. */
  | { readonly kind: 'path'; readonly path: string }
  | { readonly kind: 'image'; readonly location: Location }
  /** What it is shows only in what there is: see `guessBare`. */
  | { readonly kind: 'bare'; readonly text: string };

/** Known for what it is. */
export type ResolvedLocator = Exclude<ModuleLocator, { readonly kind: 'bare' }>;

const FROM_BUILDER = /^(?:urn:cnb:builder|from=builder)(?::(.*))?$/s;
const FROM_REGISTRY = /^urn:cnb:registry(?::(.*))?$/s;
/** `ns/name[@version]` of the buildpack registry. A name with a dot or a port before the slash is a host. */
const REGISTRY_ID = /^[a-z0-9-]+\/[a-z0-9.-]+(?:@\d+\.\d+\.\d+[0-9A-Za-z.+-]*)?$/;

/** Text → locator; relative paths count from `base`. Throws `ARGUMENT_INVALID`, and `REFERENCE_INVALID` for a malformed location. */
export function parseModuleLocator(text: string, base: string): ModuleLocator {
  const builder = FROM_BUILDER.exec(text);
  if (builder !== null) {
    if (builder[1] === undefined) return { kind: 'builder-order' };
    return { kind: 'builder-module', ...idOf(builder[1], text) };
  }
  const registry = FROM_REGISTRY.exec(text);
  if (registry !== null) return { kind: 'registry', ...idOf(registry[1] ?? '', text) };
  if (/^https?:\/\/./i.test(text)) return { kind: 'url', url: text };
  if (text.startsWith('file://')) return { kind: 'path', path: resolve(base, filePath(text)) };
  if (hasScheme(text)) return { kind: 'image', location: rebased(parseLocation(text), base) };
  if (text.trim() === '' || text.includes('\0') || /^(?:urn:|[A-Za-z][A-Za-z0-9+.-]*:\/\/)/.test(text))
    throw malformed(text);
  return { kind: 'bare', text };
}

/** What is there that a bare text may name. */
export interface BareFacts {
  readonly base: string;
  readonly exists: (path: string) => Promise<boolean>;
  readonly isInBuilder: (id: string, version: string) => Promise<boolean>;
}

/** In this order: what exists on disk, what the builder has, a buildpack registry's id, an image (pack's order). */
export async function guessBare(text: string, facts: BareFacts): Promise<ResolvedLocator> {
  const path = isAbsolute(text) ? text : join(facts.base, text);
  if (await facts.exists(path)) return { kind: 'path', path };
  const { id, version } = splitId(text);
  if (id !== '' && (await facts.isInBuilder(id, version))) return { kind: 'builder-module', id, version };
  // Nobody means an image by it.
  if (/^[./~]/.test(text) || /\.(?:tgz|tar|tar\.gz|cnb|zip)$/i.test(text)) return { kind: 'path', path };
  // What stands behind the @ of an image is a digest.
  if (REGISTRY_ID.test(text) || (version !== '' && !/^sha\d+:/.test(version))) return { kind: 'registry', id, version };
  return { kind: 'image', location: parseLocation(text) };
}

/** `id[@version]`, at the first `@`. */
function splitId(text: string): { readonly id: string; readonly version: string } {
  const at = text.indexOf('@');
  return at < 0 ? { id: text, version: '' } : { id: text.slice(0, at), version: text.slice(at + 1) };
}

function idOf(part: string, text: string): { readonly id: string; readonly version: string } {
  const found = splitId(part);
  if (found.id === '' || (part.includes('@') && found.version === '')) throw malformed(text);
  return found;
}

function filePath(text: string): string {
  const path = text.slice('file://'.length);
  try {
    return decodeURIComponent(path);
  } catch (error) {
    // A percent sign that is one.
    if (error instanceof URIError) return path;
    throw error;
  }
}

function rebased(location: Location, base: string): Location {
  if (location.kind === 'oci') return { ...location, dir: resolve(base, location.dir) };
  return 'file' in location && location.file !== '-' ? { ...location, file: resolve(base, location.file) } : location;
}

function malformed(text: string): SlipwayError {
  return new SlipwayError('ARGUMENT_INVALID', `"${text}" names no buildpack`, {
    exit: 3,
    hint: 'name a directory, a .tgz or .cnb file, a URL, an image as docker://NAME or oci:DIR, or ID@VERSION of the builder',
  });
}
