import { CACHE_AREAS, cacheAreas, listCacheEntries } from '../../cache/cache-entries.ts';
import type { Context } from '../../core/context.ts';
import type { CommandValues } from '../../options/command-values.ts';
import { cacheRoot } from '../../platform/cache-root.ts';
import { keptRoot } from '../../platform/debug/kept-root.ts';
import { formatSize } from '../../term/amounts.ts';
import { alignColumns } from '../../term/columns.ts';
import type { Terminal } from '../../term/terminal.ts';
import { thisMachine } from '../this-machine.ts';

/** `slipway cache du`: sums by kind, and what could be removed. */
export async function runCacheUsageCommand(values: CommandValues, ctx: Context, terminal: Terminal): Promise<number> {
  const machine = thisMachine(ctx.tmp);
  const root = cacheRoot(machine);
  const entries = await listCacheEntries(root, ctx, { kept: keptRoot(machine) });
  const sum = (some: typeof entries): number => some.reduce((total, entry) => total + entry.bytes, 0);
  const areas = cacheAreas().map((area) => {
    const own = entries.filter((entry) => entry.area === area);
    return { area, entries: own.length, bytes: sum(own), removable: sum(own.filter((entry) => !entry.isInUse)) };
  });
  const total = { bytes: sum(entries), removable: sum(entries.filter((entry) => !entry.isInUse)) };
  if (values.boolean('json')) {
    terminal.out(`${JSON.stringify({ root, ...total, areas })}\n`);
    return 0;
  }
  const rows = areas.map(({ area, entries: count, bytes, removable }) => [
    area,
    String(count),
    formatSize(bytes),
    formatSize(removable),
    CACHE_AREAS[area],
  ]);
  const last = ['total', String(entries.length), formatSize(total.bytes), formatSize(total.removable), root];
  const right = { align: 'right' } as const;
  const table = [['KIND', 'ENTRIES', 'SIZE', 'REMOVABLE', ''], ...rows, last];
  for (const line of alignColumns(table, [{}, right, right, right])) terminal.out(`${line}\n`);
  return 0;
}
