import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { decodePackage, type PackageFile } from '../../cnb/files/package.ts';
import { moduleName, type ModuleKind } from '../../cnb/module.ts';
import type { Context } from '../../core/context.ts';
import { isSystem, SlipwayError } from '../../core/errors.ts';
import { DEFAULT_COMPRESSION } from '../../layer/compression.ts';
import type { Locator } from '../../locate/locator.ts';
import { displayLocation, type Location } from '../../oci/location.ts';
import { formatPlatform, parsePlatform, type Platform } from '../../oci/platform.ts';
import type { BlobStaging } from '../../ports/store.ts';
import { openSinks } from '../sinks.ts';
import { findPackageSource, type PackageSource } from './package-source.ts';
import { packModule, readModuleDirectory } from './pack-module.ts';
import { packageImage } from './package-module.ts';
import type { PackagedModule } from './packaged-module.ts';
import { modulesOf } from './read-package.ts';
import { saveImages, type SavedImages } from './save-images.ts';

export interface PackageOptions {
  readonly kind: ModuleKind;
  /** The module's directory, unless package.toml names another. */
  readonly path: string;
  /** package.toml; default: the one in `path`, if it is there. */
  readonly config?: string;
  /** Default: the targets of package.toml, else those of the module, else Linux on this machine's architecture. */
  readonly platforms: readonly Platform[];
  readonly outputs: readonly { readonly location: Location; readonly shown: string }[];
  readonly hostArchitecture: string;
}

/** Makes a package and writes it to every output: one image, or an index over several platforms. */
export async function makePackage(options: PackageOptions, locator: Locator, ctx: Context): Promise<SavedImages> {
  const file = options.config ?? join(options.path, 'package.toml');
  const config = await readConfig(file, options.config !== undefined);
  const module = config.module ?? { kind: options.kind, uri: '.' };
  if (module.kind !== options.kind)
    throw new SlipwayError('ARGUMENT_INVALID', `${file} is for a package of ${article(module.kind)}`, {
      exit: 3,
      hint: `run slipway ${module.kind} package`,
    });
  const named = config.module === undefined ? { uri: resolve(options.path) } : { uri: module.uri };
  const own = await findPackageSource(named, file, ctx);
  if (own.kind !== 'directory')
    throw new SlipwayError('ARGUMENT_INVALID', `${file}: a package is made of a directory, not of ${module.uri}`, {
      exit: 3,
    });
  const main = await readModuleDirectory(own.directory, [options.kind]);
  const platforms = choosePlatforms(options, config, main.listing.targets);
  await using opened = await openSinks(options.outputs, locator, ctx);
  const packed = await packModule(main, opened.staging, ctx, DEFAULT_COMPRESSION);
  const images = [];
  for (const platform of platforms) {
    const needed: PackagedModule[] = [];
    for (const dependency of config.dependencies) {
      const source = await findPackageSource(dependency, file, ctx);
      needed.push(...(await readDependency(source, { platform, staging: opened.staging, locator }, ctx)));
    }
    images.push(packageImage({ listing: main.listing, modules: once([packed, ...needed]) }, platform));
  }
  return await saveImages(images, opened.sinks, ctx);
}

interface DependencyPorts {
  readonly platform: Platform;
  readonly staging: BlobStaging;
  readonly locator: Locator;
}

/** The modules of a directory or package, with those of a package's own dependencies. */
export async function readDependency(
  source: PackageSource,
  { platform, staging, locator }: DependencyPorts,
  ctx: Context,
): Promise<readonly PackagedModule[]> {
  if (source.kind === 'directory') {
    const found = await readModuleDirectory(source.directory, ['buildpack', 'extension']);
    return [await packModule(found, staging, ctx, DEFAULT_COMPRESSION)];
  }
  const image = await locator.find(source.location, 'image', ctx, { target: platform });
  const subject = displayLocation(source.location);
  const modules = [...modulesOf(image, 'buildpack', subject), ...modulesOf(image, 'extension', subject)];
  if (modules.length > 0) return modules;
  throw new SlipwayError('IMAGE_INVALID', `${subject} is no buildpackage: it has no label that says what is in it`);
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

function choosePlatforms(
  options: PackageOptions,
  config: PackageFile,
  listed: readonly { readonly os: string; readonly arch: string; readonly variant: string }[],
): readonly Platform[] {
  if (options.platforms.length > 0) return options.platforms;
  const whole = listed.filter(({ os, arch }) => os !== '' && arch !== '');
  const own = whole.map(({ os, arch, variant }) => [os, arch, ...(variant === '' ? [] : [variant])].join('/'));
  const texts = config.targets.length > 0 ? config.targets : own;
  const chosen = texts.length > 0 ? texts : [`linux/${options.hostArchitecture}`];
  return [...new Set(chosen.map((text) => formatPlatform(parsePlatform(text))))].map(parsePlatform);
}

async function readConfig(file: string, isAsked: boolean): Promise<PackageFile> {
  try {
    return decodePackage(await readFile(file), file);
  } catch (error) {
    if (!isSystem(error, 'ENOENT', 'ENOTDIR')) throw error;
    if (isAsked) throw new SlipwayError('FILE_NOT_FOUND', `${file} does not exist`, { cause: error });
    return { dependencies: [], targets: [] };
  }
}

function article(kind: ModuleKind): string {
  return kind === 'buildpack' ? 'a buildpack' : 'an extension';
}
