import { formatPlatform, type Platform } from '../oci/platform.ts';
import type { Location } from '../oci/location.ts';
import type { Analyzed, AnalyzedRunImage } from './analyzed.ts';

/** What extensions want of the run image. */
export interface RunImageWish {
  /** Another base, by its name as written; it is not resolved yet. */
  readonly newBase: { readonly name: string; readonly location: Location } | undefined;
  readonly extend: boolean;
}

/**
 * analyzed.toml after generate (contract §8.8). A new base has no digest and no target before the restorer resolves it; the platform of
 * the run image that it takes the place of is kept, so that the same one is chosen.
 */
export function switchRunImage(analyzed: Analyzed, { newBase, extend }: RunImageWish): Analyzed {
  const { runImage } = analyzed;
  if (newBase === undefined || newBase.name === runImage?.image)
    return runImage === undefined || !extend ? analyzed : { ...analyzed, runImage: { ...runImage, extend: true } };
  const platform = platformOf(runImage);
  return {
    ...analyzed,
    runImage: {
      reference: newBase.location,
      image: newBase.name,
      extend,
      ...(platform === undefined ? {} : { slipway: { requested: newBase.name, platform } }),
    },
  };
}

function platformOf(runImage: AnalyzedRunImage | undefined): string | undefined {
  if (runImage?.slipway !== undefined && runImage.slipway.platform !== '') return runImage.slipway.platform;
  const { target } = runImage ?? {};
  if (target === undefined || target.os === '' || target.arch === '') return undefined;
  const { os, arch, archVariant } = target;
  const platform: Platform = { os, architecture: arch, ...(archVariant === undefined ? {} : { variant: archVariant }) };
  return formatPlatform(platform);
}
