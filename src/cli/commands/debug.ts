import { resolve } from 'node:path';
import type { Context } from '../../core/context.ts';
import { SlipwayError } from '../../core/errors.ts';
import type { CommandValues } from '../../options/command-values.ts';
import { enterStep, type Entering } from '../../platform/debug/enter-step.ts';
import { readStep } from '../../platform/debug/step-codec.ts';
import { thisMachine } from '../this-machine.ts';

/** `slipway debug DIR`: the exit code is that of what ran. */
export async function runDebugCommand(values: CommandValues, ctx: Context): Promise<number> {
  const machine = thisMachine(ctx.tmp);
  const directory = resolve(machine.cwd, values.positionals[0] ?? '');
  const entering = readEntering(values);
  if (entering.kind !== 'shell') return enterStep(directory, entering, machine, ctx);
  if (machine.isTerminal !== true)
    throw new SlipwayError('ARGUMENT_INVALID', 'there is no terminal for a shell', {
      exit: 3,
      hint: 'run the failed step again with --run, or a command with --command TEXT',
    });
  const { step, failure } = await readStep(directory);
  ctx.emit({ type: 'shell.start', ...step, reason: failure, directory });
  const exitCode = await enterStep(directory, entering, machine, ctx);
  ctx.emit({ type: 'shell.end', exitCode });
  return exitCode;
}

function readEntering(values: CommandValues): Entering {
  const text = values.text('command');
  if (text !== undefined && values.boolean('run'))
    throw new SlipwayError('ARGUMENT_INVALID', 'supply only one of --run and --command', { exit: 3 });
  if (text !== undefined) return { kind: 'command', text };
  return values.boolean('run') ? { kind: 'step' } : { kind: 'shell' };
}
