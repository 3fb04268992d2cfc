import type { Context } from '../../core/context.ts';
import type { CommandValues } from '../../options/command-values.ts';
import { COMMANDS } from '../../options/command-table.ts';
import { BUILD_COMMAND } from '../../options/commands/build.ts';
import { explainDetect } from '../../platform/explain/explain-detect.ts';
import { alignColumns } from '../../term/columns.ts';
import type { Terminal } from '../../term/terminal.ts';
import { thisMachine } from '../this-machine.ts';
import { readBuildOptions } from './build.ts';

/** `slipway explain detect APP`: the exit code is what detection has in a build. */
export async function runExplainDetectCommand(values: CommandValues, ctx: Context): Promise<number> {
  const machine = thisMachine(ctx.tmp);
  const options = await readBuildOptions(values.as(BUILD_COMMAND), machine, ctx, { makesImage: false });
  return explainDetect({ ...options, path: values.positionals[0] ?? '.' }, ctx);
}

/** `slipway explain`: every command that explains something. */
export function runExplainTopicsCommand(values: CommandValues, _ctx: Context, terminal: Terminal): Promise<number> {
  const topics = COMMANDS.filter(({ name }) => name !== 'explain' && name.split(' ').includes('explain'));
  if (values.boolean('json'))
    terminal.out(
      `${JSON.stringify({ topics: topics.map(({ name, summary, usage }) => ({ name, summary, usage })) })}\n`,
    );
  else for (const line of alignColumns(topics.map(({ usage, summary }) => [usage, summary]))) terminal.out(`${line}\n`);
  return Promise.resolve(0);
}
