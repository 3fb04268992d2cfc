import type { Context } from '../core/context.ts';
import { SlipwayError } from '../core/errors.ts';
import type { BuildOptions, BuildOutcome } from './build-options.ts';

/** `slipway build`, first form. */
export function buildImage(options: BuildOptions, ctx: Context): Promise<BuildOutcome> {
  ctx.emit({ type: 'build.start', image: options.image });
  return Promise.reject(new SlipwayError('NOT_SUPPORTED', 'not yet'));
}
