import type { Context } from '../../core/context.ts';
import { SlipwayError } from '../../core/errors.ts';
import type { CommandValues } from '../../options/command-values.ts';
import {
  addRunImageMirrors,
  addTrustedBuilder,
  removeRegistryMirror,
  removeRunImageMirrors,
  removeTrustedBuilder,
  setRegistryMirror,
} from '../../platform/config/lists.ts';
import type { ConfigPlace } from '../../platform/config/places.ts';
import type { TableKey } from '../../platform/config/settings.ts';
import type { Machine } from '../../platform/machine.ts';
import type { Terminal } from '../../term/terminal.ts';
import { thisMachine } from '../this-machine.ts';
import { tellChange } from './config-set.ts';
import { printKey } from './config-show.ts';

/** `slipway config run-image-mirrors`. */
export function runRunImageMirrorsCommand(values: CommandValues, ctx: Context, terminal: Terminal): Promise<number> {
  const mirrors = values.list('mirror');
  return changeList(
    'run-images',
    values,
    { ctx, terminal },
    {
      add: (image, machine) => addRunImageMirrors(image, mirrors, machine, ctx),
      remove: (image, machine) => removeRunImageMirrors(image, mirrors, machine, ctx),
    },
  );
}

/** `slipway config registry-mirrors`. */
export function runRegistryMirrorsCommand(values: CommandValues, ctx: Context, terminal: Terminal): Promise<number> {
  return changeList(
    'registry-mirrors',
    values,
    { ctx, terminal },
    {
      add: (registry, machine) => {
        const mirror = values.text('mirror');
        if (mirror !== undefined) return setRegistryMirror(registry, mirror, machine, ctx);
        throw new SlipwayError('ARGUMENT_INVALID', 'nothing says which mirror', { hint: 'name it: --mirror HOST' });
      },
      remove: (registry, machine) => removeRegistryMirror(registry, machine, ctx),
    },
  );
}

/** `slipway config trusted-builders`. */
export function runTrustedBuildersCommand(values: CommandValues, ctx: Context, terminal: Terminal): Promise<number> {
  return changeList(
    'trusted-builders',
    values,
    { ctx, terminal },
    {
      add: (name, machine) => addTrustedBuilder(name, machine, ctx),
      remove: (name, machine) => removeTrustedBuilder(name, machine, ctx),
    },
  );
}

type Change = (name: string, machine: Machine) => Promise<ConfigPlace>;

async function changeList(
  key: TableKey,
  values: CommandValues,
  { ctx, terminal }: { readonly ctx: Context; readonly terminal: Terminal },
  changes: { readonly add: Change; readonly remove: Change },
): Promise<number> {
  const [verb = 'list', name] = values.positionals;
  if (verb === 'list') {
    await printKey(key, values, ctx);
    return 0;
  }
  if (verb !== 'add' && verb !== 'remove')
    throw new SlipwayError('ARGUMENT_INVALID', `there is no verb "${verb}"`, { hint: 'write list, add or remove' });
  if (name === undefined) throw new SlipwayError('ARGUMENT_INVALID', `${verb} needs a name`);
  const place = await changes[verb](name, thisMachine(ctx.tmp));
  return tellChange(
    { text: `${verb === 'add' ? 'added to' : 'removed from'} ${key}: ${name}`, place },
    values,
    ctx,
    terminal,
  );
}
