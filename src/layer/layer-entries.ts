import { lstatSync, readlinkSync, statSync } from 'node:fs';
import type { Context } from '../core/context.ts';
import { isSystem, SlipwayError } from '../core/errors.ts';
import type { TarHeader } from '../tar/header.ts';
import { ancestors, fromBytes, fromText, showPath, toBuffer, type BytePath } from './byte-path.ts';
import type { LayerEntry, LayerSource } from './layer-source.ts';
import type { Owner, Place } from './place.ts';
import { readError, type FileState } from './read-error.ts';
import { walk, type Located } from './walk.ts';

/** One entry to write: its header, and where its body is. */
export type PackEntry =
  | { readonly header: TarHeader; readonly body: 'none' }
  | { readonly header: TarHeader; readonly body: Uint8Array }
  | { readonly header: TarHeader; readonly body: { readonly path: BytePath; readonly state: FileState } };

const NOTHING = new Uint8Array(0);

/**
 * The entries of a layer in the contract's order (§14.3), read from disk as they are asked for, in memory for one directory at a time
 * and its ancestors. Sockets are left out with a `SOCKET_SKIPPED` warning. Throws `FILE_NOT_FOUND` (a `dir` that is not there),
 * `FILE_NOT_READABLE`, `FILE_CHANGED`.
 */
export function* layerEntries(source: LayerSource, ctx: Context): Iterable<PackEntry> {
  switch (source.kind) {
    case 'entries':
      for (const entry of source.entries) yield fromData(entry);
      return;
    case 'dir':
      yield* directoryEntries(source.place, fromText(source.path), ctx);
      return;
    case 'trees':
      yield* treeEntries(source.places, ctx);
      return;
    case 'slice':
      yield* sliceEntries(source.place, source.paths, ctx);
      return;
  }
}

function* treeEntries(places: readonly Place[], ctx: Context): Iterable<PackEntry> {
  const parents = new Set<BytePath>();
  for (const place of [...places].sort((a, b) => (fromText(a.logical) < fromText(b.logical) ? -1 : 1))) {
    for (const entry of directoryEntries(place, fromText(place.logical), ctx)) {
      const name = fromBytes(entry.header.name);
      if (fromText(place.logical).startsWith(name)) {
        if (parents.has(name)) continue;
        parents.add(name);
      }
      const plain = plainEntry(entry, ctx);
      if (plain !== undefined) yield plain;
    }
  }
}

/** Undefined for what no checkout has. */
function plainEntry(entry: PackEntry, ctx: Context): PackEntry | undefined {
  const { type, mode, name } = entry.header;
  switch (type) {
    case 'symlink':
      return { ...entry, header: { ...entry.header, mode: 0o777 } };
    case 'directory':
      return { ...entry, header: { ...entry.header, mode: 0o755 } };
    case 'file':
    case 'hardlink':
      return { ...entry, header: { ...entry.header, mode: (mode & 0o100) === 0 ? 0o644 : 0o755 } };
    case 'fifo':
    case 'char':
    case 'block': {
      const message = `${showPath(fromBytes(name))} is a ${type === 'fifo' ? 'fifo' : 'device'} and left out`;
      ctx.emit({ type: 'warning', code: 'ENTRY_SKIPPED', message });
      return undefined;
    }
  }
}

function* directoryEntries(place: Place, path: BytePath, ctx: Context): Iterable<PackEntry> {
  const root = { real: realOf(place, path), logical: path };
  checkExists(root.real);
  yield* parentEntries(place, path);
  if (yield* ownEntry(place, root, ctx)) yield* walk(root, (location) => diskEntry(location, place.owner, ctx), 'tree');
}

function* sliceEntries(place: Place, paths: 'all' | readonly BytePath[], ctx: Context): Iterable<PackEntry> {
  if (paths.length === 0) return;
  const root = { real: fromText(place.real), logical: fromText(place.logical) };
  const read = (location: Located): PackEntry | undefined => diskEntry(location, place.owner, ctx);
  checkExists(root.real);
  yield* parentEntries(place, root.logical);
  if (paths === 'all') {
    if (yield* ownEntry(place, root, ctx)) yield* walk(root, read, 'path');
    return;
  }
  for (const path of paths) {
    if (path === '') yield* ownEntry(place, root, ctx);
    else {
      const entry = read({ real: `${root.real}/${path}`, logical: `${root.logical}/${path}` });
      if (entry !== undefined) yield entry;
    }
  }
}

/**
 * The packed directory itself: as on disk, but where the place's parents are given as data and name it, as given. Returns whether it is
 * a directory on disk.
 */
