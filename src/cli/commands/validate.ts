import { SlipwayError } from '../../core/errors.ts';
import type { Context } from '../../core/context.ts';
import { parseLocation } from '../../oci/location.ts';
import type { CommandValues } from '../../options/command-values.ts';
import { readRegistryFlags } from '../../options/registry-flags.ts';
import { openStores } from '../../platform/stores.ts';
import { canList } from '../../ports/store.ts';
import { validateStore } from '../../store/validate.ts';
import type { Terminal } from '../../term/terminal.ts';
import { thisMachine } from '../this-machine.ts';

/** `slipway validate LOCATION`: every problem in a line, exit 1 when there is one. */
export async function runValidateCommand(values: CommandValues, ctx: Context, terminal: Terminal): Promise<number> {
  const text = values.positionals[0] ?? '';
  const machine = thisMachine(ctx.tmp);
  await using stores = openStores(machine, ctx.product, readRegistryFlags(values));
  const source = await stores.openSource(parseLocation(text), ctx);
  if (!canList(source)) throw new SlipwayError('NOT_SUPPORTED', `${text} cannot list its images`);
  const problems = await validateStore(source, ctx);
  for (const { subject, problem } of problems) terminal.out(`${subject}: ${problem}\n`);
  if (problems.length === 0 && !values.boolean('quiet')) terminal.out(`${text}: everything is there and right\n`);
  return problems.length === 0 ? 0 : 1;
}
