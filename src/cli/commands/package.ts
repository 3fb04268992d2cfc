import type { ModuleKind } from '../../cnb/module.ts';
import type { Label } from '../../cnb/process.ts';
import type { Context } from '../../core/context.ts';
import { SlipwayError } from '../../core/errors.ts';
import type { Location } from '../../oci/location.ts';
import { parsePlatform } from '../../oci/platform.ts';
import type { CommandValues } from '../../options/command-values.ts';
import { readRegistryFlags } from '../../options/registry-flags.ts';
import { downloadPlace } from '../../platform/download/download-place.ts';
import { packageTarget } from '../../platform/package/package-location.ts';
import { makeBuilder } from '../../platform/package/make-builder.ts';
import { makePackage } from '../../platform/package/make-package.ts';
import type { SavedImages } from '../../platform/package/save-images.ts';
import type { SinkRequest } from '../../platform/sinks.ts';
import { openStores } from '../../platform/stores.ts';
import type { Terminal } from '../../term/terminal.ts';
import { thisMachine } from '../this-machine.ts';
import type { CommandTask } from './command-task.ts';

/** `slipway buildpack package`, `slipway extension package`: prints the digest. */
export function packageTask(kind: ModuleKind): CommandTask {
  return async (values, ctx, terminal) => {
    const machine = thisMachine(ctx.tmp);
    const flags = readRegistryFlags(values);
    await using locator = openStores(machine, ctx.product, flags);
    const config = values.text('config');
    const saved = await makePackage(
      {
        kind,
        path: values.text('path') ?? '.',
        ...(config === undefined ? {} : { config }),
        platforms: values.list('target').map(parsePlatform),
        outputs: outputsOf(values, values.text('format')),
        ...(values.boolean('flatten') ? { flatten: { exclude: values.list('flatten-exclude') } } : {}),
        labels: labelsOf(values),
        hostArchitecture: machine.architecture,
      },
      { locator, downloads: downloadPlace(machine, ctx.product, flags) },
      ctx,
    );
    return show(saved, values, terminal);
  };
}

/** `slipway builder create`: prints the digest. */
export async function runBuilderCreateCommand(
  values: CommandValues,
  ctx: Context,
  terminal: Terminal,
): Promise<number> {
  const machine = thisMachine(ctx.tmp);
  const flags = readRegistryFlags(values);
  await using locator = openStores(machine, ctx.product, flags);
  const saved = await makeBuilder(
    {
      config: values.text('config') ?? 'builder.toml',
      platforms: values.list('target').map(parsePlatform),
      outputs: outputsOf(values, 'image'),
      flatten: values.list('flatten').map((group) => group.split(',').map((name) => name.trim())),
      labels: labelsOf(values),
    },
    { locator, downloads: downloadPlace(machine, ctx.product, flags) },
    ctx,
  );
  return show(saved, values, terminal);
}

/** Throws `ARGUMENT_INVALID` for `--publish` without a registry, and what cannot be written to. */
function outputsOf(values: CommandValues, format: string | undefined): readonly SinkRequest[] {
  const outputs = [...values.positionals, ...values.list('output')].map((shown, index) => ({
    location: format === 'file' && index === 0 ? fileOf(shown) : packageTarget(shown),
    shown,
  }));
  if (values.boolean('publish') && outputs.every(({ location }) => location.kind !== 'registry'))
    throw new SlipwayError('ARGUMENT_INVALID', '--publish needs the name of an image in a registry', { exit: 3 });
  return outputs;
}

/** `--format file`: the name is a file whatever it looks like, as in pack, which adds the ending. */
function fileOf(text: string): Location {
  return { kind: 'oci-archive', file: text.endsWith('.cnb') ? text : `${text}.cnb` };
}

function labelsOf(values: CommandValues): readonly Label[] {
  return values.list('label').map((text) => {
    const [, key, value] = /^([^=]+)=(.*)$/s.exec(text) ?? [];
    if (key === undefined || value === undefined)
      throw new SlipwayError('ARGUMENT_INVALID', `--label "${text}" is not KEY=VALUE`, { exit: 3 });
    return { key, value };
  });
}

function show({ digest, images }: SavedImages, values: CommandValues, terminal: Terminal): number {
  if (values.boolean('json')) {
    terminal.out(`${JSON.stringify({ digest, images })}\n`);
    return 0;
  }
  if (images.length > 1 && !values.boolean('quiet'))
    for (const { platform, digest: own, files } of images)
      terminal.err(`${[platform.padEnd(16), own, ...files].join(' ')}\n`);
  terminal.out(`${digest}\n`);
  return 0;
}
