import { EMPTY_LIFECYCLE_METADATA } from '../../cnb/layer-metadata.ts';
import type { Context } from '../../core/context.ts';
import { SlipwayError } from '../../core/errors.ts';
import type { RestorerInputs } from '../../options/phase-inputs.ts';
import { restore } from '../../phases/restore.ts';
import { readGroup } from '../../workspace/files.ts';
import { checkGroupApis, placeOnDisk } from '../in-place.ts';
import { targetPlatform } from '../open-cache.ts';
import { lifecycleGuard } from '../stage.ts';
import { carryAnalyzed } from './carry-analyzed.ts';
import { announce, openCaches, openHostStores, prepare, type Host } from './host.ts';

/** `restorer`: puts back layer metadata and cached layers. */
export async function runRestorer(inputs: RestorerInputs, host: Host, ctx: Context): Promise<void> {
  announce(inputs, host, ctx);
  if (inputs.buildImage !== undefined)
    throw new SlipwayError('NOT_SUPPORTED', 'failed to resolve inputs: -build-image is not supported by this version', {
      exit: 3,
    });
  await prepare([inputs.layersDir, inputs.cacheDir], inputs, host, ctx);
  const { features } = inputs;
  const group = await readGroup(inputs.group);
  checkGroupApis(group, inputs.deprecations, ctx);
  const analyzed = await carryAnalyzed(inputs, host, ctx);
  await using stores = openHostStores(inputs, host, ctx);
  const openCache = await openCaches(inputs, stores, ctx);
  const cache = await openCache(targetPlatform(analyzed?.runImage?.target));
  const input = {
    layers: placeOnDisk(inputs.layersDir, inputs.owner),
    group,
    metadata: analyzed?.metadata ?? EMPTY_LIFECYCLE_METADATA,
    features,
    skipLayers: inputs.skipLayers,
  };
  await lifecycleGuard('restore', () => restore(input, { cache }, ctx));
}
