import { join, resolve } from 'node:path';
import type { TargetMetadata } from '../../cnb/analyzed.ts';
import { escapeId, type ModuleKind } from '../../cnb/module.ts';
import { completeTarget } from '../../cnb/targets.ts';
import type { Context } from '../../core/context.ts';
import type { Locator } from '../../locate/locator.ts';
import { targetMetadata } from '../../phases/analyze/target-metadata.ts';
import type { BuildDirs } from '../../phases/build-dirs.ts';
import { openModules } from '../../workspace/buildpacks.ts';
import { listModules } from '../../workspace/list-modules.ts';
import { imageStore } from './image-store.ts';
import { downloadPlace } from '../download/download-place.ts';
import type { BaseModules } from '../modules/base-modules.ts';
import { chooseModules, type ChosenModules } from '../modules/choose-modules.ts';
import { NO_MODULES } from '../modules/module-requests.ts';
import type { Builder } from './builder.ts';
import type { BuildOptions } from './options.ts';
import { chooseOrder, readOrderFile } from './order.ts';

/** The order of a build and its modules: the builder's or the directory's, with those that were asked for beside them. */
export async function openBuildModules(
  options: BuildOptions,
  { builder, locator }: { readonly builder: Builder | undefined; readonly locator: Locator },
  ctx: Context,
): Promise<ChosenModules> {
  const { machine } = options;
  const base = builder === undefined ? directoryBase(options) : builderBase(builder, options);
  const target = builder === undefined ? undefined : builderTarget(builder, machine.architecture);
  return chooseModules(
    { requests: options.modules ?? NO_MODULES, base, target, stack: builder?.env['CNB_STACK_ID'] },
    {
      locator,
      target: options.target ?? builder?.image?.platform,
      store: await imageStore(machine, ctx),
      copiesPackages: machine.uid === 0 && (options.sandbox === 'host' || options.sandbox === 'in-place'),
      downloads: downloadPlace(machine, ctx.product, options.registry ?? { insecure: [] }),
    },
    ctx,
  );
}

/** Given modules have places of their own among the builder's; without a builder those of the directory do too. */
export async function withGiven(dirs: BuildDirs, { given }: ChosenModules): Promise<BuildDirs> {
  if (given.length === 0) return dirs;
  const isRooted = dirs.root?.kind === 'directory';
  const own = isRooted ? [] : await listModules(dirs.buildpacks.real, 'buildpack');
  return { ...dirs, modules: [...own.filter((module) => !given.some((each) => isSame(each, module))), ...given] };
}

function builderBase(builder: Builder, { builder: named, order, machine }: BuildOptions): BaseModules {
  const rules = { within: builder.root, prefix: '' };
  const name = named ?? 'this container';
  const source = `/cnb/order.toml of ${name}`;
  return {
    name: named === undefined ? name : `the builder ${name}`,
    order: () =>
      order === undefined
        ? Promise.resolve({ order: builder.order, extensions: builder.orderExtensions, source })
        : readOrderFile(resolve(machine.cwd, order), order),
    finders: {
      buildpack: openModules(builder.buildpacks, 'buildpack', rules),
      extension: openModules(builder.extensions, 'extension', rules),
    },
    list: (kind) => listModules(kind === 'buildpack' ? builder.buildpacks : builder.extensions, kind, rules),
  };
}

/** Extensions have no place in a directory of buildpacks: all of them are given. */
function directoryBase({ buildpacks, order, machine }: BuildOptions): BaseModules {
  const { cwd } = machine;
  const directory = buildpacks === undefined ? undefined : resolve(cwd, buildpacks);
  // A name that nothing can have: an empty directory could be filled by anybody.
  const find = (kind: ModuleKind): BaseModules['finders'][ModuleKind] =>
    openModules(kind === 'buildpack' && directory !== undefined ? directory : NOWHERE, kind, PLAIN);
  return {
    name: buildpacks ?? 'what was given',
    ...(buildpacks === undefined ? {} : { placeOf: ({ id, version }) => join(buildpacks, escapeId(id), version) }),
    order: () => {
      if (buildpacks !== undefined) return chooseOrder({ file: order, buildpacks, cwd });
      if (order !== undefined) return readOrderFile(resolve(cwd, order), order);
      return Promise.resolve({ order: [], extensions: [], source: '' });
    },
    finders: { buildpack: find('buildpack'), extension: find('extension') },
    list: async (kind) =>
      kind === 'extension' || directory === undefined ? [] : await listModules(directory, kind, PLAIN),
  };
}

const PLAIN = { prefix: '' };
const NOWHERE = '/dev/null/nowhere';

/** What its labels and os-release say it is. */
function builderTarget({ image, osRelease }: Builder, hostArchitecture: string): TargetMetadata {
  return completeTarget(image === undefined ? undefined : targetMetadata(image), osRelease, hostArchitecture);
}

interface Named {
  readonly id: string;
  readonly version: string;
}

function isSame(one: Named, other: Named): boolean {
  return one.id === other.id && one.version === other.version;
}
