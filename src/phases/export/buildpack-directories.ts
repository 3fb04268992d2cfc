import { join } from 'node:path';
import type { LayerFile } from '../../cnb/layer-metadata.ts';
import { escapeId, type GroupElement } from '../../cnb/module.ts';
import type { TomlTable } from '../../cnb/toml-value.ts';
import { SlipwayError } from '../../core/errors.ts';
import type { Place } from '../../layer/place.ts';
import { readStore } from '../../workspace/buildpack-files.ts';
import { listItems, listLayers } from '../../workspace/layers-directory.ts';

/** A layer with its `<layer>.toml`. */
export interface BuildpackLayer {
  /** `buildpack:layer`, unescaped. */
  readonly id: string;
  readonly name: string;
  readonly file: LayerFile;
  readonly hasContents: boolean;
  /** Absolute path in the image. */
  readonly path: string;
}

export interface BuildpackDirectory {
  readonly buildpack: GroupElement;
  /** In byte order of their ids; those without `<layer>.toml` are none. */
  readonly layers: readonly BuildpackLayer[];
  /** `[metadata]` of store.toml. */
  readonly store: TomlTable | undefined;
  /** Absolute path in the image, and the names of what is in it. */
  readonly path: string;
  readonly items: readonly string[];
}

/**
 * The layers of one buildpack. Throws `FILE_INVALID`, exit 62, naming the layers whose metadata cannot be read (contract §13.3).
 */
export async function readBuildpackDirectory(buildpack: GroupElement, place: Place): Promise<BuildpackDirectory> {
  const logical = `${place.logical}/${escapeId(buildpack.id)}`;
  const real = join(place.real, escapeId(buildpack.id));
  const found = await listLayers(real);
  const idOf = (name: string): string => `${buildpack.id}:${name}`;
  const broken = found.filter((layer) => layer.problem !== undefined);
  if (broken.length > 0)
    throw malformed(
      broken.map((layer) => idOf(layer.name)),
      broken[0]?.problem,
    );
  const layers = found.flatMap(({ name, file, hasContents }) =>
    file === undefined ? [] : [{ id: idOf(name), name, file, hasContents, path: `${logical}/${name}` }],
  );
  const store = await readStore(join(real, 'store.toml'), buildpack.id);
  return { buildpack, layers, store: store ?? undefined, path: logical, items: await listItems(real) };
}

function malformed(ids: readonly string[], cause: SlipwayError | undefined): SlipwayError {
  return new SlipwayError('FILE_INVALID', `failed to parse metadata for layers '[${ids.join(' ')}]'`, {
    cause,
    exit: 62,
    details: { reason: cause?.message ?? '', ...cause?.details },
  });
}
