import { realpathSync } from 'node:fs';
import { writeError } from '../core/atomic-file.ts';
import type { Context } from '../core/context.ts';
import { systemCode } from '../core/errors.ts';
import { fromBytes, showPath, type BytePath } from '../layer/byte-path.ts';
import { cleanPath, refusalOf } from '../layer/entry-path.ts';
import type { Refusal } from '../layer/guarded-tree.ts';
import { openTar, subjectOf } from '../layer/open-tar.ts';
import { createPacer } from '../layer/pacer.ts';
import type { Layer } from '../ports/blob.ts';
import { readTar, type TarReadEntry } from '../tar/reader.ts';
import { fetchAhead } from './fetch-ahead.ts';
import type { Owners } from './owners.ts';
import { RootTree } from './root-tree.ts';

export interface Unpacked {
  /** Entries of all layers. */
  readonly entries: number;
  /** Sizes of all files, each counted once. */
  readonly bytes: number;
  readonly owners: Owners;
}

/** `.wh.NAME` hides NAME of the layers below, `.wh..wh..opq` all that they have in its directory (image-spec, layer.md). */
const WHITEOUT = '.wh.';
const OPAQUE = '.wh..wh..opq';
/** Names that AUFS kept for itself: no content. */
const RESERVED = '.wh..wh.';

/**
 * Lays an image's layers, bottom first, into an empty directory, as an ordinary user: modes without setuid and setgid, times, owners
 * only in the answer; no devices and fifos (`ENTRY_SKIPPED`, once a layer), no extended attributes. Each layer is checked against
 * digest, size and diffID, which counts for nothing before the last byte: on any error the directory holds something that must not be
 * used. Throws `ARCHIVE_UNSAFE` and `ARCHIVE_INVALID` naming layer and entry, and what `openTar` and `readTar` throw.
 */
export async function unpackLayers(layers: readonly Layer[], directory: string, ctx: Context): Promise<Unpacked> {
  const tree = new RootTree(realpathSync(directory, { encoding: 'latin1' }));
  const pacer = createPacer(ctx);
  let entries = 0;
  let isUpper = false;
  for await (const layer of fetchAhead(layers, ctx)) {
    if (isUpper) tree.beginUpperLayer();
    isUpper = true;
    const subject = subjectOf(layer);
    const skipped: string[] = [];
    // The digest proves that nothing was cut off, so an archive without an end marker is whole.
    for await (const entry of readTar(openTar(layer, ctx), subject, { endMarker: 'optional' })) {
      await applyEntry(tree, entry, subject, skipped);
      entries += 1;
      await pacer.pause();
    }
    warnOfSkipped(subject, skipped, ctx);
  }
  tree.finish();
  return { entries, bytes: tree.bytes, owners: tree.owners };
}

async function applyEntry(tree: RootTree, entry: TarReadEntry, subject: string, skipped: string[]): Promise<void> {
  const { header } = entry;
  const name = fromBytes(header.name);
  const refusal = refusalOf(subject, name);
  const path = cleanPath(name, refusal);
  try {
    if (path.includes('/.wh.')) {
      applyWhiteout(tree, path, refusal);
      return;
    }
    switch (header.type) {
      case 'directory':
        tree.directory(path, header, refusal);
        return;
      case 'file':
        await tree.file(path, header, entry.body, refusal);
        return;
      case 'symlink':
        if (header.linkname.length === 0) throw refusal.invalid('is a symbolic link to nothing');
        tree.symlink(path, fromBytes(header.linkname), header, refusal);
        return;
      case 'hardlink':
        tree.hardlink(path, cleanPath(fromBytes(header.linkname), refusal), refusal);
        return;
      case 'fifo':
      case 'char':
      case 'block':
        tree.clear(path, refusal);
        skipped.push(showPath(path));
        return;
    }
  } catch (error) {
    throw systemCode(error) === undefined ? error : writeError(`${showPath(path)} of ${subject}`, error);
  }
}

function applyWhiteout(tree: RootTree, path: BytePath, refusal: Refusal): void {
  const cut = path.lastIndexOf('/');
  const [directory, base] = [path.slice(0, cut), path.slice(cut + 1)];
  if (base === OPAQUE && !directory.includes('/.wh.')) {
    tree.opaque(directory === '' ? '/' : directory, refusal);
    return;
  }
  if (path.includes(`/${RESERVED}`)) return;
  const hidden = base.slice(WHITEOUT.length);
  if (!base.startsWith(WHITEOUT) || directory.includes('/.wh.')) throw refusal.invalid('lies below a whiteout');
  if (hidden === '' || hidden === '.' || hidden === '..') throw refusal.escape('is a whiteout of no name');
  tree.whiteout(`${directory}/${hidden}`, refusal);
}

function warnOfSkipped(subject: string, skipped: readonly string[], ctx: Context): void {
  const [first] = skipped;
  if (first === undefined) return;
  const others = skipped.length === 1 ? 'is' : `and ${String(skipped.length - 1)} more are`;
  const message = `${subject}: ${first} ${others} left out: devices and fifos`;
  ctx.emit({ type: 'warning', code: 'ENTRY_SKIPPED', message });
}
