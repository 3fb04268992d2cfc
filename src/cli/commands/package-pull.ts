import type { Context } from '../../core/context.ts';
import { SlipwayError } from '../../core/errors.ts';
import { packageMetadataKey } from '../../cnb/package-labels.ts';
import { parsePlatform } from '../../oci/platform.ts';
import type { CommandValues } from '../../options/command-values.ts';
import { readRegistryFlags } from '../../options/registry-flags.ts';
import { packageLocation, packageTarget } from '../../platform/package/package-location.ts';
import { openStores } from '../../platform/stores.ts';
import { copyImages } from '../../tools/copy.ts';
import { thisMachine } from '../this-machine.ts';

/** `slipway buildpack pull LOCATION --output LOCATION`: a copy, which tells its digest. */
export async function runBuildpackPullCommand(values: CommandValues, ctx: Context): Promise<number> {
  const [from = ''] = values.positionals;
  const outputs = values.list('output');
  if (outputs.length === 0)
    throw new SlipwayError('ARGUMENT_INVALID', 'nothing says where the buildpackage goes', {
      exit: 3,
      hint: 'there is no daemon that keeps images: name --output oci:DIR:NAME or --output FILE.cnb',
    });
  const source = packageLocation(from);
  const target = values.text('platform');
  const platform = target === undefined ? {} : { platform: parsePlatform(target) };
  await using stores = openStores(thisMachine(ctx.tmp), ctx.product, readRegistryFlags(values));
  const quiet = { ...ctx, emit: () => undefined };
  const find = 'platform' in platform ? { target: platform.platform } : {};
  const { labels } = (await stores.find(source, 'buildpackage', quiet, find)).config;
  if (labels[packageMetadataKey('buildpack')] === undefined && labels[packageMetadataKey('extension')] === undefined)
    throw new SlipwayError('IMAGE_INVALID', `${from} is no buildpackage`, {
      hint: `slipway image copy ${from} ${outputs[0] ?? ''} copies any image`,
    });
  await copyImages({ from: source, to: outputs.map(packageTarget) }, stores, ctx, platform);
  return 0;
}
