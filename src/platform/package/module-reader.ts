import { moduleName } from '../../cnb/module.ts';
import type { Context } from '../../core/context.ts';
import { SlipwayError } from '../../core/errors.ts';
import { DEFAULT_COMPRESSION } from '../../layer/compression.ts';
import type { Platform } from '../../oci/platform.ts';
import type { Image } from '../../ports/image.ts';
import type { BlobStaging } from '../../ports/store.ts';
import { checkModule } from './check-module.ts';
import { packModule, readModuleDirectory } from './pack-module.ts';
import type { PackagePorts } from './package-ports.ts';
import { findPackageSource, type NamedSource, type PackageSource } from './package-source.ts';
import type { PackagedModule } from './packaged-module.ts';
import { platformTree } from './platform-tree.ts';
import { modulesOf } from './read-package.ts';

/** For which image modules are read. */
interface ModuleTarget {
  readonly platform: Platform;
  /** What the builder stands on; absent for packages. */
  readonly base?: Image;
}

/** Reads modules for one command: what is named several times, for several platforms, is fetched and packed once. */
export interface ModuleReader {
  /** The modules that a `uri` or `image` names, with those of a package's own dependencies. */
  readonly read: (source: NamedSource, target: ModuleTarget) => Promise<readonly PackagedModule[]>;
}

export function createModuleReader(ports: PackagePorts, staging: BlobStaging, ctx: Context): ModuleReader {
  const sources = new Map<string, Promise<PackageSource>>();
  const packed = new Map<string, Promise<PackagedModule>>();

  const find = (source: NamedSource): Promise<PackageSource> =>
    remembered(sources, JSON.stringify(source), () => findPackageSource(source, ports, ctx));
  const packDirectory = async (directory: string, platform: Platform): Promise<PackagedModule> => {
    const { listing } = await readModuleDirectory(directory, ['buildpack', 'extension']);
    const tree = await platformTree(directory, listing.kind, platform, ctx);
    return remembered(packed, tree, async () => {
      const module = await readModuleDirectory(tree, [listing.kind]);
      await checkModule(tree, module.listing, ctx);
      return packModule(module, staging, ctx, DEFAULT_COMPRESSION);
    });
  };
  return {
    read: async (source, { platform, base }) => {
      const found = await find(source);
      switch (found.kind) {
        case 'directory':
          return [await packDirectory(found.directory, platform)];
        case 'base':
          return [moduleOfBase(base, found, source)];
        case 'image': {
          const image = await ports.locator.find(found.location, 'image', ctx, { target: platform });
          const modules = (['buildpack', 'extension'] as const).flatMap((kind) => modulesOf(image, kind, found.shown));
          if (modules.length > 0) return modules;
          throw new SlipwayError(
            'IMAGE_INVALID',
            `${found.shown} is no buildpackage: it has no label that says what is in it`,
          );
        }
      }
    },
  };
}

/** Each module once; the same module with other contents is a conflict. */
export function once(modules: readonly PackagedModule[]): readonly PackagedModule[] {
  const found = new Map<string, PackagedModule>();
  for (const module of modules) {
    const key = `${module.kind} ${moduleName(module)}`;
    const other = found.get(key);
    if (other !== undefined && other.layer.diffId !== module.layer.diffId)
      throw new SlipwayError('PACKAGE_INCOMPLETE', `${moduleName(module)} is there twice, with different contents`, {
        details: { layers: `${other.layer.diffId}, ${module.layer.diffId}` },
        hint: 'leave one of them out, or give it another version',
      });
    found.set(key, other ?? module);
  }
  return [...found.values()];
}

function moduleOfBase(
  base: Image | undefined,
  { id, version }: { readonly id: string; readonly version: string },
  { file }: NamedSource,
): PackagedModule {
  if (base === undefined)
    throw new SlipwayError('ARGUMENT_INVALID', `${file} names ${id} of a builder, and a package has none`, { exit: 3 });
  const all = (['buildpack', 'extension'] as const).flatMap((kind) => modulesOf(base, kind, 'the build image'));
  const fitting = all.filter((module) => module.id === id && (version === '' || module.version === version));
  const [only] = fitting;
  if (only !== undefined && fitting.length === 1) return only;
  const problem = fitting.length === 0 ? 'does not have it' : 'has several versions of it';
  throw new SlipwayError('PACKAGE_INCOMPLETE', `${file} names ${id} of the build image, which ${problem}`, {
    details: { has: all.map(moduleName).join(', ') || 'nothing' },
  });
}

function remembered<T>(known: Map<string, Promise<T>>, key: string, make: () => Promise<T>): Promise<T> {
  const found = known.get(key) ?? make();
  known.set(key, found);
  return found;
}
