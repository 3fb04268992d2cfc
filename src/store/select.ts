import type { Context } from '../core/context.ts';
import { SlipwayError } from '../core/errors.ts';
import { displayLocation, type Location } from '../oci/location.ts';
import type { Manifest, RawManifest } from '../oci/manifest.ts';
import { formatPlatform, platformScore, type Platform } from '../oci/platform.ts';
import { referenceTarget } from '../oci/reference.ts';
import type { Digest } from '../oci/digest.ts';
import type { FindOptions, ImageRole } from '../ports/image-finder.ts';
import type { Image } from '../ports/image.ts';
import type { ImageSource } from '../ports/store.ts';
import { readImage } from './read-image.ts';
import { readChild, readManifest, type ReadManifest } from './read-manifest.ts';
import { listOffers, type Offer } from './index-offers.ts';

export interface SelectOptions extends FindOptions {
  readonly role: ImageRole;
  /** Go's name of this machine's architecture, for a choice that nobody made. */
  readonly hostArchitecture: string;
}

/**
 * The place where a name becomes an image (design §2.1, contract GAP-1, GAP-2): name → index → (nested index)* → the manifest of
 * one platform → config, all of it verified and in agreement. Emits `image.resolved`.
 * Throws what the source's `resolve` throws, `PLATFORM_NOT_FOUND` (with what is offered), `IMAGE_INVALID`, `IMAGE_NO_LAYERS`,
 * `MEDIA_TYPE_UNSUPPORTED`, `CONTENT_MISMATCH`, `BLOB_NOT_FOUND`.
 */
export async function selectImage(
  source: ImageSource,
  requested: Location,
  ctx: Context,
  options: SelectOptions,
): Promise<Image> {
  const subject = `${options.role} ${displayLocation(requested)}`;
  const named = await readManifest(source, targetOf(requested), subject, ctx);
  if (named.decoded.kind === 'manifest') {
    const choice = { raw: named.raw, manifest: named.decoded };
    return finish(choice, { source, requested, subject }, ctx, options);
  }
  const index = { raw: named.raw, index: named.decoded };
  const indexDigest = named.raw.descriptor.digest;
  const offers = await listOffers(source, index, subject, ctx);
  const { offer, note } = choose(offers, { subject, requested, index: indexDigest, role: options.role }, ctx, options);
  const { raw, decoded: manifest } = offer.read ?? (await readChosen(source, offer, subject, ctx));
  if (manifest.kind === 'index')
    throw new SlipwayError(
      'IMAGE_INVALID',
      `${subject} offers an index as the manifest of ${formatPlatform(offer.platform)}`,
    );
  const choice: Choice = {
    raw,
    manifest,
    indexDigest,
    offered: offer.platform,
    ...(note === undefined ? {} : { note }),
  };
  return finish(choice, { source, requested, subject }, ctx, options);
}

interface Choice {
  readonly raw: RawManifest;
  readonly manifest: Manifest;
  readonly indexDigest?: Digest;
  /** What the index says the manifest is for. */
  readonly offered?: Platform;
  readonly note?: string;
}

interface Subject {
  readonly source: ImageSource;
  readonly requested: Location;
  readonly subject: string;
}

async function finish(choice: Choice, from: Subject, ctx: Context, options: SelectOptions): Promise<Image> {
  const { subject, requested } = from;
  const image = await readImage({ ...choice, ...from }, ctx, {
    allowEmpty: options.allowEmpty ?? false,
    allowAnyArchitecture: options.role === 'cache image',
  });
  const { platform } = image;
  if (choice.offered !== undefined && !isSamePlatform(platform, choice.offered)) {
    throw new SlipwayError(
      'IMAGE_INVALID',
      `${subject} says ${formatPlatform(platform)} in its config but is listed as ${formatPlatform(choice.offered)}`,
      {
        details: {
          manifest: choice.raw.descriptor.digest,
          ...(choice.indexDigest === undefined ? {} : { index: choice.indexDigest }),
        },
      },
    );
  }
  if (choice.offered === undefined && options.target !== undefined && platformScore(platform, options.target) === 0)
    throw notOffered([platform], options.target, { subject, requested, role: options.role });
  ctx.emit({
    type: 'image.resolved',
    role: options.role,
    requested: displayLocation(requested),
    ...(choice.indexDigest === undefined ? {} : { index: choice.indexDigest }),
    manifest: image.manifestDigest,
    platform: formatPlatform(platform),
    ...(choice.note === undefined ? {} : { note: choice.note }),
  });
  return image;
}

