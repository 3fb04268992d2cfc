import type { ModuleKind } from '../../cnb/module.ts';
import type { Context } from '../../core/context.ts';
import { SlipwayError } from '../../core/errors.ts';
import { parseLocation, type Location } from '../../oci/location.ts';
import { parsePlatform } from '../../oci/platform.ts';
import type { CommandValues } from '../../options/command-values.ts';
import { readRegistryFlags } from '../../options/registry-flags.ts';
import { makeBuilder } from '../../platform/package/make-builder.ts';
import { makePackage } from '../../platform/package/make-package.ts';
import type { SavedImages } from '../../platform/package/save-images.ts';
import { openStores } from '../../platform/stores.ts';
import type { Terminal } from '../../term/terminal.ts';
import { thisMachine } from '../this-machine.ts';
import type { CommandTask } from './command-task.ts';

/** `slipway buildpack package`, `slipway extension package`: prints the digest. */
export function packageTask(kind: ModuleKind): CommandTask {
  return async (values, ctx, terminal) => {
    const machine = thisMachine(ctx.tmp);
    await using stores = openStores(machine, ctx.product, readRegistryFlags(values));
    const config = values.text('config');
    const saved = await makePackage(
      {
        kind,
        path: values.text('path') ?? '.',
        ...(config === undefined ? {} : { config }),
        platforms: values.list('target').map(parsePlatform),
        outputs: outputsOf(values),
        hostArchitecture: machine.architecture,
      },
      stores,
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
  await using stores = openStores(thisMachine(ctx.tmp), ctx.product, readRegistryFlags(values));
  const saved = await makeBuilder(
    {
      config: values.text('config') ?? 'builder.toml',
      platforms: values.list('target').map(parsePlatform),
      outputs: outputsOf(values),
    },
    stores,
    ctx,
  );
  return show(saved, values, terminal);
}

function outputsOf(values: CommandValues): readonly { readonly location: Location; readonly shown: string }[] {
  return [...values.positionals, ...values.list('output')].map((shown) => ({ location: locationOf(shown), shown }));
}

/** `FILE.cnb` is a tar of a layout (distribution spec). */
function locationOf(text: string): Location {
  if (/^[^:]+\.cnb$/.test(text)) return { kind: 'oci-archive', file: text };
  const location = parseLocation(text);
  if (location.kind === 'registry' ? location.reference.digest === undefined : !isFixed(location)) return location;
  throw new SlipwayError('ARGUMENT_INVALID', `${text} cannot be written to`, {
    exit: 3,
    hint: 'name a registry image, oci:DIR:NAME, oci-archive:FILE or FILE.cnb',
  });
}

/** Nothing can be written to a digest, or to an engine. */
function isFixed(location: Location): boolean {
  return location.kind === 'docker-daemon' || 'digest' in location;
}

function show({ digest, images }: SavedImages, values: CommandValues, terminal: Terminal): number {
  if (values.boolean('json')) {
    terminal.out(`${JSON.stringify({ digest, images })}\n`);
    return 0;
  }
  if (images.length > 1 && !values.boolean('quiet'))
    for (const image of images) terminal.err(`${image.platform.padEnd(16)} ${image.digest}\n`);
  terminal.out(`${digest}\n`);
  return 0;
}
