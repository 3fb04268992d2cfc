import {
  chmodSync,
  closeSync,
  constants,
  fchmodSync,
  futimesSync,
  linkSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  openSync,
  readdirSync,
  readlinkSync,
  rmdirSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  type Stats,
} from 'node:fs';
import { isSystem } from '../core/errors.ts';
import { toBuffer, type BytePath } from '../layer/byte-path.ts';
import type { Refusal } from '../layer/guarded-tree.ts';
import { writeBody } from '../layer/write-body.ts';
import { timeOf, type EntryFacts } from './entry-facts.ts';
import { baseOf, join, parentOf } from './inner-path.ts';
import { needsRecord, SET_ID_BITS, type Owners, type Ownership } from './owners.ts';

const CREATE = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
/** Symbolic links on one way, as in Linux. */
const MAX_LINKS = 40;
/** Directories that no layer describes. */
const IMPLIED: DirectoryFacts = { mode: 0o755, mtime: 0 };

interface DirectoryFacts {
  readonly mode: number;
  readonly mtime: number;
}

/**
 * A root file system while its layers are laid on top of each other. Paths are absolute and clean, as the image sees them: a symbolic
 * link on the way leads where it leads inside this root, and is followed by us part by part, never by the kernel, so that nothing
 * leaves the root (image-spec, layer.md; as other unpackers do it). A path that was looked up is remembered, which is safe as long as
 * no other process writes to the tree. Directories are 0700 until `finish`.
 */
export class RootTree {
  readonly #root: BytePath;
  readonly #owners = new Map<BytePath, Ownership>();
  /** By real path inside the root, without a leading slash; parents before their children. */
  readonly #directories = new Map<BytePath, DirectoryFacts>([['', IMPLIED]]);
  /** Directories by the path they were asked for. */
  readonly #known = new Map<BytePath, BytePath>([['', '']]);
  /** What the present layer made; undefined for the bottom one, which has nothing below to hide. */
  #own: Set<BytePath> | undefined;
  #bytes = 0;

  /** `root` is an empty directory. */
  constructor(root: BytePath) {
    this.#root = root;
  }

  get owners(): Owners {
    return this.#owners;
  }

  /** Sizes of all files, each counted once. */
  get bytes(): number {
    return this.#bytes;
  }

  /** What comes from now on lies on top of what is there. */
  beginUpperLayer(): void {
    this.#own = new Set();
  }

  directory(path: BytePath, facts: EntryFacts, refusal: Refusal): void {
    const real = path === '/' ? '' : this.#place(path, refusal);
    if (real !== '' && !this.#makeDirectory(real) && !this.#stat(real).isDirectory()) {
      this.#remove(real);
      this.#makeDirectory(real);
    }
    this.#directories.set(real, { mode: facts.mode, mtime: timeOf(facts) });
    this.#record(real, facts);
  }

  async file(path: BytePath, facts: EntryFacts, body: AsyncIterable<Uint8Array>, refusal: Refusal): Promise<void> {
    const real = this.#place(path, refusal);
    const file = this.#replace(real, () => openSync(this.#path(real), CREATE, 0o600));
    try {
      this.#bytes += await writeBody(file, body);
      fchmodSync(file, facts.mode & ~SET_ID_BITS);
      futimesSync(file, timeOf(facts), timeOf(facts));
    } finally {
      closeSync(file);
    }
    this.#record(real, facts);
  }

  symlink(path: BytePath, target: BytePath, facts: EntryFacts, refusal: Refusal): void {
    const real = this.#place(path, refusal);
    this.#replace(real, () => {
      symlinkSync(toBuffer(target), this.#path(real));
    });
    lutimesSync(this.#path(real), timeOf(facts), timeOf(facts));
    // Links have no mode of their own.
    this.#record(real, { ...facts, mode: 0o777 });
  }

