import type { Context } from '../../core/context.ts';
import { checkStandardUses } from '../../locate/standard.ts';
import { formatPinned } from '../../options/names.ts';
import type { AnalyzerInputs } from '../../options/phase-inputs.ts';
import { analyze, type AnalyzeInput } from '../../phases/analyze.ts';
import { writeAnalyzed } from '../../workspace/files.ts';
import { imagesRead } from '../images-read.ts';
import { placeOnDisk } from '../in-place.ts';
import { readRunEntries, runImageCandidates } from '../run-image.ts';
import { refuseCacheAsOutput } from '../sinks.ts';
import { lifecycleGuard } from '../stage.ts';
import { announce, openHostStores, openLaunchCache, prepare, type Host } from './host.ts';

/** `analyzer`: resolves run image and previous image, checks that the outputs can be written, writes analyzed.toml. */
export async function runAnalyzer(inputs: AnalyzerInputs, host: Host, ctx: Context): Promise<void> {
  announce(inputs, host, ctx);
  const input = await analyzeInput(inputs, ctx);
  const uses = { inputs: imagesRead(input), outputs: input.outputs, isForLater: true };
  checkStandardUses(uses, host.machine.standard);
  refuseCacheAsOutput(inputs.cacheImage, input.outputs);
  await using stores = openHostStores(inputs, host, ctx);
  const directories = [inputs.layersDir, inputs.cacheDir, inputs.launchCacheDir];
  await prepare({ directories, images: [...uses.inputs, ...input.outputs, input.cacheImage] }, inputs, host, ctx);
  const launchCache = await openLaunchCache(inputs.launchCacheDir, ctx);
  const { analyzed } = await lifecycleGuard('analyze', () => analyze(input, { images: stores, launchCache }, ctx));
  await writeAnalyzed(inputs.analyzed, analyzed, (location) => formatPinned(location, inputs.names));
}

/** The inputs of the analyze phase; reads run.toml or stack.toml when no run image was named. */
export async function analyzeInput(inputs: AnalyzerInputs, ctx: Context): Promise<AnalyzeInput> {
  const entries = inputs.runImage.kind === 'from-file' ? await readRunEntries(inputs, ctx) : [];
  const candidates = runImageCandidates(inputs.runImage, entries, inputs, ctx);
  const { runImageName } = inputs;
  return {
    runImage:
      'kind' in candidates || runImageName === undefined
        ? candidates
        : candidates.map((candidate) => ({ ...candidate, name: runImageName })),
    previousImage: inputs.previousImage?.location,
    previousName: inputs.previousImage?.name ?? '',
    outputs: inputs.outputs.map((named) => named.location),
    cacheImage: inputs.cacheImage?.location,
    execEnv: inputs.execEnv,
    target: inputs.target,
    skipLayers: inputs.skipLayers,
    layers: placeOnDisk(inputs.layersDir, inputs.owner),
    features: inputs.features,
    show: (pinned) => formatPinned(pinned, inputs.names),
  };
}
