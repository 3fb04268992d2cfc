import { encoderThreads } from './deflate/encoder-pool.ts';
import { GZIP_BLOCK_SIZE, GZIP_DICTIONARY_SIZE } from './gzip-blocks.ts';

/** One megabyte of tar with the 32 KiB before it in front, in one piece of memory that is used again and again. */
export interface Slab {
  readonly dictionary: Buffer;
  readonly data: Buffer;
}

/**
 * The memory of all packing in this process: slabs to reuse, and how many blocks may be with other threads at once. The limit holds
 * for all layers together: one more than there are threads, so that none waits.
 */
export class SlabPool {
  readonly #limit: number;
  readonly #free: Slab[] = [];
  readonly #waiting: (() => void)[] = [];
  #inFlight = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  take(): Slab {
    const free = this.#free.pop();
    if (free !== undefined) return free;
    // Shared memory: threads that compress read it as it is.
    const memory = Buffer.from(new SharedArrayBuffer(GZIP_DICTIONARY_SIZE + GZIP_BLOCK_SIZE));
    return { dictionary: memory.subarray(0, GZIP_DICTIONARY_SIZE), data: memory.subarray(GZIP_DICTIONARY_SIZE) };
  }

  /** Only when no job reads it any more. All are kept, a few more than the limit: what is thrown away is given back late. */
  give(slab: Slab): void {
    this.#free.push(slab);
  }

  /** Waits for its turn, in the order of asking. Each must be left. */
  async enter(): Promise<void> {
    if (this.#inFlight >= this.#limit) {
      await new Promise<void>((resolve) => {
        this.#waiting.push(resolve);
      });
      return;
    }
    this.#inFlight += 1;
  }

  leave(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#inFlight -= 1;
    else next();
  }
}

let shared: SlabPool | undefined;

/** The process's pool, made at first use. */
export function sharedSlabs(): SlabPool {
  shared ??= new SlabPool(encoderThreads() + 1);
  return shared;
}
