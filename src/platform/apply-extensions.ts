import { switchRunImage } from '../cnb/switch-run-image.ts';
import type { Analyzed } from '../cnb/analyzed.ts';
import type { RunImageEntry } from '../cnb/files/run.ts';
import type { Plan } from '../cnb/plan.ts';
import type { Context } from '../core/context.ts';
import { SlipwayError } from '../core/errors.ts';
import type { BaseImage } from '../image/plan.ts';
import { formatPlatform } from '../oci/platform.ts';
import type { NameRules } from '../options/names.ts';
import { generate, type GenerateInput, type GenerateOutput, type GeneratePorts } from '../phases/generate.ts';
import type { NewBase } from '../phases/generate/choose-base.ts';
import type { ImageFinder } from '../ports/image-finder.ts';
import { findExtensionBase, resolvedRunImage } from './lifecycle/resolve-for-extensions.ts';
import { locateNewBase } from './new-base.ts';
import { entryOf } from './run-image.ts';
import type { Guard } from './stage.ts';

export interface ExtensionsInput {
  readonly generate: GenerateInput;
  readonly analyzed: Analyzed;
  readonly runImage: BaseImage;
  readonly names: NameRules;
  readonly readRunEntries: () => Promise<readonly RunImageEntry[]>;
}

export interface ExtensionsPorts extends GeneratePorts {
  readonly images: ImageFinder;
  readonly guard: Guard;
}

/** What a build goes on with. */
export interface Extended {
  readonly plan: Plan;
  readonly analyzed: Analyzed;
  readonly runImage: BaseImage;
  /** Another run image than before. */
  readonly isSwitched: boolean;
}

/**
 * Lets the group's extensions generate, and takes the run image that they name in the place of the one that was analyzed, for the same
 * platform. Throws what `generate` throws, `NOT_SUPPORTED` for a Dockerfile that extends an image, `RUN_IMAGE_UNUSABLE` (exit 32).
 */
export async function applyExtensions(input: ExtensionsInput, ports: ExtensionsPorts, ctx: Context): Promise<Extended> {
  const { analyzed, runImage } = input;
  const { guard } = ports;
  const { plan, newBase } = await guard('generate', async () => {
    const output = await generate(input.generate, ports, ctx);
    refuseExtending(output);
    return output;
  });
  if (newBase === undefined) return { plan, analyzed, runImage, isSwitched: false };
  const base = await guard('generate', () => Promise.resolve(locateNewBase(newBase, input.names)));
  const wished = switchRunImage(analyzed, { newBase: { ...base, name: newBase.image }, extend: false });
  if (wished === analyzed || wished.runImage === undefined) return { plan, analyzed, runImage, isSwitched: false };
  const platform = formatPlatform(runImage.platform);
  const wanted = { ...wished.runImage, slipway: { requested: newBase.image, platform } };
  const image = await guard('restore', () => findExtensionBase(wanted, ports.images, ctx));
  tell(newBase, await input.readRunEntries(), ctx);
  const resolved = resolvedRunImage(wanted, image, input.generate.features);
  return { plan, analyzed: { ...wished, runImage: resolved }, runImage: image, isSwitched: true };
}

/** Extending an image means to run its Dockerfile, which needs a root of its own for the image and the right to change it. */
function refuseExtending({ extending }: GenerateOutput): void {
  const [first] = extending;
  if (first === undefined) return;
  const subject = first.dockerfile === 'build.Dockerfile' ? 'the build image' : 'the run image';
  throw new SlipwayError(
    'NOT_SUPPORTED',
    `extension ${first.extension} wants to extend ${subject}: its ${first.dockerfile} does more than name a base`,
    {
      details: {
        Dockerfiles: extending.map(({ extension, dockerfile }) => `${dockerfile} of ${extension}`).join(', '),
      },
      hint: 'extending images comes with a later version; a run.Dockerfile of one FROM line switches the run image',
    },
  );
}

function tell({ id, image }: NewBase, entries: readonly RunImageEntry[], ctx: Context): void {
  ctx.emit({ type: 'log', level: 'info', message: `Extension ${id} switches the run image to ${image}` });
  if (entries.length === 0 || entryOf(image, entries) !== undefined) return;
  const message = `run image ${image}, which extension ${id} names, is not among those of the builder`;
  ctx.emit({ type: 'warning', code: 'RUN_IMAGE_SWITCHED', message });
}
