import type { Context } from '../../core/context.ts';
import { SlipwayError } from '../../core/errors.ts';
import type { CommandValues } from '../../options/command-values.ts';
import { setKey, unsetKey } from '../../platform/config/set.ts';
import type { ConfigPlace } from '../../platform/config/places.ts';
import type { FlagKey, TextKey } from '../../platform/config/settings.ts';
import type { Terminal } from '../../term/terminal.ts';
import { writeJson } from '../result-output.ts';
import { thisMachine } from '../this-machine.ts';
import type { CommandTask } from './command-task.ts';
import { printKey } from './config-show.ts';

/** `slipway config set KEY VALUE`. */
export async function runConfigSetCommand(values: CommandValues, ctx: Context, terminal: Terminal): Promise<number> {
  const [key = '', text = ''] = values.positionals;
  return set({ key, text }, values, ctx, terminal);
}

/** `slipway config unset KEY`. */
export async function runConfigUnsetCommand(values: CommandValues, ctx: Context, terminal: Terminal): Promise<number> {
  return unset(values.positionals[0] ?? '', values, ctx, terminal);
}

/** A setting as a command of its own: without a value it is printed, as `config get` does. */
export function settingTask(key: TextKey | FlagKey): CommandTask {
  return async (values, ctx, terminal) => {
    const [text] = values.positionals;
    if (values.boolean('unset')) {
      if (text === undefined) return unset(key, values, ctx, terminal);
      throw new SlipwayError('ARGUMENT_INVALID', 'supply only one of a value and --unset');
    }
    return text === undefined ? printKey(key, values, ctx) : set({ key, text }, values, ctx, terminal);
  };
}

/** What was changed, and in which file. */
export async function tellChange(
  change: { readonly text: string; readonly place: ConfigPlace },
  values: CommandValues,
  ctx: Context,
  terminal: Terminal,
): Promise<number> {
  const { text, place } = change;
  if (values.boolean('json')) await writeJson(thisMachine(ctx.tmp), { changed: text, file: place.path }, ctx);
  else if (!values.boolean('quiet')) terminal.err(`${text}   in ${place.shown}\n`);
  return 0;
}

async function set(
  { key, text }: { readonly key: string; readonly text: string },
  values: CommandValues,
  ctx: Context,
  terminal: Terminal,
): Promise<number> {
  const { value, place } = await setKey(key, text, thisMachine(ctx.tmp), ctx);
  return tellChange({ text: `${key} = ${String(value)}`, place }, values, ctx, terminal);
}

async function unset(key: string, values: CommandValues, ctx: Context, terminal: Terminal): Promise<number> {
  const place = await unsetKey(key, thisMachine(ctx.tmp), ctx);
  return tellChange({ text: `${key} is not set any more`, place }, values, ctx, terminal);
}
