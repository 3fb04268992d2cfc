import type { Context } from '../../core/context.ts';
import { SlipwayError } from '../../core/errors.ts';
import { displayLocation, parseLocation } from '../../oci/location.ts';
import type { CommandValues } from '../../options/command-values.ts';
import { removeImages } from '../../tools/remove.ts';
import { tagImage } from '../../tools/tag.ts';
import { locationAt, openImageWork, saysName } from '../image-arguments.ts';
import { writeJson, writeLines } from '../result-output.ts';

/** `slipway image tag LOCATION TAG…`: prints the digest. */
export async function runTagCommand(values: CommandValues, ctx: Context): Promise<number> {
  const location = locationAt(values, 0);
  const [, first = '', ...others] = values.positionals;
  await using work = openImageWork(values, ctx);
  const { digest, names } = await tagImage(location, [first, ...others], work.stores, work.quiet);
  if (values.boolean('json')) await writeJson(work.machine, { image: displayLocation(location), digest, names }, ctx);
  else await writeLines(work.machine, [digest], ctx);
  return 0;
}

/** `slipway image rm LOCATION…`: a line for each that is gone. */
export async function runRemoveCommand(values: CommandValues, ctx: Context): Promise<number> {
  values.positionals.forEach(checkNamed);
  const isDryRun = values.boolean('dry-run');
  await using work = openImageWork(values, ctx);
  const removed = await removeImages(values.positionals.map(parseLocation), work.stores, work.quiet, { isDryRun });
  if (values.boolean('json')) {
    const list = removed.map(({ location, kind, digest }) => ({ location: displayLocation(location), kind, digest }));
    await writeJson(work.machine, { dryRun: isDryRun, removed: list }, ctx);
    return 0;
  }
  if (values.boolean('quiet')) return 0;
  const verb = isDryRun ? 'would remove' : 'removed';
  const lines = removed.map(({ location, kind, digest }) => {
    const what = `${verb} ${kind} ${displayLocation(location)}`;
    return kind === 'tag' ? `${what}, which led to ${digest}` : what;
  });
  await writeLines(work.machine, lines, ctx);
  return 0;
}

/** `latest` is meant elsewhere by a reference without a tag: not where something goes. */
function checkNamed(text: string): void {
  if (saysName(text)) return;
  throw new SlipwayError('ARGUMENT_INVALID', `${text} does not say which image to remove`, {
    hint: 'add :TAG, or @DIGEST for a manifest with all its tags',
  });
}
