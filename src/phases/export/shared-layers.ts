import type { Layer } from '../../ports/blob.ts';

/** Layers of the image while they are made: who needs one waits for it instead of packing it again (GAP-32). */
export class SharedLayers {
  readonly #layers: Map<string, Waiting> = new Map<string, Waiting>();

  /** Says that a layer will be made, or not: every expected one is settled by `add` or `fail`. */
  expect(ids: readonly string[]): void {
    for (const id of ids) this.#layers.set(id, waiting());
  }

  add(id: string, layer: Layer): void {
    this.#layers.get(id)?.resolve(layer);
  }

  /** What was not made by now never will be. */
  fail(reason: unknown): void {
    for (const layer of this.#layers.values()) layer.reject(reason);
  }

  /** Undefined for a layer that the image does not have. Rejects with the reason of `fail`. */
  get(id: string): Promise<Layer> | undefined {
    return this.#layers.get(id)?.promise;
  }
}

interface Waiting {
  readonly promise: Promise<Layer>;
  readonly resolve: (layer: Layer) => void;
  readonly reject: (reason: unknown) => void;
}

function waiting(): Waiting {
  let settle: Pick<Waiting, 'resolve' | 'reject'> = { resolve: () => undefined, reject: () => undefined };
  const promise = new Promise<Layer>((resolve, reject) => {
    settle = { resolve, reject };
  });
  // Nobody may be waiting when the image fails; its error is told elsewhere.
  promise.catch(() => undefined);
  return { promise, resolve: (layer) => settle.resolve(layer), reject: (reason) => settle.reject(reason) };
}
