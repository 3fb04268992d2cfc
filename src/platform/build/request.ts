import type { Context } from '../../core/context.ts';
import { SlipwayError } from '../../core/errors.ts';
import { parseLauncherChoice } from '../../launcher/choose.ts';
import { parseCompression, type Compression } from '../../layer/compression.ts';
import type { Place } from '../../layer/place.ts';
import { checkStandardUses } from '../../locate/standard.ts';
import { parseLocation } from '../../oci/location.ts';
import type { AnalyzeInput } from '../../phases/analyze.ts';
import { openConfig } from '../config/config.ts';
import { STANDARD_APP } from '../app/open-app.ts';
import { imagesRead } from '../images-read.ts';
import { refuseCacheAsOutput, refuseSameOutputs, type SinkRequest } from '../sinks.ts';
import type { Builder } from './builder.ts';
import { readCaches, type CachePlan } from './caches.ts';
import { checkData } from './data.ts';
import { checkImageName } from './image-name.ts';
import { checkLifecycleImage } from './lifecycle-image.ts';
import type { BuildOptions } from './options.ts';
import { sinkRequests } from './outputs.ts';
import { refuseHostSandbox } from './sandbox.ts';
import { builderRunImages, checkSources, newestFeatures, readPrevious, readRunImage } from './sources.ts';

/** The options of a build, read: what can be wrong with them was said. */
export interface BuildRequest {
  /** Of outputs that do not say their own. */
  readonly compression: Compression;
  readonly outputs: readonly SinkRequest[];
  readonly previous: Pick<AnalyzeInput, 'previousImage' | 'previousName'>;
  /** The run image that was named; undefined: the builder's. */
  readonly runImage: AnalyzeInput['runImage'] | undefined;
  readonly caches: CachePlan;
}

/**
 * What is wrong with the arguments whatever the descriptor says: before an archive is unpacked, and standard input read, for the
 * descriptor in it.
 */
export function checkBeforeProject(options: BuildOptions): void {
  const { builder, buildpacks, sandbox } = options;
  const mayComeLater = builder === undefined && buildpacks === undefined && sandbox !== 'in-place';
  if (mayComeLater) readPlaces(options);
  else readRequest(options);
}

/** Whatever is wrong with the arguments alone is thrown, before any work. */
export function readRequest(options: BuildOptions): BuildRequest {
  refuseMachine(options.machine.platform);
  checkSources(options);
  refuseHostSandbox(options);
  return readPlaces(options);
}

function readPlaces(options: BuildOptions): BuildRequest {
  const { machine } = options;
  refuseMachine(machine.platform);
  parseLauncherChoice(options.launcher ?? 'auto');
  const compression = parseCompression(options.compression ?? 'gzip');
  const outputs = sinkRequests(options, compression);
  if (outputs.length === 0 && options.makesImage !== false)
    throw new SlipwayError('ARGUMENT_INVALID', 'nothing says where the image goes');
  checkData(options);
  checkLifecycleImage(options);
  checkImageName(options, outputs);
  const previous = readPrevious(options, outputs);
  const runImage = options.runImage === undefined ? undefined : readRunImage(options.runImage, options.runImageName);
  const locations = outputs.map(({ location }) => location);
  const builder = options.builder === undefined ? undefined : parseLocation(options.builder);
  const inputs = [builder, ...imagesRead({ runImage: runImage ?? [], previousImage: previous.previousImage })];
  const otherInputs = options.path === STANDARD_APP ? [`--path ${STANDARD_APP}`] : [];
  checkStandardUses({ inputs, otherInputs, outputs: locations }, machine.standard);
  refuseSameOutputs(outputs);
  const caches = readCaches(options);
  refuseCacheAsOutput(caches.cacheImage, locations);
  return { compression, outputs, previous, runImage, caches };
}

/** What analyze looks for: the run image that was named or the builder's, and the previous image. */
export function analyzeInput(
  options: BuildOptions,
  request: BuildRequest,
  { builder, layers }: { readonly builder: Builder | undefined; readonly layers: Place },
  ctx: Context,
): AnalyzeInput {
  return {
    ...request.previous,
    runImage: request.runImage ?? builderRunImages(builder, openConfig(options.machine), ctx),
    outputs: request.outputs.map((output) => output.location),
    target: options.target,
    execEnv: options.execEnv ?? 'production',
    skipLayers: options.clearCache ?? false,
    layers,
    features: newestFeatures(),
  };
}

function refuseMachine(platform: string): void {
  if (platform === 'linux') return;
  throw new SlipwayError('NOT_SUPPORTED', `buildpacks cannot run on ${platform}`, {
    exit: 3,
    hint: 'run slipway build on Linux; the image tools work here',
  });
}
