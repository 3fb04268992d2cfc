import type { ModuleKind } from './module.ts';

/** Throws `BUILDPACK_INVALID` when two different ids of a kind have the same directory name: `a/b` and `a_b` (GAP-13). */
export function refuseEscapeCollisions(_modules: readonly { readonly kind: ModuleKind; readonly id: string }[]): void {
  throw new Error('not yet');
}
