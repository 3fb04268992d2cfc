import { PLATFORM_APIS, platformFeatures } from '../../cnb/features.ts';
import type { Context } from '../../core/context.ts';
import { SlipwayError } from '../../core/errors.ts';
import type { Locator } from '../../locate/locator.ts';
import { displayLocation, isStandardStream, parseLocation } from '../../oci/location.ts';
import type { BuildOptions } from './options.ts';
import type { Config } from '../config/config.ts';
import { preferredCandidates } from '../config/use.ts';
import { openBuilder, type Builder } from './builder.ts';
import { checkInPlace, openInPlaceBuilder } from './in-place-builder.ts';
import { checkLocators, NO_MODULES } from '../modules/module-requests.ts';
import { imageStore } from './image-store.ts';
import { definedEnv, type Machine } from '../machine.ts';
import type { RunBuildInput } from '../run-build.ts';
import { runImageCandidates } from '../run-image.ts';
import type { SinkRequest } from '../sinks.ts';

/** The name of a run image that a later rebase can find from any machine: a registry's. */
export function registryName(runImage: string): string | undefined {
  if (runImage === 'scratch') return undefined;
  const location = parseLocation(runImage);
  return location.kind === 'registry' ? displayLocation(location) : undefined;
}

/** A text that is no location is told before any work. */
export function readPrevious(
  options: BuildOptions,
  outputs: readonly SinkRequest[],
): Pick<RunBuildInput['analyze'], 'previousImage' | 'previousName'> {
  const { previousImage } = options;
  const readable = outputs.map(({ location }) => location).find((location) => !isStandardStream(location));
  const previous = previousImage === undefined ? readable : parseLocation(previousImage);
  return {
    previousImage: previous,
    previousName: previousImage ?? (previous === undefined ? '' : displayLocation(previous)),
  };
}

export function readRunImage(text: string, name: string | undefined): RunBuildInput['analyze']['runImage'] {
  return text === 'scratch' ? { kind: 'scratch' } : [{ location: parseLocation(text), name: name ?? text }];
}

/** The user's own mirrors, then the candidates of the builder's run.toml (contract §9.1). */
export function builderRunImages(
  builder: Builder | undefined,
  config: Config,
  ctx: Context,
): RunBuildInput['analyze']['runImage'] {
  const rules = { names: {}, features: newestFeatures() };
  const entries = builder?.runImages ?? [];
  const own = runImageCandidates({ kind: 'from-file' }, entries, rules, ctx);
  return 'kind' in own ? own : [...preferredCandidates(config)(entries[0]?.image ?? ''), ...own];
}

/** Buildpacks come from a builder or from a directory; said before any work. */
export function checkSources(options: BuildOptions): void {
  const { builder, buildpacks, order, runImage, modules = NO_MODULES } = options;
  if (options.sandbox === 'in-place') {
    checkInPlace(options);
    return;
  }
  if (builder !== undefined && buildpacks !== undefined)
    throw new SlipwayError('ARGUMENT_INVALID', 'supply only one of --builder and --buildpacks', {
      exit: 3,
      hint: 'buildpacks beside those of a builder are named with --buildpack',
    });
  if (builder === undefined && buildpacks === undefined && modules.group.length === 0 && order === undefined)
    throw new SlipwayError('ARGUMENT_INVALID', 'nothing says which buildpacks to use', {
      hint: 'name a builder image: --builder LOCATION, a directory: --buildpacks DIR, or buildpacks one by one: --buildpack WHERE',
    });
  if (builder === undefined && runImage === undefined)
    throw new SlipwayError('ARGUMENT_INVALID', 'slipway build needs --run-image', {
      hint: 'name the run image: --run-image LOCATION',
    });
  checkLocators(modules, options);
}

export async function openNamedBuilder(
  options: BuildOptions,
  locator: Locator,
  ctx: Context,
): Promise<Builder | undefined> {
  if (options.sandbox === 'in-place') return openInPlaceBuilder(options.machine, ctx);
  if (options.builder === undefined) return undefined;
  const store = await imageStore(options.machine, ctx);
  return openBuilder({ location: parseLocation(options.builder), target: options.target, store }, locator, ctx);
}

/** How this machine reaches the network: all that a builder's buildpacks learn of its environment. */
export function proxiesOf({ env }: Machine): Readonly<Record<string, string>> {
  const names = ['HTTPS_PROXY', 'https_proxy', 'HTTP_PROXY', 'http_proxy', 'NO_PROXY', 'no_proxy'];
  return Object.fromEntries(Object.entries(definedEnv(env)).filter(([name]) => names.includes(name)));
}

export function newestFeatures(): ReturnType<typeof platformFeatures> {
  return platformFeatures(PLATFORM_APIS.at(-1));
}
