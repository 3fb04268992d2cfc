import { readlinkSync } from 'node:fs';
import { writeError } from '../../core/atomic-file.ts';
import { isSystem, SlipwayError, systemCode } from '../../core/errors.ts';
import { fromText, showPath, toBuffer, type BytePath } from '../../layer/byte-path.ts';
import { cleanPath } from '../../layer/entry-path.ts';
import { GuardedTree, type Refusal } from '../../layer/guarded-tree.ts';
import { leavingLink } from './leaving-link.ts';

/** How much an archive may unpack to. */
export interface AppLimits {
  readonly bytes: number;
  readonly entries: number;
}

/** Far more than any app; what is more is meant to fill the disk. */
export const APP_LIMITS: AppLimits = { bytes: 16 * 1024 ** 3, entries: 1_000_000 };

/** Of a directory that only stands in front of a name. */
const PARENT_MODE = 0o755;
const LINK_SIZE = 4096;

/**
 * The directory that an app's archive is unpacked into. No entry lands outside of it or is written through a link, no link leads out of
 * it, and there is an end to how much it takes. Throws `ARCHIVE_UNSAFE` and `ARCHIVE_INVALID` naming archive and entry; what was written
 * stays, for the caller to remove.
 */
export class AppTree {
  readonly #shown: string;
  readonly #root: BytePath;
  readonly #limits: AppLimits;
  readonly #tree: GuardedTree;
  readonly #links = new Set<BytePath>();
  #entries = 0;
  #bytes = 0;

  constructor(directory: string, shown: string, limits: AppLimits = APP_LIMITS) {
    this.#shown = shown;
    this.#root = fromText(directory);
    this.#limits = limits;
    this.#tree = new GuardedTree(this.#root, { parentMode: PARENT_MODE });
  }

  /** Errors about an entry. */
  refusal(name: BytePath): Refusal {
    const entry = showPath(name.slice(0, 500));
    const error = (code: 'ARCHIVE_UNSAFE' | 'ARCHIVE_INVALID', problem: string, hint: string): SlipwayError =>
      new SlipwayError(code, `${this.#shown}: entry "${entry}" ${problem}`, {
        details: { file: this.#shown, entry },
        hint,
      });
    return {
      escape: (problem) =>
        error('ARCHIVE_UNSAFE', problem, 'make the archive of the app’s own files, with relative names'),
      invalid: (problem) => error('ARCHIVE_INVALID', problem, 'make the archive anew, or name the app’s directory'),
    };
  }

  /** The path of a name in the tree: relative, '' for the root. */
  path(name: BytePath): BytePath {
    const refusal = this.refusal(name);
    if (name.startsWith('/')) throw refusal.escape('has an absolute name');
    return cleanPath(name, refusal).slice(1);
  }

  directory(name: BytePath, mode: number): void {
    this.#add(name, (path, refusal) => this.#tree.directory(path, mode, refusal));
  }

  async file(name: BytePath, mode: number, body: AsyncIterable<Uint8Array>): Promise<void> {
    const [path, refusal] = this.#begin(name);
    try {
      await this.#tree.file(path, mode, this.#counted(body, refusal), refusal);
    } catch (error) {
      throw this.#writeFailure(path, error);
    }
  }

  symlink(name: BytePath, target: BytePath): void {
    this.#add(name, (path, refusal) => {
      if (target === '') throw refusal.invalid('is a symbolic link to nothing');
      if (target.length > LINK_SIZE || target.includes('\0')) throw refusal.invalid('is a symbolic link to no path');
      this.#tree.symlink(path, target, refusal);
      this.#links.add(path);
    });
  }

  hardlink(name: BytePath, target: BytePath): void {
    this.#add(name, (path, refusal) => this.#tree.hardlink(path, this.path(target), refusal));
  }

  /** Throws for the first symbolic link that leads out, and gives directories their modes. */
  finish(): void {
    const links = new Map<BytePath, BytePath>();
    for (const path of this.#links) {
      const target = this.#targetOf(path);
      if (target !== undefined) links.set(path, target);
    }
    const leaving = leavingLink(links);
    if (leaving !== undefined) {
      const target = showPath(links.get(leaving) ?? '');
      throw this.refusal(leaving).escape(`is a symbolic link out of the app, to ${target}`);
    }
    this.#tree.finish();
  }

  #add(name: BytePath, write: (path: BytePath, refusal: Refusal) => void): void {
    const [path, refusal] = this.#begin(name);
    try {
      write(path, refusal);
    } catch (error) {
      throw this.#writeFailure(path, error);
    }
  }

  #begin(name: BytePath): readonly [BytePath, Refusal] {
    this.#entries += 1;
    const refusal = this.refusal(name);
    if (this.#entries > this.#limits.entries)
      throw refusal.invalid(`is one too many: an app may have ${String(this.#limits.entries)} entries`);
    return [this.path(name), refusal];
  }

  async *#counted(body: AsyncIterable<Uint8Array>, refusal: Refusal): AsyncGenerator<Uint8Array, void, undefined> {
    for await (const chunk of body) {
      this.#bytes += chunk.length;
      if (this.#bytes > this.#limits.bytes)
        throw refusal.invalid(`is too much: an app may unpack to ${String(this.#limits.bytes)} bytes`);
      yield chunk;
    }
  }

  /** Where a link that was written leads; undefined when something took its place. */
  #targetOf(path: BytePath): BytePath | undefined {
    try {
      return readlinkSync(toBuffer(`${this.#root}/${path}`), { encoding: 'latin1' });
    } catch (error) {
      if (isSystem(error, 'EINVAL', 'ENOENT', 'ENOTDIR')) return undefined;
      throw this.#writeFailure(path, error);
    }
  }

  #writeFailure(path: BytePath, error: unknown): unknown {
    return systemCode(error) === undefined ? error : writeError(`"${showPath(path)}" of ${this.#shown}`, error);
  }
}
