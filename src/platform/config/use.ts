import { writtenOutName } from '../../cnb/run-image-name.ts';
import type { Context } from '../../core/context.ts';
import { hasCode } from '../../core/errors.ts';
import { parseLocation } from '../../oci/location.ts';
import type { RunImageCandidate } from '../../phases/analyze.ts';
import type { MirrorMap } from '../../registry/mirror-map.ts';
import type { Config, Setting } from './config.ts';

/** `[registry-mirrors]` as the registry client takes it. */
export function registryMirrors(config: Config): MirrorMap {
  return new Map(config.registryMirrors().map(({ value: { registry, mirror } }) => [registry, mirror]));
}

/** From an image to this machine's user's own mirrors of it. What is recorded is the image's name, which means something elsewhere. */
export function preferredCandidates(config: Config): (image: string) => readonly RunImageCandidate[] {
  return (image) => {
    const wanted = writtenOutName(image);
    const found = config.runImages().find(({ value }) => writtenOutName(value.image) === wanted);
    return (found?.value.mirrors ?? []).map((shown) => ({ location: parseLocation(shown), name: image, shown }));
  };
}

/** What the settings alone say of a build. */
export interface SettingsOptions {
  /** Builders whose repositories the image is not put over. */
  readonly trustedBuilders?: readonly string[];
}

interface ConfiguredOptions extends SettingsOptions {
  readonly builder?: string;
  readonly buildpacks?: string;
  readonly sandbox?: string;
  readonly lifecycleImage?: string;
}

/**
 * The options of a build with what the settings say where neither flags nor project.toml do. A broken file stops a build that has no
 * builder otherwise (throws `FILE_INVALID`, `FILE_NOT_READABLE`), and is a warning to any other.
 */
export function withSettings<T extends ConfiguredOptions>(options: T, config: Config, ctx: Context): T {
  // A directory of buildpacks, and being inside of the builder, are in the place of any builder.
  const isWithout = options.buildpacks !== undefined || options.sandbox === 'in-place';
  const needed = options.builder === undefined && !isWithout;
  const builder = needed ? told('Builder', config.text('default-builder-image'), ctx) : options.builder;
  const taken = unlessBroken(ctx, () => ({
    trustedBuilders: config.trustedBuilders().map(({ value }) => value),
    lifecycleImage: options.lifecycleImage ?? told('Lifecycle image', config.text('lifecycle-image'), ctx),
  }));
  const { trustedBuilders = [], lifecycleImage } = taken ?? {};
  return {
    ...options,
    trustedBuilders,
    ...(builder === undefined ? {} : { builder }),
    ...(lifecycleImage === undefined ? {} : { lifecycleImage }),
  };
}

function told(what: string, setting: Setting<string> | undefined, ctx: Context): string | undefined {
  if (setting === undefined) return undefined;
  const { value, place } = setting;
  ctx.emit({ type: 'log', level: 'info', message: `${what} ${value} is the default one of ${place.shown}` });
  return value;
}

function unlessBroken<T>(ctx: Context, task: () => T): T | undefined {
  try {
    return task();
  } catch (error) {
    if (!hasCode(error, 'FILE_INVALID', 'FILE_NOT_READABLE')) throw error;
    ctx.emit({ type: 'warning', code: 'SETTINGS_BROKEN', message: `settings are passed over: ${error.message}` });
    return undefined;
  }
}
