import type { Context } from '../core/context.ts';
import { SlipwayError } from '../core/errors.ts';
import type { Locator } from '../locate/locator.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import { displayLocation, type Location } from '../oci/location.ts';
import { isTag } from '../oci/reference.ts';
import { canList, type ImageSource } from '../ports/store.ts';
import { imageManifest } from './manifest.ts';

export interface TaggedImage {
  readonly digest: Digest;
  readonly names: readonly string[];
}

/**
 * Gives an image further tags in its repository, or further names in its layout: its manifest is put again, no blob moves. All names
 * are checked before the first is written. Throws `REFERENCE_INVALID`, `NOT_SUPPORTED` for an archive.
 */
export async function tagImage(
  location: Location,
  names: readonly [string, ...(readonly string[])],
  stores: Locator,
  ctx: Context,
): Promise<TaggedImage> {
  const [first] = names;
  const to = withName(location, first);
  if (location.kind === 'registry') names.forEach(checkTag);
  const { source, raw } = await imageManifest(location, stores, ctx);
  const descriptor = await listedAs(source, raw.descriptor, ctx);
  await using sink = await stores.openSink(to, ctx);
  await sink.putManifest(raw, ctx);
  for (const name of names) sink.tag(name, descriptor);
  await sink.commit(ctx);
  return { digest: raw.descriptor.digest, names };
}

function withName(location: Location, name: string): Location {
  switch (location.kind) {
    case 'registry': {
      const { registry, repository } = location.reference;
      return { kind: 'registry', reference: { registry, repository, tag: name } };
    }
    case 'oci':
      return { kind: 'oci', dir: location.dir, ref: name };
    case 'oci-archive':
    case 'docker-archive':
    case 'docker-daemon':
      throw new SlipwayError('NOT_SUPPORTED', `${displayLocation(location)}: an archive is only written as a whole`, {
        hint: 'copy it under the other name: slipway image copy',
      });
  }
}

function checkTag(name: string): void {
  if (isTag(name)) return;
  throw new SlipwayError('REFERENCE_INVALID', `"${name}" is not a tag`, {
    hint: 'a tag is letters, digits, _ . and -; another repository is reached with slipway image copy',
  });
}

/** With the platform that a local store lists it for. */
async function listedAs(source: ImageSource, descriptor: Descriptor, ctx: Context): Promise<Descriptor> {
  if (source.origin !== undefined || !canList(source)) return descriptor;
  const listed = (await source.list(ctx)).find((entry) => entry.descriptor.digest === descriptor.digest);
  const platform = listed?.descriptor.platform;
  return platform === undefined ? descriptor : { ...descriptor, platform };
}
