import type { Context } from '../../core/context.ts';
import { SlipwayError } from '../../core/errors.ts';

/** Something that speaks against a rebase. */
export interface Obstacle {
  /** In the words of contract §17. */
  readonly message: string;
  /** The facts that differ. */
  readonly details?: Readonly<Record<string, string>> | undefined;
}

/** Throws `REBASE_REFUSED` (exit 72), or warns when it was forced. */
export function refuseUnlessForced(
  obstacle: Obstacle | undefined,
  rules: { readonly force: boolean },
  ctx: Context,
): void {
  if (obstacle === undefined) return;
  const { message, details = {} } = obstacle;
  if (!rules.force) throw new SlipwayError('REBASE_REFUSED', message, { details, hint: { kind: 'force-rebase' } });
  ctx.emit({ type: 'log', level: 'warn', message });
}
