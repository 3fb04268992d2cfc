import type { Context } from '../../core/context.ts';
import { SlipwayError } from '../../core/errors.ts';
import { checkStandardUses } from '../../locate/standard.ts';
import { parseLocation, type Location } from '../../oci/location.ts';
import type { CommandValues } from '../../options/command-values.ts';
import { copyImages } from '../../tools/copy.ts';
import { openImageWork, platformChoice, refuseNames, saysName } from '../image-arguments.ts';

/** `slipway image copy SRC DST…`. */
export function runCopyCommand(values: CommandValues, ctx: Context): Promise<number> {
  return copy(values, ctx);
}

/** `slipway image pull REF LOCATION`: a copy out of a registry. */
export async function runPullCommand(values: CommandValues, ctx: Context): Promise<number> {
  const [from = '', to = ''] = values.positionals;
  if (isRegistry(from) && !isRegistry(to)) return copy(values, ctx);
  if (isRegistry(from))
    throw wrongWay(
      `pull writes to a layout or archive, and ${to} is a registry reference`,
      `slipway image copy ${from} ${to} copies between registries; a layout is oci:${to}`,
    );
  throw wrongWay(
    `pull reads from a registry, and ${from} is none`,
    isRegistry(to) ? `slipway image push ${from} ${to}` : `slipway image copy ${from} ${to}`,
  );
}

/** `slipway image push LOCATION REF`: a copy into a registry. */
export async function runPushCommand(values: CommandValues, ctx: Context): Promise<number> {
  const [from = '', to = ''] = values.positionals;
  if (!isRegistry(from) && isRegistry(to)) return copy(values, ctx);
  if (isRegistry(to))
    throw wrongWay(
      `push reads a layout or archive, and ${from} is a registry reference`,
      `slipway image copy ${from} ${to} copies between registries; a layout is oci:${from}`,
    );
  throw wrongWay(
    `push writes to a registry, and ${to} is none`,
    isRegistry(from) ? `slipway image pull ${from} ${to}` : `slipway image copy ${from} ${to}`,
  );
}

async function copy(values: CommandValues, ctx: Context): Promise<number> {
  const [from = '', ...to] = values.positionals;
  const request: { readonly from: Location; readonly to: readonly Location[] } = {
    from: parseLocation(from),
    to: to.map(parseLocation),
  };
  const allTags = values.boolean('all-tags');
  if (allTags) refuseNames([from, ...to]);
  if (!allTags) refuseDigests(to);
  await using work = openImageWork(values, ctx);
  checkStandardUses({ inputs: [request.from], outputs: request.to }, work.machine.standard);
  await copyImages(request, work.stores, ctx, {
    ...platformChoice(values),
    allTags,
    referrers: values.boolean('referrers'),
  });
  return 0;
}

/** Before anything is read: a digest is what comes of a copy. */
function refuseDigests(to: readonly string[]): void {
  const named = to.find((text) => saysName(text) && /@sha(?:256|512):/.test(text));
  if (named !== undefined) throw wrongWay(`cannot write to ${named}: it names a digest`, 'give a tag or name instead');
}

function isRegistry(text: string): boolean {
  return parseLocation(text).kind === 'registry';
}

function wrongWay(message: string, hint: string): SlipwayError {
  return new SlipwayError('ARGUMENT_INVALID', message, { hint });
}
