import type { Context } from '../../core/context.ts';
import type { Descriptor } from '../../oci/descriptor.ts';
import type { ExportInput, OutputResult } from '../export.ts';
import { withTimer } from '../timer.ts';
import { log } from './layer-request.ts';
import { shownNames, writeContent, type FilledOutput } from './write-outputs.ts';

/** Fills and commits the sinks, with the log lines of contract §13.6 about what the first one gets. */
export async function saveOutputs(
  { digest, size }: Descriptor,
  filled: readonly FilledOutput[],
  ctx: Context,
  options: Pick<ExportInput, 'identify'> = {},
): Promise<readonly OutputResult[]> {
  const [name = ''] = filled.flatMap(({ output }) => shownNames(output));
  return withTimer(`Saving ${name}...`, ctx, async () => {
    log(ctx, 'info', `Saving ${name}...`);
    const outputs = await writeContent(filled, ctx);
    const first = filled[0]?.output;
    const identifier = (first === undefined ? undefined : options.identify?.(first.location, digest)) ?? digest;
    log(ctx, 'info', `*** Images (${identifier}):`);
    for (const { names, error } of outputs) {
      for (const each of names) log(ctx, 'info', `      ${each}${error === undefined ? '' : ` - ${error}`}`);
    }
    if (identifier === digest) log(ctx, 'debug', `\n*** Digest: ${digest}`);
    log(ctx, 'debug', `\n*** Manifest Size: ${String(size)}`);
    return outputs;
  });
}
