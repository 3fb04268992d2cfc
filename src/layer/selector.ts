import { createHash } from 'node:crypto';
import { lstatSync, readdirSync, readlinkSync, statSync, type BigIntStats } from 'node:fs';
import type { Context } from '../core/context.ts';
import { ancestors, fromText, toBuffer, type BytePath } from './byte-path.ts';
import type { LayerSource } from './layer-source.ts';
import { createPacer } from './pacer.ts';
import type { Place } from './place.ts';
import { readError } from './read-error.ts';

/** A layer's source that lies in one directory: only such a one has a selector. */
export type TreeSource = Extract<LayerSource, { readonly kind: 'dir' | 'slice' }>;

/** What a walk that opens no file knows of a tree (performance.md §7). */
export interface Selector {
  /**
   * sha256 over relative path, type, mode, size, mtime, ctime, inode, device and link target of every entry, in order. While it stays the
   * same, the contents do, as far as the times can be relied on.
   */
  readonly key: string;
  /** The same without times, inode and device: what is in the headers of the tar. Where it differs, the diffID does. */
  readonly shape: string;
  /** The latest modification or change of all, in nanoseconds. */
  readonly newestNs: bigint;
  readonly entries: number;
  /** Everything is on the file system of the directory itself. */
  readonly isOneFileSystem: boolean;
  /** No change has a fraction of a second: the file system keeps none. */
  readonly hasWholeSeconds: boolean;
  /** Sockets are left out with a warning, which whoever reads the tree gives. */
  readonly hasSockets: boolean;
}

/** Entries between two looks at the clock. */
const STEPS = 64;
const SECOND_NS = 1_000_000_000n;

/** The directory of a source on this disk. */
export function rootOf(source: TreeSource): BytePath {
  const { place } = source;
  const real = fromText(place.real);
  if (source.kind === 'slice') return real;
  const [path, logical] = [fromText(source.path), fromText(place.logical)];
  return path === logical || path.startsWith(`${logical}/`) ? real + path.slice(logical.length) : path;
}

/** Walks the tree without opening a file. Throws `FILE_NOT_READABLE`, `FILE_CHANGED` and the signal's reason. */
export async function selectLayer(source: TreeSource, ctx: Context): Promise<Selector> {
  const pacer = createPacer(ctx);
  const root = rootOf(source);
  const paths = source.kind === 'slice' && source.paths !== 'all' ? source.paths : undefined;
  const device = lstat(root).dev;
  const gathering = new Gathering(device);
  for (const line of parentLines(source.place, source.kind === 'dir' ? source.path : source.place.logical))
    gathering.say(line);
  const steps = paths === undefined ? wholeTree(root, gathering) : someOf(root, paths, gathering);
  let count = 0;
  for (const done of steps) {
    count += done;
    if (count < STEPS) continue;
    count = 0;
    await pacer.pause();
  }
  return gathering.result();
}

/** Yields how many entries it took. */
function* wholeTree(root: BytePath, gathering: Gathering): Iterable<number> {
  const stack: BytePath[] = [''];
  yield 1;
  if (!gathering.add('', root)) return;
  for (let directory = stack.pop(); directory !== undefined; directory = stack.pop()) {
    const names = namesOf(root + directory);
    for (const name of names) {
      const path = `${directory}/${name}`;
      if (gathering.add(path, root + path)) stack.push(path);
    }
    yield names.length;
  }
}

function* someOf(root: BytePath, paths: readonly BytePath[], gathering: Gathering): Iterable<number> {
  for (const path of paths) {
    gathering.add(path, path === '' ? root : `${root}/${path}`);
    yield 1;
  }
}

/** Collects what is known of entries in two hashes. */
class Gathering {
  readonly #device: bigint;
  readonly #key = createHash('sha256');
  readonly #shape = createHash('sha256');
  #newest = 0n;
  #entries = 0;
  #isOneFileSystem = true;
  #hasWholeSeconds = true;
  #hasSockets = false;
  #keyText = '';
  #shapeText = '';

  constructor(device: bigint) {
    this.#device = device;
  }

  /** Returns whether it is a directory. */
  add(path: BytePath, real: BytePath): boolean {
    const stat = lstat(real);
    const { mode, size, mtimeNs, ctimeNs } = stat;
    const isDirectory = stat.isDirectory();
    const link = stat.isSymbolicLink() ? targetOf(real) : '';
    // A directory's size is a matter of its file system; a NUL is in no path and no target.
    const shape = `${path}\0${String(mode)} ${isDirectory ? 'd' : String(size)} ${String(stat.rdev)}\0${link}\0`;
    this.#shapeText += shape;
    this.#keyText += `${shape}${String(size)} ${String(mtimeNs)} ${String(ctimeNs)} ${String(stat.ino)} ${String(stat.dev)}\n`;
    this.#entries += 1;
    if (mtimeNs > this.#newest) this.#newest = mtimeNs;
    if (ctimeNs > this.#newest) this.#newest = ctimeNs;
    if (stat.dev !== this.#device) this.#isOneFileSystem = false;
    if (stat.isSocket()) this.#hasSockets = true;
    if (ctimeNs % SECOND_NS !== 0n) this.#hasWholeSeconds = false;
    if (this.#keyText.length > 32_768) this.#flush();
    return isDirectory;
  }

  say(line: string): void {
    this.#shapeText += line;
    this.#keyText += line;
  }

  result(): Selector {
    this.#flush();
    return {
      key: this.#key.digest('hex'),
      shape: this.#shape.digest('hex'),
      newestNs: this.#newest,
      entries: this.#entries,
      isOneFileSystem: this.#isOneFileSystem,
      hasWholeSeconds: this.#hasWholeSeconds,
      hasSockets: this.#hasSockets,
    };
  }

  #flush(): void {
    this.#key.update(this.#keyText, 'latin1');
    this.#shape.update(this.#shapeText, 'latin1');
    this.#keyText = '';
    this.#shapeText = '';
  }
}

/** Of parents that are read from disk owner and mode are in the tar; those that are given are known without a look. */
function* parentLines(place: Place, path: string): Iterable<string> {
  if (place.parents !== 'from-disk') return;
  for (const parent of ancestors(fromText(path))) {
    const { mode, uid, gid } = parentStat(parent, place);
    yield `parent ${parent}\0${String(mode)} ${String(uid)} ${String(gid)}\n`;
  }
}

function parentStat(parent: BytePath, place: Place): ReturnType<typeof statSync> & object {
  const logical = fromText(place.logical);
  const isInside = parent === logical || parent.startsWith(`${logical}/`);
  const real = isInside ? fromText(place.real) + parent.slice(logical.length) : parent;
  try {
    return statSync(toBuffer(real));
  } catch (error) {
    throw readError(real, error);
  }
}

function lstat(path: BytePath): BigIntStats {
  try {
    return lstatSync(toBuffer(path), { bigint: true });
  } catch (error) {
    throw readError(path, error);
  }
}

function targetOf(path: BytePath): BytePath {
  try {
    return readlinkSync(toBuffer(path), { encoding: 'latin1' });
  } catch (error) {
    throw readError(path, error);
  }
}

function namesOf(path: BytePath): readonly BytePath[] {
  try {
    return readdirSync(toBuffer(path), { encoding: 'latin1' }).sort((a, b) => (a < b ? -1 : 1));
  } catch (error) {
    throw readError(path, error);
  }
}
