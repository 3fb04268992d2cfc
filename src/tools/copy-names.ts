import type { Context } from '../core/context.ts';
import { hasCode, SlipwayError } from '../core/errors.ts';
import { displayLocation, type Location } from '../oci/location.ts';
import { isTag, parseReference, type Reference } from '../oci/reference.ts';
import { canList, canListTags, type ImageSource } from '../ports/store.ts';
import { shortName } from '../store/image-names.ts';
import { targetOf } from '../store/select.ts';
import type { CopyName } from './copy-plan.ts';

/** A name in a source: what it is asked by, and the image name that it means. */
export interface SourceName {
  readonly name: string;
  /** Undefined for a mere tag of a layout or archive. */
  readonly image: Reference | undefined;
}

/** Where the image of one name goes: the destination, with the source's name where it has none, and what an archive calls the image. */
export interface Destination {
  readonly location: Location;
  readonly imageName?: Reference;
}

/** The tag under which registries without the referrers API keep what refers to a manifest. */
const FALLBACK_TAG = /^sha(?:256|512)-[0-9a-f]{64}$/;

/**
 * Every tag of a repository, every named entry of a layout or archive; lists of referrers only when these are not copied for themselves.
 * Throws `IMAGE_NOT_FOUND` when there is none.
 */
export async function allNames(
  location: Location,
  source: ImageSource,
  ctx: Context,
  options: { readonly referrers?: boolean },
): Promise<readonly SourceName[]> {
  const listed = await listNames(source, location, ctx);
  const names = listed.filter((name) => options.referrers !== true || !FALLBACK_TAG.test(name));
  if (names.length > 0) return [...new Set(names)].map((name) => ({ name, image: imageOf(location, name) }));
  throw new SlipwayError('IMAGE_NOT_FOUND', `there is no named image in ${source.description}`);
}

/** The name that a location says, or that its only image has; undefined without one. */
export async function ownName(location: Location, source: ImageSource, ctx: Context): Promise<SourceName | undefined> {
  if (location.kind === 'registry') {
    const { tag } = location.reference;
    return tag === undefined ? undefined : { name: tag, image: { ...tagged(location.reference, tag) } };
  }
  const target = location.kind === 'docker-daemon' ? undefined : targetOf(location);
  const named = location.kind === 'docker-daemon' ? undefined : location.ref;
  const names = named === undefined && target === undefined ? await listNames(source, location, ctx) : [];
  const name = named ?? (new Set(names).size === 1 ? names[0] : undefined);
  return name === undefined ? undefined : { name, image: imageOf(location, name) };
}

/** The destination of one image: a layout or archive without REF takes over the name of another. */
export function destinationOf(to: Location, from: Location, own: SourceName | undefined): Destination {
  if (own === undefined || to.kind === 'registry' || to.kind === 'docker-daemon') return { location: to };
  if (own.image !== undefined && (from.kind === 'registry' || to.kind === 'docker-archive'))
    return { location: to, imageName: own.image };
  if (to.kind === 'docker-archive' || to.ref !== undefined) return { location: to };
  return { location: { ...to, ref: own.name } };
}

/**
 * What all names of a source are called in a destination: tags in a repository, else the whole names. Throws `IMAGE_AMBIGUOUS` when two
 * would be one, `REFERENCE_INVALID` for a name that has no tag.
 */
export function namesAt(to: Location, names: readonly SourceName[]): readonly CopyName[] {
  const taken = new Map<string, string>();
  return names.map((from) => {
    const name = to.kind === 'registry' ? tagOf(from) : ((from.image && shortName(from.image)) ?? from.name);
    const other = taken.get(name);
    if (other !== undefined)
      throw new SlipwayError(
        'IMAGE_AMBIGUOUS',
        `${other} and ${from.name} would both be ${name} in ${displayLocation(to)}`,
        {
          hint: 'copy the images of each repository on their own',
        },
      );
    taken.set(name, from.name);
    return { from: from.name, to: name };
  });
}

async function listNames(source: ImageSource, location: Location, ctx: Context): Promise<readonly string[]> {
  if (canListTags(source)) return source.tags(ctx);
  if (!canList(source)) throw new SlipwayError('NOT_SUPPORTED', `${displayLocation(location)} cannot list its images`);
  return (await source.list(ctx)).flatMap(({ name }) => (name === undefined ? [] : [name]));
}

function tagOf({ name, image }: SourceName): string {
  const tag = isTag(name) ? name : image?.tag;
  if (tag !== undefined && isTag(tag)) return tag;
  throw new SlipwayError('REFERENCE_INVALID', `"${name}" cannot be a tag of a registry`, {
    hint: 'copy that image on its own, under another name',
  });
}

/** The image name that a name of that place means. */
function imageOf(location: Location, name: string): Reference | undefined {
  if (location.kind === 'registry') return tagged(location.reference, name);
  if (!/[:/]/.test(name)) return undefined;
  try {
    return parseReference(name);
  } catch (error) {
    if (hasCode(error, 'REFERENCE_INVALID')) return undefined;
    throw error;
  }
}

function tagged({ registry, repository }: Reference, tag: string): Reference {
  return { registry, repository, tag };
}
