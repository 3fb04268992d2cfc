import { join } from 'node:path';
import { escapeId } from '../../cnb/module.ts';
import type { Context } from '../../core/context.ts';
import type { LaunchLayer } from '../../launcher/launch-layer.ts';
import { readLaunchDirectory, readLaunchTar } from '../../launcher/read-launch-layer.ts';
import type { Layer } from '../../ports/blob.ts';
import type { ExportInput, ExportPorts } from '../export.ts';
import { readBuildpackDirectory } from './buildpack-directories.ts';
import { launchLayers } from './buildpack-layers.ts';
import { describedCache } from './content.ts';
import { findWithoutContents } from './existing-layers.ts';

/** Where a launch layer of an image that is about to be made is: on disk, or only in the previous image or a cache. */
export interface LaunchLayerPlace {
  /** `buildpack:layer`. */
  readonly id: string;
  /** Absolute path in the image. */
  readonly path: string;
  readonly from: { readonly kind: 'disk'; readonly real: string } | { readonly kind: 'reuse'; readonly sha: string };
}

/**
 * What a launcher will find in the launch layers of an image that is about to be made, in the order in which it visits them.
 * `withoutContents`: layers that are only in the previous image or a cache are read from there, or passed over. Throws as the export does.
 */
export async function readLaunchLayers(
  input: Pick<ExportInput, 'group' | 'layers' | 'previous'>,
  ports: Pick<ExportPorts, 'cache' | 'launchCache'>,
  ctx: Context,
  options: { readonly withoutContents: 'read' | 'skip' },
): Promise<readonly LaunchLayer[]> {
  const found: LaunchLayer[] = [];
  for (const { id, path, from } of await launchLayerPlaces(input)) {
    if (from.kind === 'disk') found.push(await readLaunchDirectory({ id, path }, from.real));
    else if (options.withoutContents === 'read')
      found.push(await readLaunchTar({ id, path }, await openLaunchLayer(id, from.sha, input, { ports, ctx }), ctx));
  }
  return found;
}

/** In the order in which a launcher visits them. */
export async function launchLayerPlaces(
  input: Pick<ExportInput, 'group' | 'layers' | 'previous'>,
): Promise<readonly LaunchLayerPlace[]> {
  const { group, layers: place, previous } = input;
  const places: LaunchLayerPlace[] = [];
  for (const buildpack of group.filter((element) => element.kind === 'buildpack')) {
    const directory = await readBuildpackDirectory(buildpack, place);
    const known = { previous: previous?.metadata, cached: undefined };
    const requests = new Map(launchLayers(directory, place, known).map((request) => [request.id, request.from]));
    for (const { id, name, path } of directory.layers) {
      const from = requests.get(id);
      const real = join(place.real, escapeId(buildpack.id), name);
      if (from?.kind === 'make') places.push({ id, path, from: { kind: 'disk', real } });
      else if (from?.kind === 'reuse') places.push({ id, path, from: { kind: 'reuse', sha: from.sha } });
    }
  }
  return places;
}

/** A launch layer that is not on disk. Throws `LAYER_WITHOUT_CONTENTS` when nobody has it. */
export function openLaunchLayer(
  id: string,
  sha: string,
  { previous }: Pick<ExportInput, 'previous'>,
  { ports, ctx }: { readonly ports: Pick<ExportPorts, 'cache' | 'launchCache'>; readonly ctx: Context },
): Promise<Layer> {
  const shelves = { previous: previous?.image, launchCache: ports.launchCache, cache: describedCache(ports) };
  return findWithoutContents(id, sha, shelves, ctx);
}
