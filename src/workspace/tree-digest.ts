import { createHash, type Hash } from 'node:crypto';
import { closeSync, lstatSync, openSync, readdirSync, readlinkSync, readSync, type Stats } from 'node:fs';
import type { Context } from '../core/context.ts';
import { fromText, toBuffer, type BytePath } from '../layer/byte-path.ts';
import { createPacer, type Pacer } from '../layer/pacer.ts';
import { readError } from '../layer/read-error.ts';
import { parseDigest, type Digest } from '../oci/digest.ts';
import type { CopyTreeOptions } from './copy-tree.ts';

/** What is in a tree, in a digest. */
export interface TreeDigest {
  readonly digest: Digest;
  readonly files: number;
  readonly bytes: number;
  /** What makes up the digest, entry by entry; undefined where there are more than were asked for. */
  readonly entries: readonly TreeEntry[] | undefined;
}

export interface TreeEntry {
  readonly path: BytePath;
  /** Type and mode. */
  readonly kind: string;
  /** First half of the SHA-256 of what it holds: of a file's bytes, of a link's target. */
  readonly hash: string;
}

export interface TreeDigestOptions extends Pick<CopyTreeOptions, 'skip' | 'filter'> {
  /** `plain`: of a mode only whether the owner may run the file counts, as in a checkout. Default: all of it. */
  readonly modes?: 'plain';
  /** How many entries are told one by one; default: none. */
  readonly maxEntries?: number;
}

/**
 * The digest of what `copyTree` with these options would copy: names, types, modes, bytes, targets of links; not times, owners, links
 * among files, nor where the tree lies. So a tree and its copy have one digest. A file or a link may be the root. Throws
 * `FILE_NOT_READABLE` and `FILE_NOT_FOUND` naming the path.
 */
export async function treeDigest(root: string, ctx: Context, options: TreeDigestOptions = {}): Promise<TreeDigest> {
  const work = new TreeHash(ctx, options);
  const real = fromText(root);
  const stats = statOf(real);
  if (stats.isDirectory()) await work.directory({ real, path: '' });
  else await work.entry({ real, path: '' }, stats);
  return work.end();
}

interface Located {
  readonly real: BytePath;
  /** Relative to the root. */
  readonly path: BytePath;
}

const CHUNK = 1 << 20;

class TreeHash {
  readonly #all: Hash = createHash('sha256');
  readonly #options: TreeDigestOptions;
  readonly #pacer: Pacer;
  readonly #buffer = Buffer.allocUnsafe(CHUNK);
  readonly #entries: TreeEntry[] = [];
  /** Directories that count once something in them does. */
  readonly #waiting: TreeEntry[] = [];
  #count = 0;
  #files = 0;
  #bytes = 0;

  constructor(ctx: Context, options: TreeDigestOptions) {
    this.#options = options;
    this.#pacer = createPacer(ctx);
  }

  end(): TreeDigest {
    const isWhole = this.#count <= (this.#options.maxEntries ?? 0);
    return {
      digest: parseDigest(`sha256:${this.#all.digest('hex')}`),
      files: this.#files,
      bytes: this.#bytes,
      entries: isWhole ? this.#entries : undefined,
    };
  }

  async directory(at: Located): Promise<void> {
    const { skip, filter } = this.#options;
    for (const name of namesIn(at.real)) {
      const child = { real: `${at.real}/${name}`, path: at.path === '' ? name : `${at.path}/${name}` };
      if (skip !== undefined && skip.size > 0 && skip.has(textOf(child.real))) continue;
      const stats = statOf(child.real);
      const verdict = filter?.(textOf(child.path), stats.isDirectory()) ?? 'take';
      if (verdict !== 'leave') await this.entry(child, stats, verdict);
      await this.#pacer.pause();
    }
  }

  async entry(at: Located, stats: Stats, verdict: 'take' | 'look-inside' = 'take'): Promise<void> {
    if (stats.isDirectory()) {
      this.#waiting.push({ path: at.path, kind: `d${this.#mode(stats)}`, hash: '' });
      const depth = this.#waiting.length;
      if (verdict === 'take') this.#flush();
      await this.directory(at);
      if (this.#waiting.length === depth) this.#waiting.pop();
    } else if (stats.isSymbolicLink()) {
      const target = reading(at.real, () => readlinkSync(toBuffer(at.real), { encoding: 'buffer' }));
      this.#add({ path: at.path, kind: 'l', hash: createHash('sha256').update(target).digest('hex') });
    } else if (stats.isFile()) {
      const hash = await this.#hashFile(at.real, stats.size);
      this.#files += 1;
      this.#add({ path: at.path, kind: `f${this.#mode(stats)}`, hash });
    }
  }

  #mode({ mode }: Stats): string {
    if (this.#options.modes === 'plain') return (mode & 0o100) === 0 ? '' : 'x';
    return (mode & 0o7777).toString(8);
  }

  #add(entry: TreeEntry): void {
    this.#flush();
    this.#write(entry);
  }

  #flush(): void {
    for (const directory of this.#waiting.splice(0)) this.#write(directory);
  }

  /** A path has any byte but zero, so that ends it. */
  #write({ path, kind, hash }: TreeEntry): void {
    this.#all.update(`${kind} ${hash} ${path}\0`, 'latin1');
    this.#count += 1;
    if (this.#count <= (this.#options.maxEntries ?? 0)) this.#entries.push({ path, kind, hash: hash.slice(0, 32) });
  }

  /** Of small files, which most are, one read. */
  async #hashFile(path: BytePath, size: number): Promise<string> {
    const hash = createHash('sha256');
    const file = reading(path, () => openSync(toBuffer(path), 'r'));
    try {
      for (let total = 0; ;) {
        const count = reading(path, () => readSync(file, this.#buffer, 0, CHUNK, null));
        if (count > 0) hash.update(this.#buffer.subarray(0, count));
        total += count;
        if (count === 0 || (total === size && count < CHUNK)) break;
        await this.#pacer.pause();
      }
    } finally {
      closeSync(file);
    }
    this.#bytes += size;
    return hash.digest('hex');
  }
}

function namesIn(directory: BytePath): readonly BytePath[] {
  const names = reading(directory, () => readdirSync(toBuffer(directory), { encoding: 'latin1' }));
  return names.sort((a, b) => (a < b ? -1 : 1));
}

function statOf(path: BytePath): Stats {
  return reading(path, () => lstatSync(toBuffer(path)));
}

function reading<T>(path: BytePath, task: () => T): T {
  try {
    return task();
  } catch (error) {
    throw readError(path, error);
  }
}

function textOf(path: BytePath): string {
  return toBuffer(path).toString();
}
