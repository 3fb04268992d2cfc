import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import type { Context } from '../core/context.ts';
import { encodeHeader, encodeHeaderInto, END_OF_ARCHIVE } from '../tar/header.ts';
import { BLOCK_SIZE } from '../tar/ustar.ts';
import { toBuffer, type BytePath } from './byte-path.ts';
import { layerEntries, type PackEntry } from './layer-entries.ts';
import type { LayerSource } from './layer-source.ts';
import { createPacer } from './pacer.ts';
import { changedError, readError, type FileState } from './read-error.ts';
import type { Slab } from './slab.ts';

/** Takes the tar in blocks of a slab's size; the last one may be shorter. */
export interface SlabSink {
  /** The slab to begin with. */
  readonly first: () => Slab;
  /** Takes a full slab and gives the next one to fill; waits when too many are under way. */
  readonly next: (full: Slab) => Promise<Slab>;
  /** Takes the last `length` bytes and ends when everything is through. */
  readonly end: (last: Slab, length: number) => Promise<void>;
}

/** Not through a link, and not waiting for a writer if a fifo has taken the file's place. */
const OPEN_FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/**
 * Writes a layer's tar, once, into the sink and returns its size in bytes. Files are read straight into the slab; nothing is held but
 * slabs. Throws what `layerEntries` throws, `FILE_CHANGED` when a file's size or time differs after it was read, and the signal's reason.
 */
export async function writeTar(source: LayerSource, sink: SlabSink, ctx: Context): Promise<number> {
  const pacer = createPacer(ctx);
  const writer = new TarWriter(sink, () => ctx.signal.throwIfAborted());
  for (const entry of layerEntries(source, ctx)) {
    await writer.add(entry);
    await pacer.pause();
  }
  return writer.finish();
}

class TarWriter {
  readonly #sink: SlabSink;
  readonly #checkpoint: () => void;
  #slab: Slab;
  #position = 0;
  #flushed = 0;

  constructor(sink: SlabSink, checkpoint: () => void) {
    this.#sink = sink;
    this.#checkpoint = checkpoint;
    this.#slab = sink.first();
  }

  async add({ header, body }: PackEntry): Promise<void> {
    const { data } = this.#slab;
    if (this.#position + BLOCK_SIZE <= data.length && encodeHeaderInto(header, data, this.#position)) {
      this.#position += BLOCK_SIZE;
    } else {
      await this.#append(encodeHeader(header));
    }
    if (body === 'none') return;
    if (body instanceof Uint8Array) await this.#append(body);
    else await this.#addFile(body.path, body.state);
    const padding = (BLOCK_SIZE - (header.size % BLOCK_SIZE)) % BLOCK_SIZE;
    this.#slab.data.fill(0, this.#position, this.#position + padding);
    this.#position += padding;
  }

  async finish(): Promise<number> {
    await this.#append(END_OF_ARCHIVE);
    await this.#sink.end(this.#slab, this.#position);
    return this.#flushed + this.#position;
  }

  async #addFile(path: BytePath, before: FileState): Promise<void> {
    let file: number | undefined;
    try {
      file = openSync(toBuffer(path), OPEN_FLAGS);
      let rest = before.size;
      while (rest > 0) {
        if (this.#position === this.#slab.data.length) await this.#flush();
        const length = Math.min(rest, this.#slab.data.length - this.#position);
        const count = readSync(file, this.#slab.data, this.#position, length, null);
        if (count === 0) break;
        this.#position += count;
        rest -= count;
      }
      const after = fstatSync(file);
      if (rest > 0 || after.size !== before.size || after.mtimeMs !== before.mtimeMs || after.ino !== before.ino) {
        throw changedError(path, before, after);
      }
    } catch (error) {
      // Reasons of the signal and of the sink are no matter of this file.
      throw error instanceof Error && 'syscall' in error ? readError(path, error) : error;
    } finally {
      if (file !== undefined) closeSync(file);
    }
  }

  async #append(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length;) {
      if (this.#position === this.#slab.data.length) await this.#flush();
      const part = bytes.subarray(at, at + this.#slab.data.length - this.#position);
      this.#slab.data.set(part, this.#position);
      this.#position += part.length;
      at += part.length;
    }
  }

  /** Only when more bytes are to come: the last block goes through `end`. */
  async #flush(): Promise<void> {
    this.#checkpoint();
    this.#flushed += this.#position;
    this.#slab = await this.#sink.next(this.#slab);
    this.#position = 0;
  }
}