interface Facts {
  readonly role: ImageRole;
  readonly subject: string;
  readonly requested: Location;
  readonly index?: Digest;
}

interface Chosen {
  readonly offer: Offer;
  readonly note?: string;
}

/**
 * The best offer for the target, the first listed among equals. Without a target it is this machine's, or an error: an index is a
 * choice, even when only one of its entries is an image.
 */
function choose(offers: readonly Offer[], facts: Facts, ctx: Context, options: SelectOptions): Chosen {
  const platforms = offers.map((offer) => offer.platform);
  const target = options.target ?? { os: 'linux', architecture: options.hostArchitecture };
  const scored = offers.map((offer) => ({ offer, score: platformScore(offer.platform, target) }));
  const best = scored.reduce((most, { score }) => Math.max(most, score), 0);
  const equal = scored.filter(({ score }) => score === best && score > 0);
  const chosen = equal[0]?.offer;
  if (chosen === undefined) throw notOffered(platforms, target, facts, options.target === undefined);
  const name = formatPlatform(chosen.platform);
  if (equal.length > 1) {
    const message = `${facts.subject} offers ${name} ${String(equal.length)} times; the first listed, ${chosen.descriptor.digest}, is used`;
    ctx.emit({ type: 'warning', code: 'PLATFORM_LISTED_TWICE', message });
  }
  if (options.target !== undefined || offers.length === 1) return { offer: chosen };
  return { offer: chosen, note: `${name} chosen for this machine from ${list(platforms)}` };
}

async function readChosen(source: ImageSource, offer: Offer, subject: string, ctx: Context): Promise<ReadManifest> {
  try {
    return await readChild(source, offer.descriptor, subject, ctx);
  } catch (error) {
    if (!(error instanceof SlipwayError) || (error.code !== 'IMAGE_NOT_FOUND' && error.code !== 'BLOB_NOT_FOUND'))
      throw error;
    throw new SlipwayError(
      'IMAGE_NOT_FOUND',
      `${subject} lists ${formatPlatform(offer.platform)}, but its manifest is not there`,
      {
        cause: error,
        details: { manifest: offer.descriptor.digest, 'not found in': source.description },
        hint: 'the image was copied without this platform: copy it again, whole',
      },
    );
  }
}

function notOffered(platforms: readonly Platform[], target: Platform, facts: Facts, isGuess = false): SlipwayError {
  const offered = [...new Set(platforms.map(formatPlatform))];
  const wanted = formatPlatform(target);
  return new SlipwayError('PLATFORM_NOT_FOUND', `no ${wanted} image in ${facts.subject}`, {
    details: {
      requested: displayLocation(facts.requested),
      ...(facts.index === undefined ? {} : { index: facts.index }),
      wanted: isGuess ? `${wanted} (this machine's; none was asked for)` : wanted,
      offered: offered.length === 0 ? 'no image for any platform' : offered.join(', '),
    },
    ...(offered.length === 0
      ? {}
      : { hint: { kind: 'choose-platform', offered, ...(facts.role === 'image' ? { isOnlyWay: true } : {}) } }),
  });
}

/** Os and architecture agree; variants may be spelled differently or left out. */
function isSamePlatform(config: Platform, offered: Platform): boolean {
  return config.os === offered.os && config.architecture === offered.architecture;
}

function list(platforms: readonly Platform[]): string {
  return [...new Set(platforms.map(formatPlatform))].join(', ');
}

/** What the store is asked for; a digest decides over a name. */
export function targetOf(location: Location): string | Digest | undefined {
  switch (location.kind) {
    case 'registry':
      return referenceTarget(location.reference);
    case 'oci':
    case 'oci-archive':
    case 'docker-archive':
      return location.digest ?? location.ref;
    case 'docker-daemon':
      return location.ref;
  }
}