  /** Another name for a file or symbolic link of this or an earlier layer; it keeps owner and mode of the first. */
  hardlink(path: BytePath, target: BytePath, refusal: Refusal): void {
    const real = this.#place(path, refusal);
    const source = this.#lookUp(target, refusal);
    const found = source === undefined ? undefined : this.#statOptional(source);
    if (source === undefined || found === undefined)
      throw refusal.invalid('is a hard link to a file that is not there');
    if (found.isDirectory()) throw refusal.invalid('is a hard link to a directory');
    if (source === real) return;
    try {
      this.#replace(real, () => {
        linkSync(this.#path(source), this.#path(real));
      });
    } catch (error) {
      if (isSystem(error, 'ENOENT')) throw refusal.invalid('is a hard link that replaces its own target');
      if (isSystem(error, 'EMLINK')) throw refusal.invalid('is one more hard link than the file system allows');
      throw error;
    }
    const facts = this.#owners.get(source);
    if (facts === undefined) this.#owners.delete(real);
    else this.#owners.set(real, facts);
  }

  /** Takes away what is there, for an entry that is not made here: a device. */
  clear(path: BytePath, refusal: Refusal): void {
    const real = this.#place(path, refusal);
    if (this.#statOptional(real) !== undefined) this.#remove(real);
  }

  /** Hides what the layers below have at a path; what the present one made there stays. */
  whiteout(path: BytePath, refusal: Refusal): void {
    const real = this.#own === undefined ? undefined : this.#lookUp(path, refusal);
    if (real !== undefined && this.#statOptional(real) !== undefined) this.#hide(real);
  }

  /** Hides all that the layers below have in a directory. */
  opaque(path: BytePath, refusal: Refusal): void {
    if (this.#own === undefined) return;
    const real = this.#find(path === '/' ? '' : path, refusal);
    if (real !== undefined) for (const name of this.#list(real)) this.#hide(join(real, name));
  }

  /** Gives the directories their modes and times, the deepest first, since a mode may lock a directory. */
  finish(): void {
    for (const [path, { mode, mtime }] of [...this.#directories].reverse()) {
      const real = this.#path(path);
      utimesSync(real, mtime, mtime);
      chmodSync(real, mode & ~SET_ID_BITS);
    }
  }

  /** The real path of an entry to be made, in a real directory. */
  #place(path: BytePath, refusal: Refusal): BytePath {
    if (path === '/') throw refusal.escape('would replace the root directory');
    const cut = path.lastIndexOf('/');
    const directory = this.#enter(path.slice(0, cut), refusal);
    const real = join(directory, path.slice(cut + 1));
    this.#own?.add(real);
    if (this.#own !== undefined) this.#ownParents(directory, this.#own);
    return real;
  }

  #ownParents(directory: BytePath, own: Set<BytePath>): void {
    for (let at = directory; at !== '' && !own.has(at); at = parentOf(at)) own.add(at);
  }

  /** The real directory of a path; what is missing is made. */
  #enter(path: BytePath, refusal: Refusal): BytePath {
    const known = this.#known.get(path);
    if (known !== undefined) return known;
    const from = this.#enter(parentOf(path), refusal);
    const real = this.#walk(from, [baseOf(path)], { refusal, links: 0, make: true });
    if (real === undefined) throw refusal.invalid('lies below something that is no directory');
    this.#known.set(path, real);
    return real;
  }

  /** The real directory of a path, if there is one. */
  #find(path: BytePath, refusal: Refusal): BytePath | undefined {
    return this.#known.get(path) ?? this.#walk('', path.split('/').slice(1), { refusal, links: 0, make: false });
  }

  /** The real path of something whose directory exists; a link at its end is not followed. */
  #lookUp(path: BytePath, refusal: Refusal): BytePath | undefined {
    const directory = this.#find(parentOf(path), refusal);
    return directory === undefined || path === '/' ? undefined : join(directory, baseOf(path));
  }

  #walk(from: BytePath, parts: readonly BytePath[], way: Way): BytePath | undefined {
    let at: BytePath | undefined = from;
    for (const part of parts) {
      if (part === '' || part === '.') continue;
      at = part === '..' ? parentOf(at) : this.#step(join(at, part), way);
      if (at === undefined) return undefined;
    }
    return at;
  }

  #step(path: BytePath, way: Way): BytePath | undefined {
    const found = this.#statOptional(path);
    if (found === undefined) {
      if (!way.make) return undefined;
      this.#makeDirectory(path);
      return path;
    }
    if (found.isDirectory()) return path;
    if (!found.isSymbolicLink()) return undefined;
    way.links += 1;
    if (way.links > MAX_LINKS) throw way.refusal.invalid('leads through too many symbolic links');
    const target = readlinkSync(this.#path(path), { encoding: 'latin1' });
    return this.#walk(target.startsWith('/') ? '' : parentOf(path), target.split('/'), way);
  }

  /** False when something is there already. */
  #makeDirectory(real: BytePath): boolean {
    try {
      mkdirSync(this.#path(real), 0o700);
    } catch (error) {
      if (isSystem(error, 'EEXIST')) return false;
      throw error;
    }
    this.#directories.set(real, IMPLIED);
    return true;
  }

  /** Makes something that must not exist; what exists goes first. */
  #replace<T>(real: BytePath, make: () => T): T {
    try {
      return make();
    } catch (error) {
      if (!isSystem(error, 'EEXIST')) throw error;
    }
    this.#remove(real);
    return make();
  }

  #record(real: BytePath, { uid, gid, mode }: Ownership): void {
    if (needsRecord({ uid, gid, mode })) this.#owners.set(real, { uid, gid, mode });
    else this.#owners.delete(real);
  }

  /** Removes what is not of the present layer, at a path and below it. */
  #hide(real: BytePath): void {
    if (this.#own?.has(real) !== true) this.#remove(real);
    else if (this.#stat(real).isDirectory()) for (const name of this.#list(real)) this.#hide(join(real, name));
  }

  #remove(real: BytePath): void {
    const found = this.#stat(real);
    if (found.isDirectory()) {
      for (const name of this.#list(real)) this.#remove(join(real, name));
      rmdirSync(this.#path(real));
      this.#directories.delete(real);
    } else {
      unlinkSync(this.#path(real));
      if (found.isFile() && found.nlink === 1) this.#bytes -= found.size;
    }
    this.#owners.delete(real);
    // A remembered way may have led through it.
    if (!found.isFile()) {
      this.#known.clear();
      this.#known.set('', '');
    }
  }

  #list(real: BytePath): readonly BytePath[] {
    return readdirSync(this.#path(real), { encoding: 'latin1' });
  }

  #stat(real: BytePath): Stats {
    return lstatSync(this.#path(real));
  }

  #statOptional(real: BytePath): Stats | undefined {
    return lstatSync(this.#path(real), { throwIfNoEntry: false });
  }

  #path(real: BytePath): Buffer {
    return toBuffer(real === '' ? this.#root : `${this.#root}/${real}`);
  }
}

interface Way {
  readonly refusal: Refusal;
  readonly make: boolean;
  /** Symbolic links followed so far. */
  links: number;
}
