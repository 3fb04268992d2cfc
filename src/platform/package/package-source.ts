import { dirname, isAbsolute, join, resolve } from 'node:path';
import type { PackageDependency } from '../../cnb/files/package.ts';
import type { Context } from '../../core/context.ts';
import { pathKind } from '../../core/path-kind.ts';
import { SlipwayError } from '../../core/errors.ts';
import { hasScheme, parseLocation, type Location } from '../../oci/location.ts';

/** Where a module or package comes from. */
export type PackageSource =
  { readonly kind: 'directory'; readonly directory: string } | { readonly kind: 'image'; readonly location: Location };

/**
 * What a `uri` or `image` of package.toml or builder.toml names: a directory, a `.cnb` file, or an image at any location. Paths are
 * relative to the file that names them. Throws `NOT_SUPPORTED` for what has to be downloaded, `FILE_NOT_FOUND`.
 */
export async function findPackageSource(named: PackageDependency, file: string, ctx: Context): Promise<PackageSource> {
  if ('image' in named) return { kind: 'image', location: parseLocation(named.image) };
  ctx.signal.throwIfAborted();
  const { uri } = named;
  if (/^https?:\/\//.test(uri))
    throw new SlipwayError('NOT_SUPPORTED', `${uri} is not downloaded by this version`, {
      hint: 'download and unpack it, and name the directory',
    });
  if (hasScheme(uri)) return { kind: 'image', location: parseLocation(uri) };
  const path = uri.startsWith('file://') ? uri.slice('file://'.length) : uri;
  const real = isAbsolute(path) ? path : join(dirname(resolve(file)), path);
  const kind = await pathKind(real);
  if (kind === 'directory') return { kind: 'directory', directory: real };
  if (kind === 'file' && /\.(?:cnb|tar)$/.test(real))
    return { kind: 'image', location: { kind: 'oci-archive', file: real } };
  if (kind === undefined)
    throw new SlipwayError('FILE_NOT_FOUND', `${file} names ${uri}, which does not exist`, {
      details: { path: real },
      hint: 'an image is written docker://NAME, or as image = "NAME"',
    });
  throw new SlipwayError('NOT_SUPPORTED', `${file} names ${uri}, which is no directory and no .cnb file`);
}
