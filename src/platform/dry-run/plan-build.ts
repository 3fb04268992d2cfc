import { join } from 'node:path';
import type { ModuleDescriptor, OrderElement } from '../../cnb/module.ts';
import type { Context } from '../../core/context.ts';
import { hasCode } from '../../core/errors.ts';
import type { Event } from '../../core/events.ts';
import { pathKind } from '../../core/path-kind.ts';
import { isScratch } from '../../image/plan.ts';
import { virtualParents } from '../../layer/place.ts';
import { findingOnce } from '../../locate/find-once.ts';
import type { Locator } from '../../locate/locator.ts';
import { displayLocation, parseLocation } from '../../oci/location.ts';
import { formatPlatform } from '../../oci/platform.ts';
import { analyze, type AnalyzeInput, type AnalyzeOutput } from '../../phases/analyze.ts';
import { inheritEnvironment } from '../../phases/buildpack-environment.ts';
import type { ImageFinder } from '../../ports/image-finder.ts';
import type { Image } from '../../ports/image.ts';
import type { Builder } from '../build/builder.ts';
import type { CachePlan } from '../build/caches.ts';
import { inheritedEnv } from '../build/inherited-env.ts';
import { openBuildModules } from '../build/modules.ts';
import type { BuildOptions } from '../build/options.ts';
import { analyzeInput, checkBeforeProject, readRequest, type BuildRequest } from '../build/request.ts';
import { openSandbox } from '../build/sandbox.ts';
import { openNamedBuilder } from '../build/sources.ts';
import { ownPaths } from '../build/work-tree.ts';
import { cacheRoot } from '../cache-root.ts';
import { openConfig } from '../config/config.ts';
import { withSettings } from '../config/use.ts';
import { openProject } from '../descriptor/open-project.ts';
import { lookUp } from '../memo/lookup.ts';
import { memoRequest } from '../memo/with-memo.ts';
import type { ChosenModules } from '../modules/choose-modules.ts';
import { plainGuard } from '../stage.ts';
import { openStores } from '../stores.ts';
import { measureApp } from './measure-app.ts';
import { outlineBuilder, type OutlinedBuilder } from './outline-builder.ts';

type Plan = Extract<Event, { readonly type: 'build.plan' }>;

/**
 * Says in an event what a build would resolve, run and write, by the steps of the build itself, as far as they only look: registries are
 * only asked to be read, and nothing is written outside of `ctx.tmp`. A builder is told by its labels. Throws what the build would throw.
 */
export async function planBuild(asked: BuildOptions, ctx: Context): Promise<void> {
  checkBeforeProject(asked);
  await using project = await openProject(asked, ctx);
  const options = withSettings(project.options, openConfig(asked.machine), ctx);
  const request = readRequest(options);
  const { machine } = options;
  await using stores = openStores(machine, ctx.product, options.registry ?? { insecure: [] });
  const locator = findingOnce(stores);
  const outline = await outlineOf(options, locator, ctx);
  await using builder = outline ?? (await openNamedBuilder(options, locator, ctx));
  await using modules = await openBuildModules(elsewhere(options, ctx), { builder, locator }, ctx);
  const user = { uid: options.uid ?? builder?.user.uid ?? 1000, gid: options.gid ?? builder?.user.gid ?? 1000 };
  const layers = {
    real: join(ctx.tmp, 'layers'),
    logical: '/layers',
    owner: user,
    parents: virtualParents('/layers', user),
  };
  const input = { ...analyzeInput(options, request, { builder, layers }, ctx), skipLayers: true };
  const found = await plainGuard('analyze', () => analyze(input, { images: onlyLooking(locator) }, ctx));
  const sandbox = await sandboxOf(options, outline, ctx);
  const skip = new Set(await ownPaths(options));
  const { app, files: filter } = project;
  ctx.emit({
    type: 'build.plan',
    image: options.image,
    ...(outline === undefined
      ? {}
      : { builder: { ...imageFacts(outline.image), isUnpacked: outline.unpacked !== undefined } }),
    runImage: runImageOf(found, input),
    ...(found.previousImage === undefined ? {} : { previousImage: imageFacts(found.previousImage) }),
    groups: await Promise.all(modules.order.map((group) => groupOf(group, modules, builder))),
    extensions: await Promise.all(modules.extensions.map((group) => groupOf(group, modules, builder))),
    ...(sandbox === undefined ? {} : { sandbox }),
    user,
    network: options.network ?? 'host',
    execEnv: options.execEnv ?? 'production',
    app: { path: options.path, ...(await measureApp(app.directory, { skip, filter })) },
    variables: variablesOf(options, builder),
    caches: await cachesOf(request.caches),
    outputs: outputsOf(request),
    ...(await memoOf({ options, request, project }, locator, ctx)),
  });
}

