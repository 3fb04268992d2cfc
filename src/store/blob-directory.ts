import type { Context } from '../core/context.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import type { Blob } from '../ports/blob.ts';
import type { BlobStaging, PutOutcome, StagedBlob } from '../ports/store.ts';

export class BlobDirectory implements BlobStaging {
  readonly #directory: string;
  constructor(directory: string) {
    this.#directory = directory;
  }
  begin(): StagedBlob {
    throw new Error(`not yet ${this.#directory}`);
  }
  path(digest: Digest): string {
    throw new Error(`not yet ${digest} ${this.#directory}`);
  }
  has(descriptor: Descriptor): Promise<boolean> {
    throw new Error(`not yet ${descriptor.digest} ${this.#directory}`);
  }
  open(descriptor: Descriptor, signal?: AbortSignal): AsyncIterable<Uint8Array> {
    throw new Error(`not yet ${descriptor.digest} ${String(signal)} ${this.#directory}`);
  }
  put(blob: Blob, ctx: Context): Promise<PutOutcome> {
    throw new Error(`not yet ${blob.descriptor.digest} ${ctx.tmp} ${this.#directory}`);
  }
}
