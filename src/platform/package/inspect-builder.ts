import { describeBuilder, type BuilderDescription } from '../../cnb/builder-description.ts';
import { writtenOutName } from '../../cnb/run-image-name.ts';
import type { Context } from '../../core/context.ts';
import { SlipwayError } from '../../core/errors.ts';
import type { Locator } from '../../locate/locator.ts';
import { displayLocation, parseLocation, type Location } from '../../oci/location.ts';
import type { Platform } from '../../oci/platform.ts';
import { repositoryName } from '../../oci/reference.ts';
import type { Config } from '../config/config.ts';
import { SUGGESTED_BUILDERS } from './suggested-builders.ts';

export interface InspectBuilderOptions {
  /** A location, or `default`: the one of the settings. */
  readonly builder: string;
  readonly depth?: number;
  readonly target?: Platform;
}

/** A builder as its labels describe it, and what this machine's settings say of it. */
export interface InspectedBuilder extends BuilderDescription {
  readonly name: string;
  /** It is in a registry, not in a layout or archive here. */
  readonly isRemote: boolean;
  readonly isTrusted: boolean;
  readonly isDefault: boolean;
  /** Mirrors that this machine's user set, by run image. */
  readonly ownMirrors: ReadonlyMap<string, readonly string[]>;
}

/** Reads a builder's labels. Throws `ARGUMENT_INVALID` when there is no default builder, `IMAGE_INVALID` for what is no builder. */
export async function inspectBuilder(
  options: InspectBuilderOptions,
  { locator, config }: { readonly locator: Locator; readonly config: Config },
  ctx: Context,
): Promise<InspectedBuilder> {
  const preset = config.text('default-builder-image')?.value;
  const name = options.builder === 'default' ? preset : options.builder;
  if (name === undefined)
    throw new SlipwayError('ARGUMENT_INVALID', 'there is no default builder', {
      exit: 3,
      hint: 'slipway config default-builder LOCATION sets it; slipway builder suggest lists some',
    });
  const location = parseLocation(name);
  const image = await locator.find(
    location,
    'build image',
    ctx,
    options.target === undefined ? {} : { target: options.target },
  );
  const description = describeBuilder(image.config.labels, options.depth);
  if (description === undefined)
    throw new SlipwayError('IMAGE_INVALID', `${displayLocation(location)} is no builder: it has no builder metadata`, {
      hint: `slipway inspect ${name} shows what it is`,
    });
  const own = config.runImages().map(({ value }) => [writtenOutName(value.image), value.mirrors] as const);
  return {
    ...description,
    name,
    isRemote: location.kind === 'registry',
    isTrusted: isTrusted(location, config),
    isDefault: preset !== undefined && sameLocation(parseLocation(preset), location),
    ownMirrors: new Map(own),
  };
}

/**
 * Trusted by the settings, by its whole name, or one of those that pack knows, by registry and repository. Slipway builds with every
 * builder in the same way: this is for people.
 */
function isTrusted(location: Location, config: Config): boolean {
  if (config.trustedBuilders().some(({ value }) => sameLocation(parseLocation(value), location))) return true;
  if (location.kind !== 'registry') return false;
  const repository = repositoryName(location.reference);
  return SUGGESTED_BUILDERS.some(({ image }) => {
    const known = parseLocation(image);
    return known.kind === 'registry' && repositoryName(known.reference) === repository;
  });
}

function sameLocation(a: Location, b: Location): boolean {
  return displayLocation(a) === displayLocation(b);
}
