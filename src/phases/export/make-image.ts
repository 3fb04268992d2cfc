import type { Context } from '../../core/context.ts';
import { assemble } from '../../image/assemble.ts';
import { isScratch, type ImagePlan } from '../../image/plan.ts';
import { openImageFeed, type AssembledImage } from '../../store/image-feed.ts';
import type { ExportInput, ExportPorts, OutputResult } from '../export.ts';
import { makeContent, type ContentPlan, type ImageContent } from './content.ts';
import { imageSettings } from './image-settings.ts';
import type { MadeLayer } from './layer-request.ts';
import { lifecycleMetadata } from './metadata.ts';
import { refuseSecretConfig } from './refuse-secrets.ts';
import { saveOutputs } from './save-outputs.ts';
import type { SharedLayers } from './shared-layers.ts';
import { layerIn, variantsOf } from './variants.ts';
import { fedContent } from './write-outputs.ts';

export interface MadeImage {
  /** As the first output gets it. */
  readonly image: AssembledImage;
  readonly made: readonly MadeLayer[];
  readonly outputs: readonly OutputResult[];
}

/**
 * Makes the image, once for each compression that outputs ask for, and writes it to every sink. Layers go there while others are still
 * being made. On failure nobody waits for its layers any more.
 */
export async function makeImage(
  input: ExportInput,
  ports: ExportPorts,
  ctx: Context,
  making: { readonly plan: ContentPlan; readonly shared: SharedLayers },
): Promise<MadeImage> {
  const variants = variantsOf(input, ports, ctx);
  const feeds = ports.sinks.map((output) => ({
    output,
    feed: openImageFeed(output.sink, ctx),
    variant: variants.findIndex(({ outputs }) => outputs.includes(output)),
  }));
  // Whether an image holds a secret is known when its config is: before that nothing leaves.
  const isEarly = (input.secretForms ?? []).length === 0;
  const ready = (layer: Pick<MadeLayer, 'layer' | 'others'>): void => {
    if (isEarly) for (const { feed, variant } of feeds) feed.add(layerIn(layer, variant));
  };
  try {
    const content = await makeContent(input, ports, ctx, { ...making, variants, ready });
    const plan = planImage(input, content, ctx);
    const [image, ...others] = [
      assemble(plan),
      ...variants.slice(1).map((_, at) => assemble({ ...plan, layers: plannedLayers(content, at + 1) })),
    ] as const;
    await refuseSecretConfig(image, input);
    const filled = feeds.map(({ output, feed, variant }) => ({
      output,
      content: fedContent(others[variant - 1] ?? image, feed),
    }));
    return { image, made: content.made, outputs: await saveOutputs(image.manifest.descriptor, filled, ctx, input) };
  } catch (error) {
    making.shared.fail(error);
    await Promise.all(feeds.map(({ feed }) => feed.stop(error)));
    throw error;
  }
}

/** The whole image's plan: base, layers, labels, settings. */
function planImage(input: ExportInput, content: ImageContent, ctx: Context): ImagePlan {
  const { runImage } = input;
  const base = isScratch(runImage) ? runImage : ({ kind: 'image', image: runImage } as const);
  const layers = plannedLayers(content, 0);
  return { base, layers, ...imageSettings(input, lifecycleMetadata(input, content), ctx) };
}

function plannedLayers(content: ImageContent, variant: number): ImagePlan['layers'] {
  return content.made.map((made) => ({ layer: layerIn(made, variant), createdBy: made.request.createdBy }));
}
