import { pruneCache } from '../../cache/prune.ts';
import type { Context } from '../../core/context.ts';
import { parseDuration, parseSize } from '../../options/amounts.ts';
import type { CommandValues } from '../../options/command-values.ts';
import { cacheRoot } from '../../platform/cache-root.ts';
import { keptRoot } from '../../platform/debug/kept-root.ts';
import { formatSize } from '../../term/amounts.ts';
import type { Terminal } from '../../term/terminal.ts';
import { thisMachine } from '../this-machine.ts';
import { entryFacts, shownName } from './cache-list.ts';

/** `slipway cache prune`: says what it removed and what is left. */
export async function runCachePruneCommand(values: CommandValues, ctx: Context, terminal: Terminal): Promise<number> {
  const isDryRun = values.boolean('dry-run');
  const [size, age] = [values.text('max-size'), values.text('older-than')];
  const machine = thisMachine(ctx.tmp);
  const root = cacheRoot(machine);
  const { removed, kept } = await pruneCache(root, ctx, {
    isDryRun,
    places: { kept: keptRoot(machine) },
    ...(size === undefined ? {} : { maxBytes: parseSize(size, 'max-size') }),
    ...(age === undefined ? {} : { olderThanMs: parseDuration(age, 'older-than') }),
  });
  const sum = (entries: typeof kept): number => entries.reduce((total, entry) => total + entry.bytes, 0);
  if (values.boolean('json')) {
    const facts = { root, isDryRun, removed: removed.map(entryFacts), kept: kept.map(entryFacts) };
    terminal.out(`${JSON.stringify({ ...facts, bytesRemoved: sum(removed), bytesKept: sum(kept) })}\n`);
    return 0;
  }
  if (values.boolean('quiet')) return 0;
  const verb = isDryRun ? 'would remove' : 'removed';
  for (const entry of removed) {
    const subject = entry.subject === undefined ? '' : `   ${entry.subject}`;
    terminal.out(`${verb} ${entry.area} ${shownName(entry)}   ${formatSize(entry.bytes)}${subject}\n`);
  }
  const inUse = kept.filter((entry) => entry.isInUse);
  const used = inUse.length === 0 ? '' : `, ${formatSize(sum(inUse))} of it in use`;
  terminal.out(
    `${verb} ${formatSize(sum(removed))}; ${formatSize(sum(kept))} ${isDryRun ? 'would stay' : 'left'}${used}\n`,
  );
  return 0;
}
