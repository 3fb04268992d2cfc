import { lstat, readdir, readFile } from 'node:fs/promises';
import { collect } from '../core/bytes.ts';
import type { Context } from '../core/context.ts';
import { isSystem } from '../core/errors.ts';
import { ancestors, fromBytes, fromText, toBuffer, type BytePath } from '../layer/byte-path.ts';
import { openTar, subjectOf } from '../layer/open-tar.ts';
import type { Layer } from '../ports/blob.ts';
import { readTar } from '../tar/reader.ts';
import { READ_DIRS, ROOT_DIRS, type LaunchLayer, type LayerItem } from './launch-layer.ts';

/** What an environment variable can be at most. */
const MAX_VALUE = 128 * 1024;

type Named = Pick<LaunchLayer, 'id' | 'path'>;

/** A layer as it lies on disk. No link is followed, and a directory that cannot be listed is an empty one. */
export async function readLaunchDirectory(named: Named, real: string): Promise<LaunchLayer> {
  const items = new Map<BytePath, LayerItem>();
  const add = async (path: BytePath, depth: number): Promise<void> => {
    const item = await itemOnDisk(`${fromText(real)}/${path}`, hasBytes(path));
    if (item === undefined) return;
    items.set(path, item);
    if (item.kind !== 'directory' || depth === 0) return;
    for (const name of await readdir(toBuffer(`${fromText(real)}/${path}`), { encoding: 'buffer' }))
      await add(`${path}/${fromBytes(name)}`, depth - 1);
  };
  for (const directory of ROOT_DIRS) await add(directory, 0);
  for (const directory of READ_DIRS) await add(directory, 2);
  return { ...named, items };
}

/** A layer as it is in an image. Throws as `openTar` and `readTar` do. */
export async function readLaunchTar(named: Named, layer: Layer, ctx: Context): Promise<LaunchLayer> {
  const items = new Map<BytePath, LayerItem>();
  const root = `${fromText(named.path)}/`;
  for await (const { header, body } of readTar(openTar(layer, ctx), subjectOf(layer), { endMarker: 'optional' })) {
    const path = `/${fromBytes(header.name).replace(/^(?:\.?\/)+/, '')}`;
    if (!path.startsWith(root)) continue;
    const below = path.slice(root.length);
    const [top = ''] = below.split('/');
    if (!READ_DIRS.includes(top) && !ROOT_DIRS.includes(below)) {
      for (const parent of ancestors(`/${below}`).map((each) => each.slice(1)))
        if (ROOT_DIRS.includes(parent) && !items.has(parent)) items.set(parent, { kind: 'directory' });
      continue;
    }
    if (header.type === 'directory') items.set(below, { kind: 'directory' });
    else if (header.type !== 'file') items.set(below, { kind: 'other' });
    else {
      const bytes = hasBytes(below) ? await collect(body, MAX_VALUE, `${named.path}/${below}`) : undefined;
      items.set(below, {
        kind: 'file',
        isExecutable: (header.mode & 0o111) !== 0,
        ...(bytes === undefined ? {} : { bytes }),
      });
    }
  }
  return { ...named, items };
}

function hasBytes(path: BytePath): boolean {
  return /^env(\.launch)?\//.test(path);
}

async function itemOnDisk(path: BytePath, wantsBytes: boolean): Promise<LayerItem | undefined> {
  try {
    const stats = await lstat(toBuffer(path));
    if (stats.isDirectory()) return { kind: 'directory' };
    if (!stats.isFile()) return { kind: 'other' };
    const isExecutable = (stats.mode & 0o111) !== 0;
    if (!wantsBytes) return { kind: 'file', isExecutable };
    if (stats.size > MAX_VALUE) return { kind: 'other' };
    return { kind: 'file', isExecutable, bytes: await readFile(toBuffer(path)) };
  } catch (error) {
    if (isSystem(error, 'ENOENT', 'ENOTDIR', 'EACCES')) return undefined;
    throw error;
  }
}
