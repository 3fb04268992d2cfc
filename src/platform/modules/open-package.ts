import { escapeId, moduleName, type ModuleDescriptor, type ModuleKind } from '../../cnb/module.ts';
import { decodePackageMetadata, packageMetadataKey } from '../../cnb/package-labels.ts';
import type { Context } from '../../core/context.ts';
import { SlipwayError } from '../../core/errors.ts';
import type { Location } from '../../oci/location.ts';
import type { Image } from '../../ports/image.ts';
import { openRootfs } from '../../rootfs/open-rootfs.ts';
import { readModuleAt } from '../../workspace/buildpacks.ts';
import { insideRoot } from '../inside-root.ts';
import { modulesOf } from '../package/read-package.ts';
import type { GivenModules, ModulePorts } from './given-modules.ts';
import { copyModule } from './open-directory.ts';

/** Where a package is, and what messages call it. */
export interface PackagePlace {
  readonly location: Location;
  readonly subject: string;
}

/**
 * The modules of a buildpackage (distribution spec), wherever it is, unpacked once into the store of images. Throws what the resolution
 * and the unpacking throw, `IMAGE_INVALID` for an image that is no package of that kind or lacks what its labels name.
 */
export async function openPackage(
  { location, subject }: PackagePlace,
  kind: ModuleKind,
  ports: ModulePorts,
  ctx: Context,
): Promise<GivenModules> {
  const { locator, target, store } = ports;
  const image = await locator.find(location, 'buildpackage', ctx, target === undefined ? {} : { target });
  const listed = modulesOf(image, kind, subject);
  const wanted = mainOf(image, kind, subject);
  const rootfs = ports.hold(await openRootfs(image, store, ctx));
  const modules: ModuleDescriptor[] = [];
  for (const { id, version } of listed) {
    const module = await readPackaged({ id, version }, kind, rootfs.path, subject);
    const { root: directory } = module;
    modules.push(ports.copiesPackages ? await copyModule({ directory, kind, shown: subject }, ctx) : module);
  }
  const main = modules.find(({ id, version }) => id === wanted.id && version === wanted.version);
  if (main === undefined) throw invalid(subject, `its labels do not say where ${moduleName(wanted)} is`);
  return { main, modules };
}

/** The module that the package is for. */
function mainOf(image: Image, kind: ModuleKind, subject: string): { readonly id: string; readonly version: string } {
  const { labels } = image.config;
  const label = labels[packageMetadataKey(kind)];
  const other = kind === 'buildpack' ? 'extension' : 'buildpack';
  if (label === undefined && labels[packageMetadataKey(other)] !== undefined)
    throw new SlipwayError('IMAGE_INVALID', `${subject} is a package of ${article(other)}, not of ${article(kind)}`, {
      hint: `name it with --${other}`,
    });
  if (label === undefined)
    throw new SlipwayError('IMAGE_INVALID', `${subject} is no package of ${article(kind)}`, {
      details: { 'label that it lacks': packageMetadataKey(kind) },
      hint: 'packages are made by slipway buildpack package; a builder is named with --builder',
    });
  const found = decodePackageMetadata(label);
  if (found === undefined) throw invalid(subject, `its label ${packageMetadataKey(kind)} is malformed`);
  return found;
}

async function readPackaged(
  wanted: { readonly id: string; readonly version: string },
  kind: ModuleKind,
  root: string,
  subject: string,
): Promise<ModuleDescriptor> {
  const { id, version } = wanted;
  if (/[/\0]/.test(version) || ['.', '..', ''].includes(version))
    throw invalid(subject, `"${version}" is no version of ${id}`);
  const directory = await insideRoot(root, `/cnb/${kind}s/${escapeId(id)}/${version}`, subject);
  const module = await readModuleAt(directory, kind, { within: root, prefix: '' });
  if (module?.id === id && module.version === version) return module;
  const found = module === undefined ? `it has no ${kind}.toml there` : `it is ${moduleName(module)}`;
  throw invalid(subject, `its labels name ${moduleName(wanted)}, and ${found}`);
}

function article(kind: ModuleKind): string {
  return kind === 'buildpack' ? 'a buildpack' : 'an extension';
}

function invalid(subject: string, problem: string): SlipwayError {
  return new SlipwayError('IMAGE_INVALID', `${subject} is no buildpackage: ${problem}`);
}
