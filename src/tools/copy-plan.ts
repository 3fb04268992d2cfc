import type { Context } from '../core/context.ts';
import { SlipwayError } from '../core/errors.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import { decodeManifest } from '../oci/manifest.ts';
import { referrerOf } from '../oci/referrer.ts';
import { canListReferrers, type ImageSource } from '../ports/store.ts';
import { blaming, readingFrom } from '../store/blame.ts';
import { walkImage, type WalkedImage } from '../store/walk.ts';
import { pinnedSource } from './pinned-source.ts';

/** One name to copy, and what it is called there. */
export interface CopyName {
  readonly from: string | Digest | undefined;
  /** Undefined: the destination's own name. */
  readonly to: string | undefined;
}

interface PlannedImage {
  readonly walked: WalkedImage;
  /** The source, with the name settled to what was walked. */
  readonly source: ImageSource;
  readonly name: CopyName;
}

interface PlannedReferrer {
  readonly walked: WalkedImage;
  readonly descriptor: Descriptor;
}

/** All that is to be copied, read once: every destination gets the same, whatever becomes of a tag meanwhile. */
export interface CopyPlan {
  readonly images: readonly PlannedImage[];
  readonly referrers: readonly PlannedReferrer[];
}

/** Signatures of signatures of … end here. */
const MAX_REFERRERS = 10_000;

/** Reads every manifest that the names reach, and with `withReferrers` what refers to any of them, and to that. Throws as `walkImage`. */
export async function planCopy(
  source: ImageSource,
  names: readonly CopyName[],
  ctx: Context,
  options: { readonly withReferrers: boolean },
): Promise<CopyPlan> {
  return blaming(readingFrom(source), ctx, async () => {
    const images: PlannedImage[] = [];
    for (const name of names) {
      const raw = await source.resolve(name.from, ctx);
      const pinned = pinnedSource(source, name.from, raw);
      images.push({ walked: await walkImage(pinned, name.from, ctx), source: pinned, name });
    }
    return { images, referrers: options.withReferrers ? await findReferrers(source, images, ctx) : [] };
  });
}

async function findReferrers(
  source: ImageSource,
  images: readonly PlannedImage[],
  ctx: Context,
): Promise<readonly PlannedReferrer[]> {
  if (!canListReferrers(source))
    throw new SlipwayError('NOT_SUPPORTED', `${source.description} does not know what refers to its images`);
  const found = new Map<Digest, PlannedReferrer>();
  const asked = new Set<Digest>();
  const waiting = images.flatMap(({ walked }) => digestsOf(walked));
  const known = new Set(waiting);
  for (let subject = waiting.shift(); subject !== undefined; subject = waiting.shift()) {
    if (asked.has(subject)) continue;
    asked.add(subject);
    for (const { digest } of await source.referrers(subject, ctx)) {
      if (known.has(digest) || found.has(digest)) continue;
      const walked = await walkImage(source, digest, ctx);
      const decoded = decodeManifest(walked.top, `manifest ${digest}`);
      found.set(digest, { walked, descriptor: referrerOf(walked.top, decoded) });
      waiting.push(...digestsOf(walked));
      if (found.size > MAX_REFERRERS)
        throw new SlipwayError('IMAGE_INVALID', `more than ${String(MAX_REFERRERS)} manifests refer to the image`);
    }
  }
  return [...found.values()];
}

function digestsOf(walked: WalkedImage): Digest[] {
  return walked.manifests.map(({ descriptor }) => descriptor.digest);
}
