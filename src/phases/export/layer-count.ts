import type { Context } from '../../core/context.ts';
import { SlipwayError } from '../../core/errors.ts';
import { log } from './layer-request.ts';

/** Layers that overlayfs can stack; some engines stop below (contract has no number, docker's is 127). */
const MOST_LAYERS = 127;
const MANY_LAYERS = 100;

/** Refuses an image that could not be run (`TOO_MANY_LAYERS`) before a layer of it is made; warns of one that is close. */
export function assertLayerCount(base: number, added: number, ctx: Context): void {
  const count = base + added;
  if (count > MOST_LAYERS) {
    throw new SlipwayError(
      'TOO_MANY_LAYERS',
      `the image would have ${String(count)} layers (${String(base)} of the run image, ${String(added)} of its own), ${String(MOST_LAYERS)} can be run`,
      {
        hint: 'use fewer slices or buildpack layers, or a run image with fewer layers',
      },
    );
  }
  if (count >= MANY_LAYERS)
    log(ctx, 'warn', `The image has ${String(count)} layers; engines can run ${String(MOST_LAYERS)} at most`);
}
