import type { PassedOver } from '../core/events.ts';

/** Why better sandboxes were not taken: a line for each, with what its variants said, each thing once. */
export function passedOverLines(passedOver: readonly PassedOver[]): readonly string[] {
  const strategies = [...new Set(passedOver.map(({ strategy }) => strategy))];
  return strategies.map((strategy) => {
    const reasons = passedOver.filter((other) => other.strategy === strategy).map(({ reason }) => reason);
    return `not ${strategy}: ${[...new Set(reasons)].join('; ').replaceAll(/\s*\n\s*/g, ', ')}`;
  });
}
