import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { decodeModuleListing, type ModuleListing } from '../../cnb/files/module-listing.ts';
import { escapeId, moduleName, type ModuleKind } from '../../cnb/module.ts';
import { moduleInfo } from '../../cnb/package-labels.ts';
import type { Context } from '../../core/context.ts';
import { isSystem, SlipwayError } from '../../core/errors.ts';
import type { Compression } from '../../layer/compression.ts';
import { packLayer } from '../../layer/pack.ts';
import { virtualParents, type Place } from '../../layer/place.ts';
import type { Layer } from '../../ports/blob.ts';
import type { BlobStaging } from '../../ports/store.ts';
import type { PackagedModule } from './packaged-module.ts';

const ROOT = { uid: 0, gid: 0 };

/** A module's directory, and the package data in its descriptor. */
export interface ModuleDirectory {
  readonly directory: string;
  readonly listing: ModuleListing;
}

/** Finds buildpack.toml, or extension.toml, in a directory. Throws `FILE_NOT_FOUND` when there is neither, `FILE_INVALID`. */
export async function readModuleDirectory(directory: string, kinds: readonly ModuleKind[]): Promise<ModuleDirectory> {
  for (const kind of kinds) {
    const file = join(directory, `${kind}.toml`);
    const bytes = await readIfThere(file);
    if (bytes === undefined) continue;
    const listing = decodeModuleListing(bytes, file, kind);
    if (listing.version === '' || listing.id === '')
      throw new SlipwayError('FILE_INVALID', `${file}: a package needs an id and a version`, { details: { file } });
    return { directory, listing };
  }
  const names = kinds.map((kind) => `${kind}.toml`).join(' or ');
  throw new SlipwayError('FILE_NOT_FOUND', `${directory} has no ${names}`, {
    hint: 'name the directory that holds it with --path, or in package.toml',
  });
}

/** Packs the directory as the module's layer (distribution spec): `/cnb/buildpacks/<id>/<version>`, owned by root. */
export async function packModule(
  { directory, listing }: ModuleDirectory,
  staging: BlobStaging,
  ctx: Context,
  compression: Compression,
): Promise<PackagedModule> {
  const { kind, id, version } = listing;
  const layer = await packTrees([{ module: listing, directory }], staging, ctx, compression);
  return { kind, id, version, layer, info: moduleInfo(listing), directory };
}

/** One layer of several modules' directories. */
export async function packTrees(
  trees: readonly { readonly module: ModulePlace; readonly directory: string }[],
  staging: BlobStaging,
  ctx: Context,
  compression: Compression,
): Promise<Layer> {
  const places = trees.map(({ module, directory }) => placeOf(modulePath(module), directory));
  const options = { compressions: [compression], family: 'oci' } as const;
  const { layers } = await packLayer({ kind: 'trees', places }, staging, ctx, options);
  return layers[0];
}

type ModulePlace = Pick<ModuleListing, 'kind' | 'id' | 'version'>;

/** Where images have a module (distribution spec). Throws `FILE_INVALID` for an id or version that would lead elsewhere. */
export function modulePath({ kind, id, version }: ModulePlace): string {
  const names = [escapeId(id), version];
  if (names.some((name) => name === '.' || name === '..' || /[/\\\0]/.test(name)))
    throw new SlipwayError(
      'FILE_INVALID',
      `${JSON.stringify(moduleName({ id, version }))} cannot be the name of a ${kind}`,
    );
  return `/cnb/${kind}s/${names.join('/')}`;
}

function placeOf(logical: string, real: string): Place {
  return { logical, real, owner: ROOT, parents: virtualParents(logical, ROOT) };
}

async function readIfThere(path: string): Promise<Uint8Array | undefined> {
  try {
    return await readFile(path);
  } catch (error) {
    if (isSystem(error, 'ENOENT', 'ENOTDIR')) return undefined;
    throw new SlipwayError('FILE_NOT_READABLE', `cannot read ${path}`, { cause: error });
  }
}
