import type { Context } from '../../core/context.ts';
import { SlipwayError } from '../../core/errors.ts';
import { displayLocation } from '../../oci/location.ts';
import { formatPlatform } from '../../oci/platform.ts';
import { parseReference } from '../../oci/reference.ts';
import type { CommandValues } from '../../options/command-values.ts';
import { alignColumns } from '../../term/columns.ts';
import { listImages, type ListedImage } from '../../tools/list.ts';
import { imageReferrers } from '../../tools/referrers.ts';
import { locationAt, openImageWork, platformChoice } from '../image-arguments.ts';
import { writeJson, writeLines } from '../result-output.ts';

/** `slipway image ls LOCATION`. */
export async function runListCommand(values: CommandValues, ctx: Context): Promise<number> {
  const location = locationAt(values, 0);
  const withDigests = values.boolean('digests');
  await using work = openImageWork(values, ctx);
  const images = await listImages(location, work.stores, work.quiet, { withDigests });
  if (values.boolean('json')) {
    await writeJson(work.machine, { location: displayLocation(location), images: images.map(facts) }, ctx);
    return 0;
  }
  const rows = images.map((image) => (withDigests ? row(image) : [shownName(image)]));
  await writeLines(work.machine, withDigests ? alignColumns(rows) : rows.flat(), ctx);
  return 0;
}

/** `slipway image catalog HOST`: a line as soon as it is known. */
export async function runCatalogCommand(values: CommandValues, ctx: Context): Promise<number> {
  const registry = registryOf(values.positionals[0] ?? '');
  const isJson = values.boolean('json');
  await using work = openImageWork(values, ctx);
  const repositories: string[] = [];
  for await (const name of work.stores.catalog(registry, work.quiet)) {
    if (isJson) repositories.push(name);
    else await writeLines(work.machine, [name], ctx);
  }
  if (isJson) await writeJson(work.machine, { registry, repositories }, ctx);
  return 0;
}

/** `slipway image referrers LOCATION`: digest, type, size. */
export async function runReferrersCommand(values: CommandValues, ctx: Context): Promise<number> {
  const location = locationAt(values, 0);
  const artifactType = values.text('artifact-type');
  await using work = openImageWork(values, ctx);
  const { subject, referrers } = await imageReferrers(location, work.stores, work.quiet, {
    ...platformChoice(values),
    ...(artifactType === undefined ? {} : { artifactType }),
  });
  if (values.boolean('json')) {
    await writeJson(work.machine, { image: displayLocation(location), subject, referrers }, ctx);
    return 0;
  }
  const rows = referrers.map((each) => [each.digest, each.artifactType ?? each.mediaType, String(each.size)]);
  await writeLines(work.machine, alignColumns(rows), ctx);
  return 0;
}

function shownName({ name, descriptor }: ListedImage): string {
  return name ?? `@${descriptor?.digest ?? ''}`;
}

function row(image: ListedImage): readonly string[] {
  const { platform, digest = '' } = image.descriptor ?? {};
  return [shownName(image), digest, platform === undefined ? '' : formatPlatform(platform)];
}

function facts({ name, descriptor }: ListedImage): Readonly<Record<string, unknown>> {
  return {
    ...(name === undefined ? {} : { name }),
    ...(descriptor === undefined
      ? {}
      : { digest: descriptor.digest, mediaType: descriptor.mediaType, size: descriptor.size }),
    ...(descriptor?.platform === undefined ? {} : { platform: formatPlatform(descriptor.platform) }),
  };
}

/** `127.0.0.1:5000` or `docker.io`; the rules for short names have no say. */
function registryOf(text: string): string {
  const host = text.replace(/^docker:\/\//, '').replace(/\/$/, '');
  if (host === '' || host.includes('/'))
    throw new SlipwayError('REFERENCE_INVALID', `"${text}" is not a registry`, {
      hint: 'write HOST or HOST:PORT; the tags of a repository are listed by slipway image ls',
    });
  return host === 'docker.io' ? parseReference('scratch').registry : host;
}
