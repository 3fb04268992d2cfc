import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { decodePackage, type PackageFile } from '../../cnb/files/package.ts';
import type { ModuleKind } from '../../cnb/module.ts';
import type { Label } from '../../cnb/process.ts';
import type { Context } from '../../core/context.ts';
import { isSystem, SlipwayError } from '../../core/errors.ts';
import { formatPlatform, parsePlatform, type Platform } from '../../oci/platform.ts';
import type { BlobStaging } from '../../ports/store.ts';
import type { AssembledImage } from '../../store/copy.ts';
import type { SinkRequest } from '../sinks.ts';
import { flattenModules, namedModules } from './flatten.ts';
import { createModuleReader, once } from './module-reader.ts';
import { openPackageOutputs } from './package-outputs.ts';
import type { PackagePorts } from './package-ports.ts';
import { findPackageSource } from './package-source.ts';
import { readModuleDirectory } from './pack-module.ts';
import { packageImage } from './package-module.ts';
import type { PackagedModule } from './packaged-module.ts';
import type { SavedImages } from './save-images.ts';

export interface PackageOptions {
  readonly kind: ModuleKind;
  /** The module's directory, unless package.toml names another. */
  readonly path: string;
  /** package.toml; default: the one in `path`, if it is there. */
  readonly config?: string;
  /** Default: the targets of package.toml, else those of the module, else Linux on this machine's architecture. */
  readonly platforms: readonly Platform[];
  readonly outputs: readonly SinkRequest[];
  /** Everything in one layer, but for these `ID@VERSION`. */
  readonly flatten?: { readonly exclude: readonly string[] };
  /** Asked for beside those of the specification. */
  readonly labels?: readonly Label[];
  readonly hostArchitecture: string;
}

/** Makes a package and writes it to every output: one image, or an index over several platforms. */
export async function makePackage(options: PackageOptions, ports: PackagePorts, ctx: Context): Promise<SavedImages> {
  const file = options.config ?? join(options.path, 'package.toml');
  const config = await readConfig(file, options.config !== undefined);
  const named = moduleSource(options, config, file);
  const own = await findPackageSource({ named, file }, ports, ctx);
  if (own.kind !== 'directory')
    throw new SlipwayError(
      'ARGUMENT_INVALID',
      `${file}: a package is made of a directory or its tgz, not of ${named.uri}`,
      {
        exit: 3,
      },
    );
  const { listing } = await readModuleDirectory(own.directory, [options.kind]);
  const platforms = choosePlatforms(options, config, listing.targets);
  await using outputs = await openPackageOutputs(options.outputs, platforms, ports.locator, ctx);
  const reader = createModuleReader(ports, outputs.staging, ctx);
  const images: AssembledImage[] = [];
  for (const platform of platforms) {
    const modules: PackagedModule[] = [];
    for (const each of [{ uri: own.directory }, ...config.dependencies])
      modules.push(...(await reader.read({ named: each, file }, { platform })));
    const whole = await flattened(once(modules), options, outputs.staging, ctx);
    images.push(packageImage({ listing, modules: whole, labels: options.labels ?? [] }, platform));
  }
  return await outputs.save(images);
}

async function flattened(
  modules: readonly PackagedModule[],
  { flatten }: PackageOptions,
  staging: BlobStaging,
  ctx: Context,
): Promise<readonly PackagedModule[]> {
  if (flatten === undefined) return modules;
  const apart = namedModules(flatten.exclude, modules, 'flatten-exclude');
  const together = modules.filter((module) => module.kind === 'buildpack' && !apart.includes(module));
  return flattenModules(modules, [together], staging, ctx);
}

function moduleSource(options: PackageOptions, { module }: PackageFile, file: string): { readonly uri: string } {
  if (module === undefined) return { uri: resolve(options.path) };
  if (module.kind === options.kind) return { uri: module.uri };
  throw new SlipwayError('ARGUMENT_INVALID', `${file} is for a package of ${article(module.kind)}`, {
    exit: 3,
    hint: `run slipway ${module.kind} package`,
  });
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
