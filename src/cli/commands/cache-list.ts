import { listCacheEntries, type CacheEntry } from '../../cache/cache-entries.ts';
import type { Context } from '../../core/context.ts';
import type { CommandValues } from '../../options/command-values.ts';
import { cacheRoot } from '../../platform/cache-root.ts';
import { keptRoot } from '../../platform/debug/kept-root.ts';
import { formatAge, formatSize, shortDigest } from '../../term/amounts.ts';
import { alignColumns } from '../../term/columns.ts';
import type { Terminal } from '../../term/terminal.ts';
import { thisMachine } from '../this-machine.ts';

/** `slipway cache ls`: a line for each entry. */
export async function runCacheListCommand(values: CommandValues, ctx: Context, terminal: Terminal): Promise<number> {
  const machine = thisMachine(ctx.tmp);
  const root = cacheRoot(machine);
  const entries = await listCacheEntries(root, ctx, { kept: keptRoot(machine) });
  if (values.boolean('json')) {
    terminal.out(`${JSON.stringify({ root, entries: entries.map(entryFacts) })}\n`);
    return 0;
  }
  const now = ctx.clock.now().getTime();
  const rows = entries.map((entry) => [
    entry.area,
    shownName(entry),
    formatSize(entry.bytes),
    entry.isInUse ? 'in use' : formatAge(now - entry.lastUseMs),
    entry.subject ?? '',
  ]);
  const table = [['KIND', 'NAME', 'SIZE', 'LAST USE', 'OF'], ...rows];
  for (const line of alignColumns(rows.length === 0 ? [] : table, [{}, {}, { align: 'right' }]))
    terminal.out(`${line}\n`);
  if (rows.length === 0 && !values.boolean('quiet')) terminal.err(`there is nothing in ${root}\n`);
  return 0;
}

/** An entry as data. */
export function entryFacts({ area, name, path, subject, bytes, lastUseMs, isInUse }: CacheEntry): object {
  const lastUse = new Date(lastUseMs).toISOString();
  return { area, name, path, ...(subject === undefined ? {} : { subject }), bytes, lastUse, isInUse };
}

/** Digests cut to what people read. */
export function shownName({ name }: CacheEntry): string {
  return shortDigest(name.replace(/^(sha256|sha512)-/, '$1:'));
}
