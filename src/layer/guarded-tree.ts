import {
  chmodSync,
  closeSync,
  constants,
  fchmodSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  type Stats,
} from 'node:fs';
import { isSystem, type SlipwayError } from '../core/errors.ts';
import { toBuffer, type BytePath } from './byte-path.ts';
import { writeBody } from './write-body.ts';

/** Makes the error for the entry at hand: `escape` for what would leave the tree, `invalid` for what makes no sense. */
export interface Refusal {
  readonly escape: (problem: string) => SlipwayError;
  readonly invalid: (problem: string) => SlipwayError;
}

const CREATE = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;

/**
 * Writes below one directory and nowhere else. Paths are relative, without `.`, `..` and empty parts. No symbolic link is ever followed:
 * each directory on the way is looked at before it is used, and remembered, which is safe as long as no other process writes to the
 * tree (design §4). What exists is replaced; directories that exist stay and keep their mode.
 */
export class GuardedTree {
  readonly #root: BytePath;
  /** Directories that were seen to be directories. */
  readonly #known = new Set<BytePath>();
  /** Directories made here, in order, with the mode to give them at the end. */
  readonly #made = new Map<BytePath, number | undefined>();
  /** What was made here in directories that were there before. */
  readonly #topmost: BytePath[] = [];

  readonly #parentMode: number | undefined;

  /** `root` exists and is a directory. `parentMode`: of directories that no entry is for; default: as the umask allows. */
  constructor(root: BytePath, options: { readonly parentMode?: number } = {}) {
    this.#root = root;
    this.#parentMode = options.parentMode;
    this.#known.add('');
  }

  directory(path: BytePath, mode: number, refusal: Refusal): void {
    if (path === '') return;
    this.#enter(parentOf(path), refusal);
    const found = this.#stat(path);
    if (found?.isDirectory() !== true) {
      if (found !== undefined) this.#remove(path, found);
      this.#make(path);
    }
    this.#known.add(path);
    if (this.#made.has(path)) this.#made.set(path, mode);
  }

  async file(path: BytePath, mode: number, body: AsyncIterable<Uint8Array>, refusal: Refusal): Promise<void> {
    const file = this.#replace(path, refusal, () => openSync(this.#real(path), CREATE, 0o600));
    try {
      await writeBody(file, body);
      fchmodSync(file, mode);
    } finally {
      closeSync(file);
    }
  }

  symlink(path: BytePath, target: BytePath, refusal: Refusal): void {
    this.#replace(path, refusal, () => {
      symlinkSync(toBuffer(target), this.#real(path));
    });
  }

  /** Gives the regular file `target` of the same tree another name. */
  hardlink(path: BytePath, target: BytePath, refusal: Refusal): void {
    // From the top, so that no look goes through a link.
    const missing = 'is a hard link to a file that is not there';
    for (const parent of parentsOf(target)) {
      if (this.#known.has(parent)) continue;
      const found = this.#stat(parent);
      if (found === undefined) throw refusal.invalid(missing);
      if (!found.isDirectory()) throw refusal.escape('is a hard link to a path that is not made of directories');
    }
    const found = this.#stat(target);
    if (found === undefined) throw refusal.invalid(missing);
    if (!found.isFile()) throw refusal.escape('is a hard link to something other than a file');
    if (path === target) return;
    this.#replace(path, refusal, () => {
      // The target may have gone with what was cleared away.
      if (!this.#isFileStill(target)) throw refusal.invalid('is a hard link that replaces its own target');
      linkSync(this.#real(target), this.#real(path));
    });
  }

  /** Gives the directories made here their modes, the deepest first, since a mode may lock a directory. */
  finish(): void {
    for (const [path, mode] of [...this.#made].reverse()) if (mode !== undefined) chmodSync(this.#real(path), mode);
  }

  /** Takes away all that was made here; what was replaced is gone. */
  undo(): void {
    for (const [path] of this.#made) {
      if (this.#stat(path)?.isDirectory() === true) chmodSync(this.#real(path), 0o700);
    }
    for (const path of this.#topmost) rmSync(this.#real(path), { recursive: true, force: true });
  }

  /** Makes a new entry by `make`, which fails when something is there; that goes first then. */
  #replace<T>(path: BytePath, refusal: Refusal, make: () => T): T {
    if (path === '') throw refusal.escape('would replace the directory itself');
    const parent = parentOf(path);
    this.#enter(parent, refusal);
    const made = this.#made.has(parent);
    try {
      const entry = make();
      if (!made) this.#topmost.push(path);
      return entry;
    } catch (error) {
      if (!isSystem(error, 'EEXIST')) throw error;
    }
    const found = this.#stat(path);
    if (found !== undefined) this.#remove(path, found);
    if (!made) this.#topmost.push(path);
    return make();
  }

  /** Sees that `path` and all above it are directories, and makes those that are missing. */
  #enter(path: BytePath, refusal: Refusal): void {
    if (this.#known.has(path)) return;
    this.#enter(parentOf(path), refusal);
    const found = this.#stat(path);
    if (found === undefined) this.#make(path);
    else if (found.isSymbolicLink()) throw refusal.escape('would be written through a symbolic link');
    else if (!found.isDirectory()) throw refusal.invalid('lies below something that is no directory');
    this.#known.add(path);
  }

  #make(path: BytePath): void {
    mkdirSync(this.#real(path), 0o777);
    if (!this.#made.has(parentOf(path))) this.#topmost.push(path);
    this.#made.set(path, this.#parentMode);
  }

  #remove(path: BytePath, found: Stats): void {
    if (!found.isDirectory()) {
      unlinkSync(this.#real(path));
      return;
    }
    rmSync(this.#real(path), { recursive: true });
    const inside = `${path}/`;
    for (const known of this.#known) if (known === path || known.startsWith(inside)) this.#known.delete(known);
    for (const made of this.#made.keys()) if (made === path || made.startsWith(inside)) this.#made.delete(made);
  }

  #isFileStill(path: BytePath): boolean {
    const isWay = parentsOf(path).every((parent) => this.#stat(parent)?.isDirectory() === true);
    return isWay && this.#stat(path)?.isFile() === true;
  }

  #stat(path: BytePath): Stats | undefined {
    return lstatSync(this.#real(path), { throwIfNoEntry: false });
  }

  #real(path: BytePath): Buffer {
    return toBuffer(path === '' ? this.#root : `${this.#root}/${path}`);
  }
}

function parentOf(path: BytePath): BytePath {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')));
}

/** `a/b/c` → `a`, `a/b`. */
function parentsOf(path: BytePath): readonly BytePath[] {
  const parts = path.split('/').slice(0, -1);
  return parts.map((_, index) => parts.slice(0, index + 1).join('/'));
}
