import { join } from 'node:path';
import { knownTarget, type Analyzed } from '../../cnb/analyzed.ts';
import type { Context } from '../../core/context.ts';
import { hasCode, retold, SlipwayError } from '../../core/errors.ts';
import type { Locator } from '../../locate/locator.ts';
import { checkStandardUses } from '../../locate/standard.ts';
import { displayLocation } from '../../oci/location.ts';
import { parsePinned } from '../../options/names.ts';
import type { ExporterInputs } from '../../options/phase-inputs.ts';
import type { Image } from '../../ports/image.ts';
import { readAnalyzed, readBuildMetadata, readGroup } from '../../workspace/files.ts';
import { checkGroupApis, placeOnDisk } from '../in-place.ts';
import { readRunEntries } from '../run-image.ts';
import { recordedName } from '../run-build.ts';
import { runImageMemory } from '../run-image-tools.ts';
import { announceImages, runExport, type ExportSettings } from '../run-export.ts';
import { openSinks, refuseCacheAsOutput, type SinkRequest } from '../sinks.ts';
import { lifecycleGuard, stage } from '../stage.ts';
import { announce, openCaches, openHostIndex, openHostStores, openLaunchCache, prepare, type Host } from './host.ts';
import { extendedBase, findExtended } from './extended-run-image.ts';
import { platformOption } from './resolve-for-extensions.ts';

/** `exporter`: makes the app image of what the phases before it left on disk, writes it to every output, fills the cache. */
export async function runExporter(inputs: ExporterInputs, host: Host, ctx: Context): Promise<void> {
  announce(inputs, host, ctx);
  const outputs = inputs.outputs.map(({ location }) => location);
  checkStandardUses({ inputs: [], outputs }, host.machine.standard);
  refuseCacheAsOutput(inputs.cacheImage, outputs);
  const analyzed = await readAnalyzedInput(inputs, ctx);
  const recorded = analyzed?.runImage;
  if (analyzed === undefined || recorded === undefined)
    throw new SlipwayError('ARGUMENT_INVALID', 'failed to resolve inputs: run image not found in analyzed metadata', {
      hint: `run the analyzer first; it writes ${inputs.analyzed}`,
    });
  await using stores = openHostStores(inputs, host, ctx);
  const directories = [inputs.cacheDir, inputs.launchCacheDir];
  const images = [recorded.reference, analyzed.previousImage, ...outputs, inputs.cacheImage?.location];
  await prepare({ directories, images }, inputs, host, ctx);
  const group = await readGroup(inputs.group);
  checkGroupApis(group, inputs.deprecations, ctx);
  const extendedDir = await findExtended(inputs, recorded, host, ctx);
  const openCache = await openCaches(inputs, stores, ctx);
  const launchCache = await openLaunchCache(inputs.launchCacheDir, ctx);
  const index = openHostIndex(inputs, host, ctx);
  const runImage = await stage('get run image', 62, () =>
    stores.find(recorded.reference, 'run image', ctx, platformOption(recorded)),
  );
  const previous = await findPrevious(analyzed, stores, ctx);
  const extended =
    extendedDir === undefined
      ? undefined
      : await lifecycleGuard('export', () =>
          extendedBase(extendedDir, { runImage, previous: previous?.image }, stores, ctx),
        );
  announceImages({ previous: previous?.image, output: outputs[0] }, inputs.names, ctx);
  const runEntries = await readRunEntries(inputs, ctx);
  const metadata = await lifecycleGuard('export', () =>
    readBuildMetadata(join(inputs.layersDir, 'config', 'metadata.toml')),
  );
  await using sinks = await lifecycleGuard('export', () => openSinks(sinkRequests(inputs), stores, ctx));
  await runExport(
    {
      settings: exportSettings(inputs),
      layers: placeOnDisk(inputs.layersDir, inputs.owner),
      app: placeOnDisk(inputs.appDir, inputs.owner),
      group,
      metadata,
      runImage: extended?.image ?? runImage,
      ...(extended === undefined ? {} : { extensionLayers: extended.layers }),
      runImageName: recordedName(analyzed, runEntries),
      runEntries,
      target: knownTarget(recorded),
      previous,
    },
    { outputs: sinks, cache: await openCache(runImage.platform), launchCache, index, guard: lifecycleGuard },
    ctx,
  );
}

/** What is wrong with the file is a matter of the inputs here: exit 3. */
async function readAnalyzedInput(inputs: ExporterInputs, ctx: Context): Promise<Analyzed | undefined> {
  try {
    return await readAnalyzed(inputs.analyzed, (text) => parsePinned(text, inputs.names), ctx);
  } catch (error) {
    if (!(error instanceof SlipwayError)) throw error;
    throw retold(error, { message: `failed to resolve inputs: ${error.message}`, exit: 3 });
  }
}

export function exportSettings(inputs: ExporterInputs): ExportSettings {
  return { ...inputs, runImageMemory: runImageMemory(inputs) };
}

export function sinkRequests({
  outputs,
  compression,
}: Pick<ExporterInputs, 'outputs' | 'compression'>): readonly SinkRequest[] {
  return outputs.map(({ location, name }) => ({ location, shown: name, compression }));
}

/** The previous image that the analyzer saw. One that vanished since cannot give its layers, which export says where it matters. */
async function findPrevious(
  analyzed: Analyzed,
  stores: Locator,
  ctx: Context,
): Promise<{ readonly image: Image; readonly metadata: Analyzed['metadata'] } | undefined> {
  const location = analyzed.previousImage;
  if (location === undefined) return undefined;
  try {
    const image = await stores.find(location, 'previous image', ctx, { allowEmpty: true });
    return { image, metadata: analyzed.metadata };
  } catch (error) {
    if (!hasCode(error, 'IMAGE_NOT_FOUND', 'BLOB_NOT_FOUND', 'IMAGE_INVALID')) throw error;
    const message = `Previous image ${displayLocation(location)} cannot be read any more: ${error.message}`;
    ctx.emit({ type: 'log', level: 'warn', message });
    return undefined;
  }
}
