import type { Context } from '../../core/context.ts';
import { SlipwayError } from '../../core/errors.ts';
import type { Locator } from '../../locate/locator.ts';
import { displayLocation, parseLocation, type Location } from '../../oci/location.ts';
import { formatPlatform } from '../../oci/platform.ts';
import type { Image } from '../../ports/image.ts';
import { isObject } from '../../schema/reader.ts';
import type { Finding } from './finding.ts';

const BUILDER_LABEL = 'io.buildpacks.builder.metadata';

/** The builder and the run images that it names: whether they can be had. Nothing is unpacked. */
export async function lookAtBuilder(text: string, locator: Locator, ctx: Context): Promise<readonly Finding[]> {
  const location = parseLocation(text);
  const found = await find(location, 'build image', locator, ctx);
  const builder: Finding = { area: 'registries', name: `builder ${text}`, ...verdictOf(found, 'bad') };
  if (found instanceof SlipwayError) return [builder];
  const names = runImagesOf(found);
  const runs = await Promise.all(names.map((name) => find(parseLocation(name), 'run image', locator, ctx)));
  const isOneThere = runs.some((run) => !(run instanceof SlipwayError));
  const findings = runs.map((run, at): Finding => ({
    area: 'registries',
    name: `run image ${names[at] ?? ''}`,
    ...verdictOf(run, isOneThere ? 'warn' : 'bad'),
  }));
  return [builder, ...findings];
}

/** The registries that a builder's name leads to. */
export function registryOf(text: string): readonly string[] {
  const location = parseLocation(text);
  return location.kind === 'registry' ? [location.reference.registry] : [];
}

async function find(
  location: Location,
  role: 'build image' | 'run image',
  locator: Locator,
  ctx: Context,
): Promise<Image | SlipwayError> {
  try {
    return await locator.find(location, role, ctx);
  } catch (error) {
    ctx.signal.throwIfAborted();
    if (error instanceof SlipwayError) return error;
    throw error;
  }
}

function verdictOf(found: Image | SlipwayError, failed: 'warn' | 'bad'): Pick<Finding, 'verdict' | 'found' | 'remedy'> {
  if (found instanceof SlipwayError) {
    const remedy = found.hint?.kind === 'text' ? found.hint.text : 'name another, or mend what the message says';
    return { verdict: failed, found: found.message, remedy };
  }
  return { verdict: 'ok', found: `${formatPlatform(found.platform)} ${displayLocation(found.pinned)}` };
}

/** Run images and mirrors of the builder's label; [] of an image without one. */
function runImagesOf({ config }: Image): readonly string[] {
  const label = config.labels[BUILDER_LABEL];
  const value: unknown = label === undefined ? {} : parse(label);
  const images = isObject(value) ? listOf(value['images']) : [];
  return images.filter(isObject).flatMap((each) => [each['image'], ...listOf(each['mirrors'])].filter(isText));
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return {};
    throw error;
  }
}
