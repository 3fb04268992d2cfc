import { SlipwayError } from '../core/errors.ts';

/** Pulls exact amounts out of a stream of chunks, without copies but for what crosses a chunk. One reader at a time. */
export class ByteSource {
  readonly #iterator: AsyncIterator<Uint8Array>;
  readonly #subject: string;
  #chunk: Uint8Array = new Uint8Array(0);
  #isDone = false;
  /** Bytes handed out so far. */
  offset = 0;

  constructor(source: AsyncIterable<Uint8Array>, subject: string) {
    this.#iterator = source[Symbol.asyncIterator]();
    this.#subject = subject;
  }

  /** Exactly `size` bytes if they are here already; else undefined, and nothing is taken. What most entries need, without a promise. */
  present(size: number): Uint8Array | undefined {
    return this.#chunk.length >= size ? this.#take(size) : undefined;
  }

  /** Exactly `size` bytes; undefined at the end of the stream. Throws `ARCHIVE_INVALID` when it ends in between. */
  async exactly(size: number): Promise<Uint8Array | undefined> {
    if (this.#chunk.length === 0 && !(await this.#fill())) return undefined;
    if (this.#chunk.length >= size) return this.#take(size);
    const bytes = new Uint8Array(size);
    for (let at = 0; at < size;) {
      const part = await this.upTo(size - at);
      bytes.set(part, at);
      at += part.length;
    }
    return bytes;
  }

  /** Between 1 and `max` bytes. Throws `ARCHIVE_INVALID` at the end of the stream. */
  async upTo(max: number): Promise<Uint8Array> {
    if (this.#chunk.length === 0 && !(await this.#fill())) {
      throw new SlipwayError('ARCHIVE_INVALID', `${this.#subject} is truncated at byte ${String(this.offset)}`);
    }
    return this.#take(Math.min(max, this.#chunk.length));
  }

  async skip(size: number): Promise<void> {
    for (let rest = size; rest > 0;) rest -= (await this.upTo(rest)).length;
  }

  /** Reads the rest and drops it, so that a source that checks a digest at its end gets there. */
  async drain(): Promise<void> {
    do this.#chunk = new Uint8Array(0);
    while (await this.#fill());
  }

  /** Stops the source; safe to call twice and after its end. */
  async close(): Promise<void> {
    if (this.#isDone) return;
    this.#isDone = true;
    await this.#iterator.return?.();
  }

  #take(size: number): Uint8Array {
    const part = this.#chunk.subarray(0, size);
    this.#chunk = this.#chunk.subarray(size);
    this.offset += size;
    return part;
  }

  async #fill(): Promise<boolean> {
    while (!this.#isDone) {
      const next = await this.#iterator.next();
      if (next.done === true) this.#isDone = true;
      else if (next.value.length > 0) {
        this.#chunk = next.value;
        return true;
      }
    }
    return false;
  }
}
