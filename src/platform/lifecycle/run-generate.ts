import { switchRunImage } from '../../cnb/switch-run-image.ts';
import type { Analyzed } from '../../cnb/analyzed.ts';
import { EMPTY_LIFECYCLE_METADATA } from '../../cnb/layer-metadata.ts';
import type { Context } from '../../core/context.ts';
import { formatPinned, type NamedLocation } from '../../options/names.ts';
import type { DetectorInputs } from '../../options/phase-inputs.ts';
import { generate, type GenerateInput, type GeneratePorts } from '../../phases/generate.ts';
import { readRun, writeAnalyzed, writePlan } from '../../workspace/files.ts';
import { locateNewBase } from '../new-base.ts';
import { entryOf } from '../run-image.ts';
import { lifecycleGuard } from '../stage.ts';

/** The end of `detector` for a group with extensions: `<generated>`, and analyzed.toml and plan.toml anew (contract §8). */
export async function runGenerate(
  {
    inputs,
    analyzed,
    input,
  }: {
    readonly inputs: DetectorInputs;
    readonly analyzed: Analyzed | undefined;
    readonly input: Omit<GenerateInput, 'generated'>;
  },
  ports: GeneratePorts,
  ctx: Context,
): Promise<void> {
  const generated = { real: inputs.generatedDir, logical: inputs.generatedDir };
  const { plan, newBase, extend } = await lifecycleGuard('generate', () =>
    generate({ ...input, generated }, ports, ctx),
  );
  const base =
    newBase === undefined
      ? undefined
      : await lifecycleGuard('generate', () => Promise.resolve(locateNewBase(newBase, inputs.names)));
  await tellSwitch(base, extend, { inputs, analyzed }, ctx);
  const before = analyzed ?? { metadata: EMPTY_LIFECYCLE_METADATA };
  const wish = {
    newBase: base === undefined || newBase === undefined ? undefined : { ...base, name: newBase.image },
    extend,
  };
  await writeAnalyzed(inputs.analyzed, switchRunImage(before, wish), (location) =>
    formatPinned(location, inputs.names),
  );
  await writePlan(inputs.plan, plan);
}

async function tellSwitch(
  base: NamedLocation | undefined,
  extend: boolean,
  { inputs, analyzed }: { readonly inputs: DetectorInputs; readonly analyzed: Analyzed | undefined },
  ctx: Context,
): Promise<void> {
  const log = (level: 'debug' | 'warn', message: string): void => ctx.emit({ type: 'log', level, message });
  if (base === undefined || base.name === analyzed?.runImage?.image) {
    if (extend) log('debug', 'Updating analyzed metadata to indicate run image extension');
    return;
  }
  log('debug', `Updating analyzed metadata with new run image '${base.name}'`);
  if (!inputs.features.hasRunToml) return;
  const entries = await readRun(inputs.runToml, ctx);
  if (entryOf(base.name, entries) === undefined)
    log('warn', `new runtime base image '${base.name}' not found in run metadata`);
}
