import type { Context } from '../../core/context.ts';
import type { CommandValues } from '../../options/command-values.ts';
import { readRegistryFlags } from '../../options/registry-flags.ts';
import { diagnose } from '../../platform/doctor/doctor.ts';
import { reportLines, reportSummary } from '../../term/doctor-report.ts';
import { symbolsOf } from '../../term/symbols.ts';
import type { Terminal } from '../../term/terminal.ts';
import { writeJson, writeLines } from '../result-output.ts';
import { thisMachine } from '../this-machine.ts';

/** `slipway doctor`: exit 0 when a build can run here, else 1. */
export async function runDoctorCommand(values: CommandValues, ctx: Context, terminal: Terminal): Promise<number> {
  const machine = thisMachine(ctx.tmp);
  const builder = values.text('builder');
  const { canBuild, findings } = await diagnose(
    {
      machine,
      nodeVersion: process.versions.node,
      registries: values.list('registry'),
      flags: readRegistryFlags(values),
      ...(builder === undefined ? {} : { builder }),
    },
    ctx,
  );
  if (values.boolean('json')) await writeJson(machine, { canBuild, findings }, ctx);
  else {
    const symbols = symbolsOf(terminal);
    const lines = reportLines(findings, symbols, { isQuiet: values.boolean('quiet') });
    await writeLines(machine, [...lines, reportSummary({ canBuild, findings }, symbols)], ctx);
  }
  return canBuild ? 0 : 1;
}
