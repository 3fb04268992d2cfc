import { join } from 'node:path';
import { escapeId } from '../../cnb/module.ts';
import type { Context } from '../../core/context.ts';
import type { LaunchLayer } from '../../launcher/launch-layer.ts';
import { readLaunchDirectory, readLaunchTar } from '../../launcher/read-launch-layer.ts';
import type { ExportInput, ExportPorts } from '../export.ts';
import { readBuildpackDirectory } from './buildpack-directories.ts';
import { launchLayers } from './buildpack-layers.ts';
import { describedCache } from './content.ts';
import { findWithoutContents } from './existing-layers.ts';

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
  const { group, layers: place, previous } = input;
  const found: LaunchLayer[] = [];
  const shelves = { previous: previous?.image, launchCache: ports.launchCache, cache: describedCache(ports) };
  for (const buildpack of group.filter((element) => element.kind === 'buildpack')) {
    const directory = await readBuildpackDirectory(buildpack, place);
    const known = { previous: previous?.metadata, cached: undefined };
    const requests = new Map(launchLayers(directory, place, known).map((request) => [request.id, request.from]));
    for (const { id, name, path } of directory.layers) {
      const from = requests.get(id);
      if (from?.kind === 'make')
        found.push(await readLaunchDirectory({ id, path }, join(place.real, escapeId(buildpack.id), name)));
      if (from?.kind !== 'reuse' || options.withoutContents === 'skip') continue;
      found.push(await readLaunchTar({ id, path }, await findWithoutContents(id, from.sha, shelves, ctx), ctx));
    }
  }
  return found;
}
