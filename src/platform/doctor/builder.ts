import { attempt } from '../../core/attempt.ts';
import type { Context } from '../../core/context.ts';
import { describeBuilder } from '../../cnb/builder-description.ts';
import { SlipwayError } from '../../core/errors.ts';
import type { Locator } from '../../locate/locator.ts';
import { displayLocation, parseLocation } from '../../oci/location.ts';
import { formatPlatform } from '../../oci/platform.ts';
import type { Image } from '../../ports/image.ts';
import type { Finding } from './finding.ts';

/** The builder and the run images that it names: whether they can be had. Nothing is unpacked. */
export async function lookAtBuilder(text: string, locator: Locator, ctx: Context): Promise<readonly Finding[]> {
  const about = { area: 'registries', name: `builder ${text}` } as const;
  const found = await find(text, 'build image', locator, ctx);
  const builder: Finding = { ...about, ...verdictOf(found, 'bad') };
  if (found instanceof SlipwayError) return [builder];
  const described = attempt(() => describeBuilder(found.config.labels));
  if (described instanceof SlipwayError) return [{ ...about, ...verdictOf(described, 'bad') }];
  if (described === undefined) {
    const remedy = 'name a builder image, or make one: slipway builder create';
    return [{ ...about, verdict: 'bad', found: 'is no builder: it has no label of one', remedy }];
  }
  const names = described.runImages.flatMap(({ image, mirrors }) => [image, ...mirrors]);
  const runs = await Promise.all(names.map((name) => find(name, 'run image', locator, ctx)));
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
  text: string,
  role: 'build image' | 'run image',
  locator: Locator,
  ctx: Context,
): Promise<Image | SlipwayError> {
  try {
    return await locator.find(parseLocation(text), role, ctx);
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
