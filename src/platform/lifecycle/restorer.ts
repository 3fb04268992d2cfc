import { EMPTY_LIFECYCLE_METADATA } from '../../cnb/layer-metadata.ts';
import type { Context } from '../../core/context.ts';
import type { RestorerInputs } from '../../options/phase-inputs.ts';
import { restore } from '../../phases/restore.ts';
import { readGroup } from '../../workspace/files.ts';
import { checkGroupApis, placeOnDisk } from '../in-place.ts';
import { targetPlatform } from '../open-cache.ts';
import { lifecycleGuard } from '../stage.ts';
import { KANIKO_DIRECTORY } from './base-cache.ts';
import { carryAnalyzed, recordedRunImage } from './carry-analyzed.ts';
import { announce, openCaches, openHostStores, prepare, type Host } from './host.ts';

/** `restorer`: puts back layer metadata and cached layers, and resolves the images that extensions need. */
export async function runRestorer(inputs: RestorerInputs, host: Host, ctx: Context): Promise<void> {
  announce(inputs, host, ctx);
  await using stores = openHostStores(inputs, host, ctx);
  const directories = [inputs.layersDir, inputs.cacheDir, KANIKO_DIRECTORY];
  const runImage = await recordedRunImage(inputs, ctx);
  const images = [inputs.cacheImage?.location, inputs.buildImage?.location, runImage];
  await prepare({ directories, images }, inputs, host, ctx);
  const { features } = inputs;
  const group = await readGroup(inputs.group);
  checkGroupApis(group, inputs.deprecations, ctx);
  const analyzed = await carryAnalyzed(inputs, group, stores, ctx);
  const openCache = await openCaches(inputs, stores, ctx);
  const cache = await openCache(targetPlatform(analyzed?.runImage?.target));
  const input = {
    layers: placeOnDisk(inputs.layersDir, inputs.owner),
    group,
    metadata: analyzed?.metadata ?? EMPTY_LIFECYCLE_METADATA,
    features,
    skipLayers: inputs.skipLayers,
    execEnv: inputs.execEnv,
  };
  await lifecycleGuard('restore', () => restore(input, { cache }, ctx));
}
