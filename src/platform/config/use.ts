import { writtenOutName } from '../../cnb/run-image-name.ts';
import type { Context } from '../../core/context.ts';
import { parseLocation } from '../../oci/location.ts';
import type { RunImageCandidate } from '../../phases/analyze.ts';
import type { MirrorMap } from '../../registry/mirror-map.ts';
import type { Config } from './config.ts';

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

/** The options of a build, with the default builder where they name no buildpacks at all. */
export function withDefaultBuilder<T extends { readonly builder?: string; readonly buildpacks?: string }>(
  options: T,
  config: Config,
  ctx: Context,
): T {
  if (options.builder !== undefined || options.buildpacks !== undefined) return options;
  const chosen = config.text('default-builder-image');
  if (chosen === undefined) return options;
  const { value, place } = chosen;
  ctx.emit({ type: 'log', level: 'info', message: `Builder ${value} is the default one of ${place.shown}` });
  return { ...options, builder: value };
}
