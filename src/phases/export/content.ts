import { decodeCacheMetadata } from '../../cnb/labels.ts';
import type { Context } from '../../core/context.ts';
import { familyOfBase } from '../../image/assemble.ts';
import { planSlices } from '../../layer/slices.ts';
import type { PackOptions } from '../../layer/pack.ts';
import type { ExportInput, ExportPorts } from '../export.ts';
import { layersOfBase } from './base-layers.ts';
import { readBuildpackDirectory, type BuildpackDirectory } from './buildpack-directories.ts';
import { launchLayers } from './buildpack-layers.ts';
import { assertLayerCount } from './layer-count.ts';
import { announce, announceIndex, log, type LayerRequest, type MadeLayer } from './layer-request.ts';
import { configLayer, known, LAYER_IDS, launcherLayer, processTypesLayer, sbomOrigin } from './lifecycle-layers.ts';
import { ContentLines } from './log-lines.ts';
import { makeLayers, type LayerMaking } from './make-layers.ts';
import type { SharedLayers } from './shared-layers.ts';
import { packingOf, type Variant } from './variants.ts';

/** What is in the image, above its base. */
export interface ImageContent {
  readonly directories: readonly BuildpackDirectory[];
  /** Bottom first. */
  readonly made: readonly MadeLayer[];
}

/** How layers of this export are made: where blobs may lie already, and how new ones are packed. */
export function layerMaking(
  input: ExportInput,
  ports: Pick<ExportPorts, 'cache' | 'index' | 'launchCache' | 'staging'>,
  { outputs, ...packing }: Omit<PackOptions, 'family'> & Pick<LayerMaking, 'outputs'>,
): LayerMaking {
  return {
    existing: existingLayers(input, ports),
    staging: ports.staging,
    index: ports.index,
    outputs,
    pack: { ...packing, family: familyOfBase(input.runImage) },
  };
}

export function existingLayers(
  input: ExportInput,
  ports: Pick<ExportPorts, 'cache' | 'launchCache'>,
): LayerMaking['existing'] {
  return { previous: input.previous?.image, launchCache: ports.launchCache, cache: describedCache(ports) };
}

/** The layers that the image is to have, before any is made. */
export interface ContentPlan {
  readonly directories: readonly BuildpackDirectory[];
  readonly below: readonly LayerRequest[];
  readonly app: readonly LayerRequest[];
  readonly above: readonly LayerRequest[];
}

/** Reads the layers directory: which layers there are, in the order of contract §13.2. */
export async function planContent(input: ExportInput, ports: ExportPorts, ctx: Context): Promise<ContentPlan> {
  const directories: BuildpackDirectory[] = [];
  for (const buildpack of input.group.filter((element) => element.kind === 'buildpack'))
    directories.push(await readBuildpackDirectory(buildpack, input.layers));
  const app = await appLayers(input, ctx);
  const below = await layersBelowApp(input, directories, ports);
  return { directories, below, app, above: layersAboveApp(input) };
}

/** What is made, and who needs its layers while others are still being made. */
export interface ContentMaking {
  readonly plan: ContentPlan;
  readonly variants: readonly [Variant, ...Variant[]];
  readonly shared: SharedLayers;
  /** Told of every layer of the image as soon as it is there, those of the base first. */
  readonly ready: (layer: Pick<MadeLayer, 'layer' | 'others'>) => void;
}

/** Makes every layer of the plan. Throws `TOO_MANY_LAYERS`. */
export async function makeContent(
  input: ExportInput,
  ports: ExportPorts,
  ctx: Context,
  { plan, variants, shared, ready }: ContentMaking,
): Promise<ImageContent> {
  const requests = [...plan.below, ...plan.app, ...plan.above];
  const base = layersOfBase(input);
  assertLayerCount(base.length, requests.length, ctx);
  for (const one of base) {
    if (one.status !== 'referenced') {
      log(ctx, 'info', `${one.status === 'reused' ? 'Reusing' : 'Adding'} layer '${one.id}'`);
      log(ctx, 'debug', `Layer '${one.id}' SHA: ${one.layer.diffId}`);
    }
    announce(one, ctx);
    ready({ layer: one.layer, others: [] });
  }
  const lines = new ContentLines({
    directories: plan.directories,
    layers: input.layers,
    appLayers: plan.app.length,
  });
  const outputs = variants.map((variant) => variant.outputs.map(({ sink }) => sink));
  const made = await makeLayers(requests, layerMaking(input, ports, { ...packingOf(variants), outputs }), ctx, {
    ready,
    done: (layer) => {
      announceIndex(layer, ctx);
      for (const line of lines.of(layer)) ctx.emit({ type: 'log', ...line });
      announce({ id: layer.request.id, layer: layer.layer, status: layer.status }, ctx);
      shared.add(layer.request.id, layer.layer);
    },
  });
  return { directories: plan.directories, made };
}

async function layersBelowApp(
  input: ExportInput,
  directories: readonly BuildpackDirectory[],
  ports: ExportPorts,
): Promise<readonly LayerRequest[]> {
  const previous = input.previous?.metadata;
  const cached = decodeCacheMetadata(ports.cache?.metadata);
  const launch = directories.flatMap((directory) => launchLayers(directory, input.layers, { previous, cached }));
  if (!input.features.hasSboms) return launch;
  const sbom = await sbomOrigin(input.layers, 'launch', { previousShas: known(previous?.sbom) });
  if (sbom === undefined) return launch;
  return [...launch, { id: LAYER_IDS.launchSbom, createdBy: 'Software Bill-of-Materials', from: sbom }];
}

async function appLayers(input: ExportInput, ctx: Context): Promise<readonly LayerRequest[]> {
  const { slices } = input.metadata;
  const sources = await planSlices(input.app, slices, ctx);
  return sources.map((source, index) => ({
    id: `slice-${String(index + 1)}`,
    createdBy: slices.length === 0 ? 'Application Layer' : `Application Slice: ${String(index + 1)}`,
    from: { kind: 'make', source, previousShas: input.previous?.metadata.app ?? [] },
  }));
}

function layersAboveApp(input: ExportInput): readonly LayerRequest[] {
  const previous = input.previous?.metadata;
  const { launcher } = input;
  const { processes } = input.metadata;
  return [
    ...(launcher === undefined ? [] : [launcherLayer(launcher.bytes, previous)]),
    configLayer(input.layers, previous),
    ...(launcher === undefined || processes.length === 0 ? [] : [processTypesLayer(processes, previous)]),
  ];
}

/** A cache without a root has nothing to reuse. */
export function describedCache(ports: Pick<ExportPorts, 'cache'>): LayerMaking['existing']['cache'] {
  return ports.cache?.metadata === undefined ? undefined : ports.cache;
}
