import type { AssembledImage } from '../store/copy.ts';
import type { ImagePlan } from './plan.ts';

/** Manifest and config bytes of a plan (contract §15.1). Base layers keep descriptor and origins. */
export function assemble(plan: ImagePlan): AssembledImage {
  throw new Error(`not yet: ${plan.created}`);
}
