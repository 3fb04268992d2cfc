import type { CommandValues } from '../options/command-values.ts';
import type { DebugOptions } from '../platform/debug/options.ts';

/** What `slipway build` is to do when a buildpack fails. */
export function readDebugOptions(values: CommandValues): DebugOptions {
  const onError = (['cleanup', 'keep', 'shell'] as const).find((word) => word === values.text('on-error'));
  const onErrorDir = values.text('on-error-dir');
  return { onError: onError ?? 'cleanup', ...(onErrorDir === undefined ? {} : { onErrorDir }) };
}
