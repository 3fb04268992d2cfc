import { lstat } from 'node:fs/promises';
import { join, posix } from 'node:path';
import type { Context } from '../../core/context.ts';
import { isSystem } from '../../core/errors.ts';
import { isScratch } from '../../image/plan.ts';
import { findInLayers, type FoundKind } from '../../layer/find-file.ts';
import type { Layer } from '../../ports/blob.ts';
import type { ExportInput, ExportPorts } from '../export.ts';
import { launchLayerPlaces, openLaunchLayer, type LaunchLayerPlace } from './launch-layers.ts';

type Found = Readonly<Record<string, FoundKind>>;

/**
 * The first of these absolute paths that is a program in an image about to be made: in the app, a launch layer, or the run image. A
 * link counts as one: what is behind it is known only where it runs. Throws as the export does.
 */
export async function findProgram(
  paths: readonly string[],
  input: Pick<ExportInput, 'app' | 'group' | 'layers' | 'previous' | 'runImage'>,
  ports: Pick<ExportPorts, 'cache' | 'launchCache'>,
  ctx: Context,
): Promise<string | undefined> {
  const { app, layers, runImage } = input;
  const places = await launchLayerPlaces(input);
  const inBase = paths.filter((path) => !isBelow(path, app.logical) && !isBelow(path, layers.logical));
  const baseLayers: readonly Layer[] = isScratch(runImage) ? [] : runImage.layers;
  let base: Promise<Found> | undefined;
  for (const path of paths) {
    const place = places.find((each) => isBelow(path, each.path));
    let isFound = false;
    if (inBase.includes(path)) isFound = isProgram((await (base ??= findInLayers(baseLayers, inBase, ctx)))[path]);
    else if (place !== undefined) isFound = await isInLaunchLayer(path, place);
    else if (isBelow(path, app.logical)) isFound = await isProgramHere(onDisk(path, app));
    if (isFound) return path;
  }
  return undefined;

  async function isInLaunchLayer(path: string, place: LaunchLayerPlace): Promise<boolean> {
    if (place.from.kind === 'disk') return isProgramHere(onDisk(path, { logical: place.path, real: place.from.real }));
    const layer = await openLaunchLayer(place.id, place.from.sha, input, { ports, ctx });
    return isProgram((await findInLayers([layer], [path], ctx))[path]);
  }
}

function isBelow(path: string, directory: string): boolean {
  return path.startsWith(`${directory}/`);
}

function onDisk(path: string, { logical, real }: { readonly logical: string; readonly real: string }): string {
  return join(real, posix.relative(logical, path));
}

function isProgram(kind: FoundKind | undefined): boolean {
  return kind === 'file' || kind === 'symlink';
}

async function isProgramHere(path: string): Promise<boolean> {
  try {
    const stats = await lstat(path);
    return stats.isSymbolicLink() || (stats.isFile() && (stats.mode & 0o111) !== 0);
  } catch (error) {
    if (isSystem(error, 'ENOENT', 'ENOTDIR', 'EACCES')) return false;
    throw error;
  }
}