/** What `--memo` would find; it writes nothing. */
async function memoOf(
  planned: Parameters<typeof memoRequest>[0],
  locator: Locator,
  ctx: Context,
): Promise<Pick<Plan, 'memo'>> {
  if (planned.options.memo !== true) return {};
  const request = memoRequest(planned);
  const { finding } = await lookUp({ ...request, opened: elsewhere(planned.options, ctx) }, locator, ctx);
  return { memo: finding };
}

async function outlineOf(options: BuildOptions, locator: Locator, ctx: Context): Promise<OutlinedBuilder | undefined> {
  if (options.builder === undefined || options.sandbox === 'in-place') return undefined;
  const store = join(cacheRoot(options.machine), 'rootfs');
  return outlineBuilder({ location: parseLocation(options.builder), target: options.target, store }, locator, ctx);
}

/** What is given beside the order is unpacked to be looked at: below the command's own directory. */
function elsewhere(options: BuildOptions, ctx: Context): BuildOptions {
  const { machine } = options;
  return { ...options, machine: { ...machine, env: { ...machine.env, SLIPWAY_CACHE_DIR: join(ctx.tmp, 'cache') } } };
}

/** To ask a registry for the right to push means to begin an upload: it is asked to be read. */
function onlyLooking(locator: Locator): ImageFinder {
  return {
    find: locator.find,
    sameRegistry: locator.sameRegistry,
    checkRead: locator.checkRead,
    checkWrite: (location, ctx) =>
      location.kind === 'registry' ? locator.checkRead(location, ctx) : locator.checkWrite(location, ctx),
  };
}

/** In the builder's own root where that is there already, else tried in this machine's; undefined where that says nothing. */
async function sandboxOf(
  options: BuildOptions,
  outline: OutlinedBuilder | undefined,
  ctx: Context,
): Promise<Plan['sandbox']> {
  const rooted = outline?.unpacked === undefined ? undefined : { ...outline, root: outline.unpacked };
  try {
    const quiet = { ...ctx, emit: () => undefined };
    const { name, description } = await openSandbox(options, rooted, quiet);
    return { strategy: name, description };
  } catch (error) {
    if (outline !== undefined && rooted === undefined && hasCode(error, 'SANDBOX_UNAVAILABLE')) return undefined;
    throw error;
  }
}

function imageFacts(image: Image): {
  readonly name: string;
  readonly manifest: string;
  readonly platform: string;
  readonly index?: string;
} {
  return {
    name: displayLocation(image.requested),
    manifest: image.manifestDigest,
    platform: formatPlatform(image.platform),
    ...(image.indexDigest === undefined ? {} : { index: image.indexDigest }),
  };
}

function runImageOf({ runImage }: AnalyzeOutput, { runImage: asked }: AnalyzeInput): Plan['runImage'] {
  const candidates = 'kind' in asked ? ['scratch'] : asked.map(({ name }) => name);
  if (isScratch(runImage)) return { name: 'scratch', platform: formatPlatform(runImage.platform), candidates };
  return { ...imageFacts(runImage), candidates };
}

async function groupOf(
  group: readonly OrderElement[],
  modules: ChosenModules,
  builder: Builder | undefined,
): Promise<Plan['groups'][number]> {
  const isOf = (module: ModuleDescriptor): string =>
    modules.given.some(({ id, version }) => id === module.id && version === module.version)
      ? 'given'
      : builder === undefined
        ? 'directory'
        : 'builder';
  return Promise.all(
    group.map(async ({ kind, id, version, optional }) => {
      const module = await modules.finders[kind].find(id, version);
      const members = module.order.flat().map((each) => `${each.id}@${each.version}`);
      return { id, version, optional, api: module.api, source: isOf(module), members: [...new Set(members)] };
    }),
  );
}

function variablesOf(options: BuildOptions, builder: Builder | undefined): readonly string[] {
  const inherited = Object.keys(inheritEnvironment(inheritedEnv(options, builder, [])));
  return [...new Set([...inherited, ...Object.keys(options.env ?? {})])].sort();
}

async function cachesOf({ cacheDir, cacheImage, launchDir }: CachePlan): Promise<Plan['caches']> {
  const folder = async (path: string | undefined): Promise<Plan['caches']> =>
    path === undefined ? [] : [{ place: path, isThere: (await pathKind(path)) !== undefined }];
  return [
    ...(await folder(cacheDir)),
    ...(cacheImage === undefined ? [] : [{ place: cacheImage.name }]),
    ...(launchDir === cacheDir ? [] : await folder(launchDir)),
  ];
}

/** Those that cannot be written to have stopped the plan before. */
function outputsOf({ outputs }: BuildRequest): Plan['outputs'] {
  return outputs.map(({ location, shown }) => ({
    location: shown,
    access: location.kind === 'registry' ? 'readable' : 'writable',
  }));
}
