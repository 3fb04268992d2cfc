import type { Location } from '../oci/location.ts';
import type { AnalyzeInput } from '../phases/analyze.ts';

/** The places that an analysis may read images from. */
export function imagesRead(input: Pick<AnalyzeInput, 'runImage' | 'previousImage'>): readonly (Location | undefined)[] {
  const candidates = 'kind' in input.runImage ? [] : input.runImage;
  return [...candidates.map(({ location }) => location), input.previousImage];
}
