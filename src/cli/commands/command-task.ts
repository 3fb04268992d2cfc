import type { Context } from '../../core/context.ts';
import type { CommandValues } from '../../options/command-values.ts';
import type { Terminal } from '../../term/terminal.ts';

/** A command: values in, exit code out. What it finds out goes to the terminal's output stream. */
export type CommandTask = (values: CommandValues, ctx: Context, terminal: Terminal) => Promise<number>;
