import { createHash } from 'node:crypto';
import { readFile, realpath } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { MemoPart } from '../../cache/memo-record.ts';
import { projectMetadataLabel, type ProjectMetadata } from '../../cnb/files/project-metadata.ts';
import { moduleName } from '../../cnb/module.ts';
import type { Context } from '../../core/context.ts';
import { SlipwayError } from '../../core/errors.ts';
import type { Locator } from '../../locate/locator.ts';
import { displayLocation, parseLocation } from '../../oci/location.ts';
import { formatPlatform } from '../../oci/platform.ts';
import { findRunImage } from '../../phases/analyze/find-run-image.ts';
import { readProjectMetadata } from '../../workspace/files.ts';
import { treeDigest, type TreeDigest } from '../../workspace/tree-digest.ts';
import { DEFAULT_WORKSPACE } from '../build/data.ts';
import { openBuildModules } from '../build/modules.ts';
import type { BuildOptions } from '../build/options.ts';
import type { BuildRequest } from '../build/request.ts';
import { builderRunImages, proxiesOf, registryName } from '../build/sources.ts';
import { cacheRoot } from '../cache-root.ts';
import { openConfig } from '../config/config.ts';
import { outlineBuilder, type OutlinedBuilder } from '../dry-run/outline-builder.ts';
import { NO_MODULES } from '../modules/module-requests.ts';
import { resolveOptional } from '../build/resolve-optional.ts';
import { privateDigest } from './private-digest.ts';

/** What a build begins with. */
export interface MemoSubject {
  readonly options: BuildOptions;
  readonly request: BuildRequest;
  /** What the descriptor says of the project. */
  readonly metadata: ProjectMetadata;
  /** The options by which given modules are opened, where they are to be kept in another place. */
  readonly opened?: BuildOptions;
}

export const SOURCE_PART = 'source tree';
const NONE = 'none';

/**
 * Everything that an image comes of, by name: `OPTION_TREATMENTS` says what each option has to do with it. Images are resolved here, by
 * a locator that finds the same ones for the build. Nothing is run, unpacked or written but for what was given beside the builder.
 * Throws what the build would throw.
 */
export async function memoParts(
  { options, request, metadata, opened = options }: MemoSubject,
  source: Pick<TreeDigest, 'digest'>,
  locator: Locator,
  ctx: Context,
): Promise<readonly MemoPart[]> {
  const quiet = { ...ctx, emit: () => undefined };
  const { machine } = options;
  const location = parseLocation(options.builder ?? '');
  const store = join(cacheRoot(machine), 'rootfs');
  const builder = await outlineBuilder({ location, target: options.target, store }, locator, ctx);
  const { version, commit } = ctx.product;
  const salt = builder.image.manifestDigest;
  return [
    part('slipway', commit === '' ? version : `${version} ${commit}`),
    part(SOURCE_PART, source.digest),
    part('builder', builder.image.manifestDigest),
    part('run image', await runImage(options, { request, builder, locator }, ctx)),
    part('lifecycle image', await lifecycleImage(options, locator, quiet)),
    ...(await modules(opened, { builder, locator }, quiet)),
    ...(await variables(options, salt)),
    part('bindings', await bindings(options, salt, quiet)),
    part('volumes', await volumes(options, salt, quiet)),
    part('secrets', names((options.secrets ?? []).map(({ id }) => id))),
    part('project metadata', await projectMetadata(options, metadata, quiet)),
    part('launcher', await launcher(options)),
    part('platform', options.target === undefined ? 'not asked for' : formatPlatform(options.target)),
    part('execution environment', options.execEnv ?? 'production'),
    part('default process', options.defaultProcess ?? 'not asked for'),
    part('owner', `${String(options.uid ?? 'builder’s')}:${String(options.gid ?? 'builder’s')}`),
    part('workspace', options.workspace ?? DEFAULT_WORKSPACE),
    part('network', options.network ?? 'host'),
    part('system buildpacks', options.disablesSystemBuildpacks === true ? 'off' : 'on'),
    part('creation time', options.sourceDateEpoch ?? 'not asked for'),
    part('limits', JSON.stringify(options.commandLimits ?? {})),
  ];
}

function part(name: string, value: string): MemoPart {
  return { name, value };
}

function names(list: readonly string[]): string {
  return list.length === 0 ? NONE : [...list].sort().join(', ');
}

function digestOfText(text: string): string {
  return `sha256:${createHash('sha256').update(text).digest('hex')}`;
}

interface Images {
  readonly request: BuildRequest;
  readonly builder: OutlinedBuilder;
  readonly locator: Locator;
}

