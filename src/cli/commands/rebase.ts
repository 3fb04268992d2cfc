import type { Context } from '../../core/context.ts';
import { SlipwayError } from '../../core/errors.ts';
import { parseLocation } from '../../oci/location.ts';
import { parsePlatform } from '../../oci/platform.ts';
import type { CommandValues } from '../../options/command-values.ts';
import { readCreationTime } from '../../options/creation-time.ts';
import { readRegistryFlags } from '../../options/registry-flags.ts';
import { parseOutput, type OutputRequest } from '../../options/output.ts';
import { rebaseImage } from '../../platform/rebase.ts';
import { thisMachine } from '../this-machine.ts';

/** `slipway rebase`. */
export async function runRebaseCommand(values: CommandValues, ctx: Context): Promise<number> {
  const text = values.positionals[0] ?? '';
  const read = values.text('previous-image') ?? text;
  const platform = values.text('platform');
  const runImage = values.text('run-image');
  const runImageName = values.text('run-image-name');
  const report = values.text('report');
  const sourceDateEpoch = readCreationTime(values.text('creation-time'), ctx.clock);
  await rebaseImage(
    {
      image: { name: read, location: parseLocation(read) },
      outputs: readOutputs(values, text),
      machine: thisMachine(ctx.tmp),
      force: values.boolean('force'),
      strict: values.boolean('strict'),
      dryRun: values.boolean('dry-run'),
      registry: readRegistryFlags(values),
      ...(platform === undefined ? {} : { target: parsePlatform(platform) }),
      ...(runImage === undefined ? {} : { runImage }),
      ...(runImageName === undefined ? {} : { runImageName }),
      ...(report === undefined ? {} : { report }),
      ...(sourceDateEpoch === undefined ? {} : { sourceDateEpoch }),
    },
    ctx,
  );
  return 0;
}

/** `--output` in the place of IMAGE, and every `--tag`. None: IMAGE itself, as it was read. */
function readOutputs(values: CommandValues, image: string): readonly OutputRequest[] {
  const tags = values.list('tag');
  const asked = values.list('output');
  const hasOther = values.text('previous-image') !== undefined || tags.length > 0;
  const places = asked.length > 0 ? asked : hasOther ? [image] : [];
  return [...places, ...tags].map((text) => {
    const output = parseOutput(text);
    if (output.compression === undefined) return output;
    throw new SlipwayError('ARGUMENT_INVALID', `${text}: a rebase compresses no layer`, {
      hint: 'leave ;compression= out',
    });
  });
}
