import { once, EventEmitter } from 'node:events';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { writeError } from '../core/atomic-file.ts';
import type { Context } from '../core/context.ts';
import type { Layer } from '../ports/blob.ts';

/** Layers that may be under way behind the one that is read: so many connections and so much disk at most. */
const AHEAD = 2;
const CHUNK_SIZE = 1024 * 1024;

/**
 * The layers in their order, the next ones of a registry being fetched to files of `ctx.tmp` while one is in use; it may be read while
 * it still comes. Memory stays flat, order and errors are those of layers that are read one after the other. Nothing is fetched further
 * and no file is left when the loop over it ends, however it ends.
 */
export async function* fetchAhead(layers: readonly Layer[], ctx: Context): AsyncGenerator<Layer, void, undefined> {
  const stop = new AbortController();
  const signal = AbortSignal.any([ctx.signal, stop.signal]);
  const started = new Map<number, Fetch>();
  let folder: string | undefined;
  try {
    for (const [index, layer] of layers.entries()) {
      for (const [offset, next] of layers.slice(index + 1, index + 1 + AHEAD).entries()) {
        const at = index + 1 + offset;
        // A layer that has no origin lies on this machine.
        if (next.origins.length === 0 || started.has(at)) continue;
        folder ??= await mkdtemp(join(ctx.tmp, 'layers-'));
        started.set(at, new Fetch(next, join(folder, String(at)), signal));
      }
      const fetch = started.get(index);
      yield fetch === undefined ? layer : { ...layer, open: () => fetch.read() };
      await fetch?.remove();
    }
  } finally {
    stop.abort();
    await Promise.all([...started.values()].map((fetch) => fetch.ended));
    if (folder !== undefined) await rm(folder, { recursive: true, force: true });
  }
}

/** A layer on its way into a file. */
class Fetch {
  /** Never rejects: who reads learns of a failure, where the bytes end. */
  readonly ended: Promise<void>;
  readonly #path: string;
  readonly #changes = new EventEmitter();
  #length = 0;
  #isWhole = false;
  #failure: { readonly error: unknown } | undefined;

  constructor(layer: Layer, path: string, signal: AbortSignal) {
    this.#path = path;
    this.ended = this.#fetch(layer, signal);
  }

  async *read(): AsyncGenerator<Uint8Array, void, undefined> {
    let file: Awaited<ReturnType<typeof open>> | undefined;
    try {
      for (let at = 0; ;) {
        if (at < this.#length) {
          file ??= await open(this.#path);
          const { buffer, bytesRead } = await file.read(Buffer.allocUnsafe(CHUNK_SIZE), 0, CHUNK_SIZE, at);
          if (bytesRead === 0) return;
          at += bytesRead;
          yield buffer.subarray(0, bytesRead);
        } else if (this.#failure !== undefined) throw this.#failure.error;
        else if (this.#isWhole) return;
        else await once(this.#changes, 'change');
      }
    } finally {
      await file?.close();
    }
  }

  async remove(): Promise<void> {
    await rm(this.#path, { force: true });
  }

  async #fetch(layer: Layer, signal: AbortSignal): Promise<void> {
    try {
      await using file = await this.#written(() => open(this.#path, 'wx', 0o600));
      for await (const chunk of layer.open(signal)) {
        await this.#written(() => file.writeFile(chunk));
        this.#length += chunk.length;
        this.#changes.emit('change');
      }
      this.#isWhole = true;
    } catch (error) {
      this.#failure = { error };
    }
    this.#changes.emit('change');
  }

  async #written<T>(task: () => Promise<T>): Promise<T> {
    try {
      return await task();
    } catch (error) {
      throw writeError(this.#path, error);
    }
  }
}
