import type { Context } from '../../core/context.ts';
import type { ExportInput, ExportSink, OutputResult } from '../export.ts';
import { withTimer } from '../timer.ts';
import { log } from './layer-request.ts';
import { shownNames, writeContent, type OutputContent } from './write-outputs.ts';

/** Fills and commits the sinks, with the log lines of contract §13.6. */
export async function saveOutputs(
  content: OutputContent,
  sinks: readonly ExportSink[],
  ctx: Context,
  options: Pick<ExportInput, 'identify'> = {},
): Promise<readonly OutputResult[]> {
  const [name = ''] = sinks.flatMap(shownNames);
  return withTimer(`Saving ${name}...`, ctx, async () => {
    log(ctx, 'info', `Saving ${name}...`);
    const outputs = await writeContent(content, sinks, ctx);
    const { digest, size } = content.manifest.descriptor;
    const [first] = sinks;
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
