import { dirname, isAbsolute, join, resolve } from 'node:path';
import type { PackageDependency } from '../../cnb/files/package.ts';
import type { Context } from '../../core/context.ts';
import { pathKind } from '../../core/path-kind.ts';
import { SlipwayError } from '../../core/errors.ts';
import { displayLocation, type Location } from '../../oci/location.ts';
import { openDownload } from '../download/open-download.ts';
import { parseModuleLocator } from '../modules/locator.ts';
import { registryRefusal } from '../modules/registry-refusal.ts';
import { openModuleFile } from './module-file.ts';
import type { PackagePorts } from './package-ports.ts';

/** Where a module or package comes from. */
export type PackageSource =
  | { readonly kind: 'directory'; readonly directory: string }
  | { readonly kind: 'image'; readonly location: Location; readonly shown: string }
  /** One of the image that the builder stands on; '' is the only version there. */
  | { readonly kind: 'base'; readonly id: string; readonly version: string };

/** A `uri` or `image` and the file that it stands in. */
export interface NamedSource {
  readonly named: PackageDependency;
  readonly file: string;
}

/**
 * What a `uri` or `image` of package.toml or builder.toml names: a directory, a tgz or `.cnb` file, a URL of one, an image at any location,
 * `urn:cnb:builder:ID`. Paths are relative to the file. What has to be unpacked lies below `ctx.tmp`. Throws what `openDownload` and
 * `openModuleFile` throw, `FILE_NOT_FOUND`, and `NOT_SUPPORTED` for `urn:cnb:registry`.
 */
export async function findPackageSource(
  { named, file }: NamedSource,
  ports: PackagePorts,
  ctx: Context,
): Promise<PackageSource> {
  const base = dirname(resolve(file));
  const text = 'image' in named ? imageText(named.image) : named.uri;
  const locator = parseModuleLocator(text, base);
  switch (locator.kind) {
    case 'image':
      return { ...locator, shown: displayLocation(locator.location) };
    case 'builder-module':
      return { kind: 'base', id: locator.id, version: locator.version };
    case 'registry':
      throw registryRefusal(locator.id, locator.version);
    case 'builder-order':
      throw new SlipwayError('ARGUMENT_INVALID', `${file} names ${text}, which is no buildpack`, { exit: 3 });
    case 'url': {
      const download = await openDownload(locator.url, ports.downloads, ctx);
      const found = await readFile(download.path, locator.url, ctx);
      // A package's layers are read from the file to the end of the command.
      if (found.kind === 'directory') await download.release();
      return found;
    }
    case 'path':
      return readPath(locator.path, { text, file }, ctx);
    case 'bare':
      return readPath(isAbsolute(text) ? text : join(base, text), { text, file }, ctx);
  }
}

async function readPath(
  path: string,
  { text, file }: { readonly text: string; readonly file: string },
  ctx: Context,
): Promise<PackageSource> {
  switch (await pathKind(path)) {
    case 'directory':
      return { kind: 'directory', directory: path };
    case 'file':
      return readFile(path, text, ctx);
    case undefined:
      throw new SlipwayError('FILE_NOT_FOUND', `${file} names ${text}, which does not exist`, {
        details: { path },
        hint: 'an image is written docker://NAME, or as image = "NAME"',
      });
  }
}

async function readFile(path: string, shown: string, ctx: Context): Promise<PackageSource> {
  const found = await openModuleFile(path, shown, ctx);
  return found.kind === 'image' ? { ...found, shown } : found;
}

/** `image = "NAME"` is an image whatever lies on disk. */
function imageText(image: string): string {
  return /^(?:docker|oci|oci-archive|docker-archive|docker-daemon):/.test(image) ? image : `docker://${image}`;
}
