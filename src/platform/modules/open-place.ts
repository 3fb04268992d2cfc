import { resolve } from 'node:path';
import type { PackageDependency } from '../../cnb/files/package.ts';
import type { ModuleDescriptor, ModuleKind } from '../../cnb/module.ts';
import type { Context } from '../../core/context.ts';
import { SlipwayError } from '../../core/errors.ts';
import { pathKind } from '../../core/path-kind.ts';
import { displayLocation, parseLocation } from '../../oci/location.ts';
import { displayUrl } from '../../registry/http.ts';
import { openDownload } from '../download/open-download.ts';
import { openModuleFile } from '../package/module-file.ts';
import { plainModes } from '../../workspace/plain-modes.ts';
import type { GivenModules, ModulePorts } from './given-modules.ts';
import { parseModuleLocator, type ModuleLocator } from './locator.ts';
import { openModuleDirectory, readModuleIn } from './open-directory.ts';
import { openPackage } from './open-package.ts';

/** A locator that leads to a place by itself. */
export type ModulePlace = Extract<ModuleLocator, { readonly kind: 'image' | 'url' | 'path' }>;

/** The modules at a place. Throws what is wrong with it. */
export async function openPlace(
  place: ModulePlace,
  kind: ModuleKind,
  ports: ModulePorts,
  ctx: Context,
): Promise<GivenModules> {
  switch (place.kind) {
    case 'image':
      return openPackage({ location: place.location, subject: displayLocation(place.location) }, kind, ports, ctx);
    case 'url': {
      const { path } = ports.hold(await openDownload(place.url, ports.downloads, ctx));
      return openFile({ path, shown: displayUrl(new URL(place.url)) }, kind, ports, ctx);
    }
    case 'path':
      return openPath(place.path, kind, ports, ctx);
  }
}

async function openPath(path: string, kind: ModuleKind, ports: ModulePorts, ctx: Context): Promise<GivenModules> {
  switch (await pathKind(path)) {
    case 'file':
      return openFile({ path, shown: path }, kind, ports, ctx);
    case 'directory':
      return openWithDependencies(path, { kind, ports, seen: [] }, ctx);
    case undefined:
      throw new SlipwayError('FILE_NOT_FOUND', `there is no ${kind} at ${path}`, {
        exit: 3,
        hint: 'an image is written docker://NAME',
      });
  }
}

/** A file on this machine, and what messages call it. */
interface ShownFile {
  readonly path: string;
  readonly shown: string;
}

async function openFile(file: ShownFile, kind: ModuleKind, ports: ModulePorts, ctx: Context): Promise<GivenModules> {
  const found = await openModuleFile(file.path, file.shown, ctx);
  if (found.kind === 'image') return openPackage({ location: found.location, subject: file.shown }, kind, ports, ctx);
  await plainModes(found.directory);
  const main = await readModuleIn(found.directory, kind, { shown: file.shown, within: found.directory });
  return { main, modules: [main] };
}

interface DirectorySetting {
  readonly kind: ModuleKind;
  readonly ports: ModulePorts;
  /** Directories on the way here. */
  readonly seen: readonly string[];
}

/** A directory's module with what its package.toml names (as pack opens a composite buildpack's directory). */
async function openWithDependencies(
  directory: string,
  { kind, ports, seen }: DirectorySetting,
  ctx: Context,
): Promise<GivenModules> {
  const { main, dependencies } = await openModuleDirectory(directory, kind, ctx);
  const modules: ModuleDescriptor[] = [main];
  const way = [...seen, directory];
  for (const dependency of dependencies) {
    const place = dependencyPlace(dependency, directory);
    const isDirectory = place.kind === 'path' && (await pathKind(place.path)) === 'directory';
    if (isDirectory && way.includes(place.path)) continue;
    const found = isDirectory
      ? await openWithDependencies(place.path, { kind, ports, seen: way }, ctx)
      : await openPlace(place, kind, ports, ctx);
    modules.push(...found.modules);
  }
  return { main, modules };
}

/** Dependencies are places: the builder has no say in them, so a bare text is a path. */
function dependencyPlace(dependency: PackageDependency, directory: string): ModulePlace {
  if ('image' in dependency) {
    const found = parseModuleLocator(dependency.image, directory);
    return found.kind === 'image' ? found : { kind: 'image', location: parseLocation(dependency.image) };
  }
  const found = parseModuleLocator(dependency.uri, directory);
  if (found.kind === 'image' || found.kind === 'url' || found.kind === 'path') return found;
  if (found.kind === 'bare') return { kind: 'path', path: resolve(directory, found.text) };
  throw new SlipwayError('NOT_SUPPORTED', `package.toml in ${directory} names ${dependency.uri}, which is no place`, {
    exit: 3,
    hint: 'name a directory, a .tgz or .cnb file, a URL, or docker://NAME',
  });
}