function* ownEntry(place: Place, location: Located, ctx: Context): Generator<PackEntry, boolean> {
  const given =
    place.parents === 'from-disk'
      ? undefined
      : place.parents.find((parent) => fromText(parent.path) === location.logical);
  const found = diskEntry(location, place.owner, ctx);
  if (found === undefined) return false;
  const isDirectory = found.header.type === 'directory';
  yield given !== undefined && isDirectory ? directory(location.logical, given) : found;
  return isDirectory;
}

/** Before the parents are read, so that a missing directory is named, not the first one above it that is missing too. */
function checkExists(real: BytePath): void {
  try {
    lstatSync(toBuffer(real));
  } catch (error) {
    if (!isSystem(error, 'ENOENT', 'ENOTDIR')) throw readError(real, error);
    throw new SlipwayError('FILE_NOT_FOUND', `${showPath(real)} does not exist`, { cause: error });
  }
}

/** The directories above `path`, top first. */
function* parentEntries(place: Place, path: BytePath): Iterable<PackEntry> {
  for (const parent of ancestors(path)) {
    if (place.parents === 'from-disk') {
      const real = realOf(place, parent);
      try {
        const stat = statSync(toBuffer(real));
        yield directory(parent, { mode: stat.mode & 0o7777, uid: stat.uid, gid: stat.gid });
      } catch (error) {
        throw readError(real, error);
      }
    } else {
      const given = place.parents.find((entry) => fromText(entry.path) === parent);
      if (given !== undefined) yield directory(parent, given);
      else if (isWithin(parent, fromText(place.logical))) yield directory(parent, { mode: 0o755, ...place.owner });
    }
  }
}

/** Reads one entry; undefined for a socket. */
function diskEntry({ real, logical }: Located, owner: Owner, ctx: Context): PackEntry | undefined {
  try {
    const stat = lstatSync(toBuffer(real));
    const name = toBuffer(logical);
    const mode = stat.mode & 0o7777;
    const { uid, gid } = owner;
    // Objects are written out in full: copies by spread live long enough here to double the memory of a large app.
    if (stat.isFile()) {
      const { size } = stat;
      return {
        header: { name, type: 'file', mode, uid, gid, size, linkname: NOTHING },
        body: { path: real, state: stat },
      };
    }
    if (stat.isDirectory()) {
      return { header: { name, type: 'directory', mode, uid, gid, size: 0, linkname: NOTHING }, body: 'none' };
    }
    if (stat.isSymbolicLink()) {
      const linkname = readlinkSync(toBuffer(real), { encoding: 'buffer' });
      return { header: { name, type: 'symlink', mode, uid, gid, size: 0, linkname }, body: 'none' };
    }
    if (stat.isSocket()) {
      ctx.emit({ type: 'warning', code: 'SOCKET_SKIPPED', message: `${showPath(logical)} is a socket and left out` });
      return undefined;
    }
    if (stat.isFIFO()) {
      return { header: { name, type: 'fifo', mode, uid, gid, size: 0, linkname: NOTHING }, body: 'none' };
    }
    const type = stat.isCharacterDevice() ? 'char' : 'block';
    const device = deviceNumbers(stat.rdev);
    return { header: { name, type, mode, uid, gid, size: 0, linkname: NOTHING, ...device }, body: 'none' };
  } catch (error) {
    throw readError(real, error);
  }
}

/** Linux's split of a device number. */
function deviceNumbers(rdev: number): { readonly devMajor: number; readonly devMinor: number } {
  const high = Math.floor(rdev / 2 ** 32);
  const low = rdev >>> 0;
  return {
    devMajor: ((low >>> 8) & 0xfff) + (high & 0xfffff000),
    devMinor: (low & 0xff) + ((low >>> 12) & 0xfff00),
  };
}

function fromData(entry: LayerEntry): PackEntry {
  const { kind, path, mode, uid, gid } = entry;
  const header = { name: Buffer.from(path, 'utf8'), type: kind, mode, uid, gid, size: 0, linkname: NOTHING };
  switch (entry.kind) {
    case 'directory':
      return { header, body: 'none' };
    case 'file':
      return { header: { ...header, size: entry.bytes.length }, body: entry.bytes };
    case 'symlink':
      return { header: { ...header, linkname: Buffer.from(entry.target, 'utf8') }, body: 'none' };
  }
}

function directory(path: BytePath, { mode, uid, gid }: Owner & { readonly mode: number }): PackEntry {
  const header = { name: toBuffer(path), type: 'directory', mode, uid, gid, size: 0, linkname: NOTHING } as const;
  return { header, body: 'none' };
}

/** Where a logical path is on this disk; above the place it is the same path. */
function realOf(place: Place, path: BytePath): BytePath {
  const logical = fromText(place.logical);
  return isWithin(path, logical) ? fromText(place.real) + path.slice(logical.length) : path;
}

function isWithin(path: BytePath, directoryPath: BytePath): boolean {
  return path === directoryPath || path.startsWith(`${directoryPath}/`);
}
