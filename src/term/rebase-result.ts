import type { Event, RebasedPlatform } from '../core/events.ts';
import { shortDigest } from './amounts.ts';
import { outputLines } from './build-result.ts';

export type RebaseEnd = Extract<Event, { readonly type: 'rebase.end' }>;

/** What became of an image, or would: one block a platform, then where it is. */
export function rebaseResult(end: RebaseEnd, arrow: string): readonly string[] {
  const head = `${end.dryRun ? 'would be' : 'image'}   ${end.image}  ${shortDigest(end.digest)}`;
  const note = end.dryRun ? ['nothing was written: this was a dry run'] : [];
  return [head, ...end.platforms.flatMap((each) => platformLines(each, arrow)), ...outputLines(end.outputs), ...note];
}

function platformLines(each: RebasedPlatform, arrow: string): readonly string[] {
  if (each.before === each.after) return [`${each.platform}  stands on ${each.newBase} already`];
  const { layersRemoved, layersAdded, layersKept } = each;
  return [
    `${each.platform}  ${shortDigest(each.before)} ${arrow} ${shortDigest(each.after)}`,
    `  base    ${each.oldBase === '' ? 'not recorded' : each.oldBase} ${arrow} ${each.newBase}`,
    `  layers  ${String(layersRemoved)} of the old base go, ${String(layersAdded)} of the new one come, ${String(layersKept)} stay`,
    `  labels  ${each.labels.length === 0 ? 'stay' : each.labels.join(', ')}`,
  ];
}