/** What the image records of it is in the image: a reference of a registry, or a bare digest. */
async function runImage(options: BuildOptions, { request, builder, locator }: Images, ctx: Context): Promise<string> {
  const candidates = request.runImage ?? builderRunImages(builder, openConfig(options.machine), ctx);
  if ('kind' in candidates) return candidates.kind;
  const search = { candidates, output: request.outputs[0]?.location, target: options.target };
  const { image, name } = await findRunImage(search, locator, ctx);
  const { pinned, manifestDigest } = image;
  const known = options.runImage === undefined ? name : registryName(options.runImage);
  return [
    pinned.kind === 'registry' ? displayLocation(pinned) : manifestDigest,
    ...(options.runImageName === undefined ? [known ?? 'without a name'] : [options.runImageName]),
  ].join(' as ');
}

async function lifecycleImage(options: BuildOptions, locator: Locator, ctx: Context): Promise<string> {
  if (options.lifecycleImage === undefined) return NONE;
  const target = options.target === undefined ? {} : { target: options.target };
  return (await locator.find(parseLocation(options.lifecycleImage), 'image', ctx, target)).manifestDigest;
}

/** The builder's own order and modules are in its digest. */
async function modules(
  options: BuildOptions,
  { builder, locator }: Omit<Images, 'request'>,
  ctx: Context,
): Promise<readonly MemoPart[]> {
  const { group, pre, post, extensions } = options.modules ?? NO_MODULES;
  if (options.order === undefined && [group, pre, post, extensions].every((list) => list.length === 0))
    return [part('order', 'builder’s'), part('given buildpacks', NONE)];
  await using chosen = await openBuildModules(options, { builder, locator }, ctx);
  const given: string[] = [];
  for (const module of chosen.given) {
    const { digest } = await treeDigest(module.root, ctx, { modes: 'plain' });
    given.push(`${module.kind} ${moduleName(module)} ${digest}`);
  }
  const order = digestOfText(JSON.stringify([chosen.order, chosen.extensions]));
  return [part('order', order), part('given buildpacks', names(given))];
}

async function variables(options: BuildOptions, salt: string): Promise<readonly MemoPart[]> {
  const all = Object.entries({ ...proxiesOf(options.machine), ...options.env }).sort(([a], [b]) => (a < b ? -1 : 1));
  const values = all.length === 0 ? NONE : await privateDigest(JSON.stringify(all), `variables ${salt}`);
  return [part('variables', names(all.map(([name]) => name))), part('values of variables', values)];
}

async function bindings(options: BuildOptions, salt: string, ctx: Context): Promise<string> {
  const { bindings: all = [], machine } = options;
  const trees = all.map(({ name, directory }) => ({ name, path: resolve(machine.cwd, directory) }));
  return await contents(trees, `bindings ${salt}`, ctx);
}

/** Only of those that are not written to; `memoObstacle` sees to the others. */
async function volumes(options: BuildOptions, salt: string, ctx: Context): Promise<string> {
  const { volumes: all = [], machine } = options;
  const trees = all.map(({ source, target }) => ({ name: target, path: resolve(machine.cwd, source.name) }));
  return await contents(trees, `volumes ${salt}`, ctx);
}

async function contents(
  trees: readonly { readonly name: string; readonly path: string }[],
  salt: string,
  ctx: Context,
): Promise<string> {
  if (trees.length === 0) return NONE;
  const digests: (readonly string[])[] = [];
  for (const { name, path } of trees) {
    const { digest } = await treeDigest(await realpath(path), ctx, { modes: 'plain' });
    digests.push([name, digest]);
  }
  return `${names(trees.map(({ name }) => name))} ${await privateDigest(JSON.stringify(digests), salt)}`;
}

async function projectMetadata(options: BuildOptions, own: ProjectMetadata, ctx: Context): Promise<string> {
  const file = resolveOptional(options.machine.cwd, options.projectMetadata);
  const label = projectMetadataLabel(file === undefined ? own : await readProjectMetadata(file, ctx));
  return label === '{}' ? NONE : digestOfText(label);
}

async function launcher({ launcher: choice = 'auto', machine }: BuildOptions): Promise<string> {
  if (!choice.includes('/')) return choice;
  const file = resolve(machine.cwd, choice);
  try {
    return `sha256:${createHash('sha256')
      .update(await readFile(file))
      .digest('hex')}`;
  } catch (error) {
    throw new SlipwayError('FILE_NOT_FOUND', `cannot read the launcher ${choice}`, { cause: error });
  }
}
