import { SlipwayError } from '../core/errors.ts';
import { escapeId, type ModuleKind } from './module.ts';

/** Throws `BUILDPACK_INVALID` when two different ids of a kind have the same directory name: `a/b` and `a_b` (GAP-13). */
export function refuseEscapeCollisions(modules: readonly { readonly kind: ModuleKind; readonly id: string }[]): void {
  const seen = new Map<string, string>();
  for (const { kind, id } of modules) {
    const key = `${kind} ${escapeId(id)}`;
    const first = seen.get(key) ?? id;
    if (first !== id) {
      throw new SlipwayError(
        'BUILDPACK_INVALID',
        `${kind}s ${first} and ${id} share the directory name ${escapeId(id)}`,
        {
          hint: 'their layers would be mixed up; rename one of them',
        },
      );
    }
    seen.set(key, first);
  }
}
