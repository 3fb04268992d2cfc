import { mkdirSync, realpathSync } from 'node:fs';
import { writeError } from '../core/atomic-file.ts';
import type { Context } from '../core/context.ts';
import { systemCode } from '../core/errors.ts';
import type { Layer } from '../ports/blob.ts';
import { readTar, type ReadTarOptions, type TarReadEntry } from '../tar/reader.ts';
import { fromBytes, fromText, showPath, type BytePath } from './byte-path.ts';
import { cleanPath, refusalOf } from './entry-path.ts';
import { GuardedTree } from './guarded-tree.ts';
import { openTar, subjectOf } from './open-tar.ts';
import { createPacer } from './pacer.ts';
import type { Place } from './place.ts';

export interface ExtractOptions {
  /** Where names go: each entry must lie in one of these, or be a directory above one. */
  readonly places: readonly Place[];
}

/** Unpacks a layer as `extractTar` does, and throws what `openTar` throws too (contract §10.8, GAP-29). */
export async function extractLayer(layer: Layer, ctx: Context, options: ExtractOptions): Promise<void> {
  // The digest proves that nothing was cut off, so an archive without an end marker is whole.
  const source = { bytes: openTar(layer, ctx), subject: subjectOf(layer), endMarker: 'optional' } as const;
  await extractTar(source, ctx, options);
}

export interface TarSource extends ReadTarOptions {
  /** The plain tar. */
  readonly bytes: AsyncIterable<Uint8Array>;
  /** What errors call it. */
  readonly subject: string;
}

/**
 * Unpacks a tar: logical names to the real directories of their places. Names get a leading `/`. Modes are applied, owners and times are
 * not; devices, fifos and sockets are left out with an `ENTRY_SKIPPED` warning; whiteouts are ordinary files. Files, links and
 * directories that exist are replaced, but existing directories keep their contents and mode.
 *
 * Throws `ARCHIVE_UNSAFE` for an entry that would leave its place, by its name, a link or a link on the way, and what `readTar` throws.
 * On any error what was made is taken away again. No other process may write to the places meanwhile.
 */
export async function extractTar(source: TarSource, ctx: Context, options: ExtractOptions): Promise<void> {
  const { bytes, subject, ...reading } = source;
  const trees = options.places.map((place) => new PlacedTree(place));
  const pacer = createPacer(ctx);
  try {
    for await (const entry of readTar(bytes, subject, reading)) {
      await extractEntry(entry, trees, subject, ctx);
      await pacer.pause();
    }
    for (const tree of trees) tree.opened?.finish();
  } catch (error) {
    for (const tree of trees) tree.opened?.undo();
    throw error;
  }
}

async function extractEntry(
  entry: TarReadEntry,
  trees: readonly PlacedTree[],
  subject: string,
  ctx: Context,
): Promise<void> {
  const { header } = entry;
  const name = fromBytes(header.name);
  const refusal = refusalOf(subject, name);
  const path = cleanPath(name, refusal);
  const tree = treeOf(path, trees);
  if (tree === undefined) {
    if (header.type === 'directory' && trees.some((other) => other.logical.startsWith(path === '/' ? '/' : `${path}/`)))
      return;
    throw refusal.escape('lies outside of what is unpacked');
  }
  const inside = path.slice(tree.logical.length + 1);
  try {
    switch (header.type) {
      case 'directory':
        tree.open().directory(inside, header.mode, refusal);
        return;
      case 'file':
        await tree.open().file(inside, header.mode, entry.body, refusal);
        return;
      case 'symlink':
        if (header.linkname.length === 0) throw refusal.invalid('is a symbolic link to nothing');
        tree.open().symlink(inside, fromBytes(header.linkname), refusal);
        return;
      case 'hardlink': {
        const target = cleanPath(fromBytes(header.linkname), refusal);
        if (treeOf(target, trees) !== tree) throw refusal.escape('is a hard link to outside of what is unpacked');
        tree.open().hardlink(inside, target.slice(tree.logical.length + 1), refusal);
        return;
      }
      case 'fifo':
      case 'char':
      case 'block':
        ctx.emit({
          type: 'warning',
          code: 'ENTRY_SKIPPED',
          message: `${subject}: ${showPath(name)} is a ${header.type === 'fifo' ? 'fifo' : 'device'} and left out`,
        });
        return;
    }
  } catch (error) {
    throw systemCode(error) === undefined ? error : writeError(`${tree.place.real}/${showPath(inside)}`, error);
  }
}

/** A place, and its directory once something goes there. */
class PlacedTree {
  readonly place: Place;
  readonly logical: BytePath;
  opened: GuardedTree | undefined;

  constructor(place: Place) {
    this.place = place;
    this.logical = fromText(place.logical === '/' ? '' : place.logical);
  }

  open(): GuardedTree {
    if (this.opened === undefined) {
      mkdirSync(this.place.real, { recursive: true });
      this.opened = new GuardedTree(realpathSync(this.place.real, { encoding: 'latin1' }));
    }
    return this.opened;
  }
}

/** The tree with the longest logical path that holds `path`. */
function treeOf(path: BytePath, trees: readonly PlacedTree[]): PlacedTree | undefined {
  return trees
    .filter(({ logical }) => path === logical || path.startsWith(`${logical}/`))
    .sort((a, b) => b.logical.length - a.logical.length)[0];
}
