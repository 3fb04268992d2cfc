import type { FileHandle } from 'node:fs/promises';
import { SlipwayError } from '../../core/errors.ts';
import { readTar } from '../../tar/reader.ts';

/** Where a file's bytes lie in a tar. */
export interface TarRegion {
  readonly offset: number;
  readonly size: number;
}

/** The files of a tar by name, without leading `/` or `./`; links are followed within the archive. */
export type TarIndex = ReadonlyMap<string, TarRegion>;

const BLOCK = 512;
const READ_BYTES = 64 * 1024;
/** More entries than an archive of images has; each costs memory. */
const MAX_ENTRIES = 1_000_000;
const FILLER = new Uint8Array(1024 * 1024);

/**
 * Finds the files of a tar by reading its headers only. The last entry of a name wins, as it does when a tar is unpacked.
 * Throws `ARCHIVE_INVALID` for a malformed or truncated tar, naming `subject`.
 */
export async function indexTar(handle: FileHandle, size: number, subject: string): Promise<TarIndex> {
  const source = new SkippingSource(handle, size);
  const files = new Map<string, TarRegion>();
  const links = new Map<string, string>();
  for await (const { header } of readTar(source.blocks(), subject)) {
    if (files.size + links.size > MAX_ENTRIES)
      throw new SlipwayError('ARCHIVE_INVALID', `${subject} has more than ${String(MAX_ENTRIES)} entries`);
    const name = tidy(Buffer.from(header.name).toString('utf8'));
    files.delete(name);
    links.delete(name);
    const target = Buffer.from(header.linkname).toString('utf8');
    if (header.type === 'file') files.set(name, { offset: source.position, size: header.size });
    else if (header.type === 'hardlink') links.set(name, tidy(target));
    else if (header.type === 'symlink') links.set(name, resolvePath(name, target));
    source.skip(header.size);
  }
  for (const name of links.keys()) {
    const region = follow(name, files, links);
    if (region !== undefined) files.set(name, region);
  }
  return files;
}

/**
 * The blocks of a tar, one at a time, so that the reader's position is known at each entry; the bodies are not read but replaced by
 * zeros that the reader drops.
 */
class SkippingSource {
  readonly #handle: FileHandle;
  readonly #size: number;
  #position = 0;
  #skip = 0;

  constructor(handle: FileHandle, size: number) {
    this.#handle = handle;
    this.#size = size;
  }

  /** Offset behind the last block that was handed out. */
  get position(): number {
    return this.#position;
  }

  /** The next `size` bytes, padded to whole blocks, need not be read. */
  skip(size: number): void {
    this.#skip = Math.ceil(size / BLOCK) * BLOCK;
  }

  async *blocks(): AsyncGenerator<Uint8Array, void, undefined> {
    let [buffer, start]: [Buffer, number] = [Buffer.alloc(0), 0];
    while (this.#position < this.#size) {
      if (this.#skip > 0) {
        const length = Math.min(this.#skip, FILLER.length, this.#size - this.#position);
        this.#skip -= length;
        this.#position += length;
        yield FILLER.subarray(0, length);
        continue;
      }
      let at = this.#position - start;
      if (at + BLOCK > buffer.length) {
        [buffer, start, at] = [await this.#read(), this.#position, 0];
        if (buffer.length === 0) return;
      }
      const block = buffer.subarray(at, at + BLOCK);
      this.#position += block.length;
      yield block;
      // The reader drains what follows the end marker: that may be gigabytes of anything.
      if (block.every((byte) => byte === 0)) return;
    }
  }

  async #read(): Promise<Buffer> {
    const { bytesRead, buffer } = await this.#handle.read(Buffer.alloc(READ_BYTES), 0, READ_BYTES, this.#position);
    return buffer.subarray(0, bytesRead);
  }
}

function tidy(name: string): string {
  return resolvePath('', name);
}

/** `target` as seen from the entry `from`, inside the archive; `..` stops at its root. */
function resolvePath(from: string, target: string): string {
  const parts = target.startsWith('/') ? [] : from.split('/').slice(0, -1);
  for (const part of target.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  return parts.join('/');
}

function follow(
  name: string,
  files: ReadonlyMap<string, TarRegion>,
  links: ReadonlyMap<string, string>,
): TarRegion | undefined {
  let at: string | undefined = name;
  for (let hops = 0; hops < 16 && at !== undefined; hops += 1) {
    const region = files.get(at);
    if (region !== undefined) return region;
    at = links.get(at);
  }
  return undefined;
}
