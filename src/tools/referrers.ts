import type { Context } from '../core/context.ts';
import { SlipwayError } from '../core/errors.ts';
import type { Locator } from '../locate/locator.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { isDigest, type Digest } from '../oci/digest.ts';
import type { Location } from '../oci/location.ts';
import { canListReferrers } from '../ports/store.ts';
import { targetOf } from '../store/select.ts';
import { imageManifest, type PlatformChoice } from './manifest.ts';

export interface ReferrerOptions extends PlatformChoice {
  readonly artifactType?: string;
}

export interface FoundReferrers {
  readonly subject: Digest;
  readonly referrers: readonly Descriptor[];
}

/** What refers to an image: signatures, SBOMs, attestations. A digest is not looked up first: its manifest may be elsewhere. */
export async function imageReferrers(
  location: Location,
  stores: Locator,
  ctx: Context,
  options: ReferrerOptions = {},
): Promise<FoundReferrers> {
  const source = await stores.openSource(location, ctx);
  if (!canListReferrers(source))
    throw new SlipwayError('NOT_SUPPORTED', `${source.description} does not know what refers to its images`);
  const target = targetOf(location);
  const isSettled = options.platform === undefined && target !== undefined && isDigest(target);
  const subject = isSettled ? target : (await imageManifest(location, stores, ctx, options)).raw.descriptor.digest;
  const { artifactType } = options;
  return {
    subject,
    referrers: await source.referrers(subject, ctx, artifactType === undefined ? {} : { artifactType }),
  };
}
