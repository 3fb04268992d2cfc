import type { Context } from '../../core/context.ts';
import type { Event } from '../../core/events.ts';
import { displayLocation, parseLocation } from '../../oci/location.ts';
import { formatPlatform, parsePlatform } from '../../oci/platform.ts';
import type { CommandValues } from '../../options/command-values.ts';
import { readRegistryFlags } from '../../options/registry-flags.ts';
import { openStores } from '../../platform/stores.ts';
import type { Terminal } from '../../term/terminal.ts';
import { thisMachine } from '../this-machine.ts';

/** What nobody may miss, although the command's output is the image's facts alone. */
function isOfTrust(event: Event): boolean {
  return event.type === 'warning' && event.code === 'TLS_NOT_VERIFIED';
}

/** `slipway inspect LOCATION`: digests, platform, layers, config and labels as JSON. */
export async function runInspectCommand(values: CommandValues, ctx: Context, terminal: Terminal): Promise<number> {
  const machine = thisMachine(ctx.tmp);
  const platform = values.text('platform');
  await using stores = openStores(machine, ctx.product, readRegistryFlags(values));
  const location = parseLocation(values.positionals[0] ?? '');
  const image = await stores.find(
    location,
    'image',
    { ...ctx, emit: (event) => (isOfTrust(event) ? ctx.emit(event) : undefined) },
    {
      allowEmpty: true,
      ...(platform === undefined ? {} : { target: parsePlatform(platform) }),
    },
  );
  const config: unknown = JSON.parse(Buffer.from(image.rawConfig).toString('utf8'));
  const facts = {
    requested: displayLocation(image.requested),
    ...(image.indexDigest === undefined ? {} : { index: image.indexDigest }),
    manifest: image.manifestDigest,
    mediaType: image.rawManifest.descriptor.mediaType,
    platform: formatPlatform(image.platform),
    layers: image.layers.map(({ diffId, descriptor }) => ({
      diffId,
      digest: descriptor.digest,
      size: descriptor.size,
    })),
    config,
  };
  terminal.out(`${JSON.stringify(facts, undefined, 2)}\n`);
  return 0;
}
