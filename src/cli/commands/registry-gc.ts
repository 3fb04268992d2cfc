import { resolve } from 'node:path';
import type { Context } from '../../core/context.ts';
import type { CommandValues } from '../../options/command-values.ts';
import { collectLayout } from '../../store/layout/collect.ts';
import { formatSize } from '../../term/amounts.ts';
import type { Terminal } from '../../term/terminal.ts';

const DEFAULT_MINUTES = 60;

/** `slipway registry gc DIR`: says what it removed. */
export async function runCollectCommand(values: CommandValues, ctx: Context, terminal: Terminal): Promise<number> {
  const directory = resolve((values.positionals[0] ?? '').replace(/^oci:/, ''));
  const isDryRun = values.boolean('dry-run');
  const { entries, blobs, bytes } = await collectLayout(directory, ctx, {
    olderThanMs: (values.number('older-than') ?? DEFAULT_MINUTES) * 60_000,
    untagged: values.boolean('untagged'),
    isDryRun,
  });
  const what = `${count(blobs, 'blob')} of ${formatSize(bytes)}, ${count(entries, 'untagged image')}`;
  if (values.boolean('json')) terminal.out(`${JSON.stringify({ isDryRun, entries, blobs, bytes })}\n`);
  else if (!values.boolean('quiet')) terminal.out(`${isDryRun ? 'would remove' : 'removed'} ${what}\n`);
  return 0;
}

function count(number: number, what: string): string {
  return `${String(number)} ${what}${number === 1 ? '' : 's'}`;
}
