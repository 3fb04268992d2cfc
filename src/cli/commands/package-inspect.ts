import type { ModuleKind } from '../../cnb/module.ts';
import type { Context } from '../../core/context.ts';
import { parsePlatform } from '../../oci/platform.ts';
import type { CommandValues } from '../../options/command-values.ts';
import { readRegistryFlags } from '../../options/registry-flags.ts';
import { openConfig } from '../../platform/config/config.ts';
import { downloadPlace } from '../../platform/download/download-place.ts';
import { builderReport, packageReport } from '../../platform/package/builder-report.ts';
import { inspectBuilder } from '../../platform/package/inspect-builder.ts';
import { inspectPackage } from '../../platform/package/inspect-package.ts';
import { SUGGESTED_BUILDERS } from '../../platform/package/suggested-builders.ts';
import type { PlainTable } from '../../schema/plain-data.ts';
import { openStores } from '../../platform/stores.ts';
import { builderLines } from '../../term/builder-text.ts';
import { alignColumns } from '../../term/columns.ts';
import { packageLines } from '../../term/package-text.ts';
import { renderReport } from '../../term/report-data.ts';
import type { Terminal } from '../../term/terminal.ts';
import { thisMachine } from '../this-machine.ts';
import type { CommandTask } from './command-task.ts';

/** `slipway builder inspect LOCATION|default`. */
export async function runBuilderInspectCommand(
  values: CommandValues,
  ctx: Context,
  terminal: Terminal,
): Promise<number> {
  const machine = thisMachine(ctx.tmp);
  await using locator = openStores(machine, ctx.product, readRegistryFlags(values));
  const [builder = ''] = values.positionals;
  const found = await inspectBuilder(
    { builder, ...viewOf(values) },
    { locator, config: openConfig(machine) },
    withWarnings(ctx),
  );
  print({ lines: builderLines(found), report: builderReport(found) }, values, terminal);
  return 0;
}

/** `slipway buildpack inspect`, `slipway extension inspect`. */
export function inspectTask(kind: ModuleKind): CommandTask {
  return async (values, ctx, terminal) => {
    const machine = thisMachine(ctx.tmp);
    const flags = readRegistryFlags(values);
    await using locator = openStores(machine, ctx.product, flags);
    const [module = ''] = values.positionals;
    const builder = values.text('builder');
    const found = await inspectPackage(
      { kind, module, cwd: machine.cwd, ...(builder === undefined ? {} : { builder }), ...viewOf(values) },
      { locator, downloads: downloadPlace(machine, ctx.product, flags) },
      withWarnings(ctx),
    );
    print({ lines: packageLines(found), report: packageReport(found) }, values, terminal);
    return 0;
  };
}

/** `slipway builder suggest`: asks nobody. */
export function runBuilderSuggestCommand(values: CommandValues, _ctx: Context, terminal: Terminal): Promise<number> {
  if (values.boolean('json')) terminal.out(`${JSON.stringify(SUGGESTED_BUILDERS, undefined, 2)}\n`);
  else {
    const rows = SUGGESTED_BUILDERS.map(({ vendor, image, description }) => [`${vendor}:`, image, description]);
    terminal.out(
      `Suggested builders:\n${alignColumns(rows)
        .map((line) => `  ${line}\n`)
        .join('')}`,
    );
    terminal.out('\nTip: slipway builder inspect LOCATION says what is in one\n');
  }
  return Promise.resolve(0);
}

function viewOf(values: CommandValues): {
  readonly depth?: number;
  readonly target?: ReturnType<typeof parsePlatform>;
} {
  const [depth, platform] = [values.number('depth'), values.text('platform')];
  return {
    ...(depth === undefined ? {} : { depth }),
    ...(platform === undefined ? {} : { target: parsePlatform(platform) }),
  };
}

function print(
  { lines, report }: { readonly lines: readonly string[]; readonly report: PlainTable },
  values: CommandValues,
  terminal: Terminal,
): void {
  const form = values.boolean('json') ? 'json' : values.text('output');
  if (form === 'json' || form === 'yaml' || form === 'toml') terminal.out(renderReport(report, form));
  else for (const line of lines) terminal.out(`${line}\n`);
}

/** The output is the facts alone, and what nobody may miss. */
function withWarnings(ctx: Context): Context {
  return { ...ctx, emit: (event) => (event.type === 'warning' ? ctx.emit(event) : undefined) };
}
