import type { Context } from '../core/context.ts';
import { SlipwayError } from '../core/errors.ts';
import type { Locator } from '../locate/locator.ts';
import { parseLocation, type Location } from '../oci/location.ts';
import { parsePlatform } from '../oci/platform.ts';
import type { CommandValues } from '../options/command-values.ts';
import { readRegistryFlags } from '../options/registry-flags.ts';
import type { Machine } from '../platform/machine.ts';
import { openStores } from '../platform/stores.ts';
import type { PlatformChoice } from '../tools/manifest.ts';
import { thisMachine } from './this-machine.ts';

/** What the commands of `slipway image` work with. Dispose it at the end. */
export interface ImageWork extends AsyncDisposable {
  readonly machine: Machine;
  readonly stores: Locator;
  /** Tells of trouble only: the result is all that is shown, and under `--json` one document. */
  readonly quiet: Context;
}

export function openImageWork(values: CommandValues, ctx: Context): ImageWork {
  const machine = thisMachine(ctx.tmp);
  const stores = openStores(machine, ctx.product, readRegistryFlags(values));
  const isJson = values.boolean('json') || values.text('progress') === 'json';
  const quiet: Context = {
    ...ctx,
    emit: (event) => {
      const isTrouble = event.type === 'warning' || event.type === 'http.retry' || event.type === 'log';
      if (isTrouble && !isJson) ctx.emit(event);
    },
  };
  return { machine, stores, quiet, [Symbol.asyncDispose]: () => stores[Symbol.asyncDispose]() };
}

export function locationAt(values: CommandValues, index: number): Location {
  return parseLocation(values.positionals[index] ?? '');
}

export function platformChoice(values: CommandValues): PlatformChoice {
  const text = values.text('platform');
  return text === undefined ? {} : { platform: parsePlatform(text) };
}

/** True when the text says a tag, name or digest; a reference without one means `latest` elsewhere. */
export function saysName(text: string): boolean {
  const location = parseLocation(text);
  switch (location.kind) {
    case 'registry':
      return /[:@][^/]*$/.test(text.replace(/^docker:\/\//, ''));
    case 'oci':
    case 'oci-archive':
    case 'docker-archive':
      return location.ref !== undefined || location.digest !== undefined;
    case 'docker-daemon':
      return true;
  }
}

/** Names come from the source under `--all-tags`. Throws `ARGUMENT_INVALID` for a place that says one. */
export function refuseNames(texts: readonly string[]): void {
  const named = texts.find(saysName);
  if (named === undefined) return;
  throw new SlipwayError('ARGUMENT_INVALID', `--all-tags copies every name, and ${named} says one`, {
    hint: 'leave the tag or name out',
  });
}
