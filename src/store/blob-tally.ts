import type { Context } from '../core/context.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import type { RawManifest } from '../oci/manifest.ts';
import { streamOf } from '../core/bytes.ts';
import type { Blob } from '../ports/blob.ts';
import type { BlobStaging, PutOutcome } from '../ports/store.ts';
import type { BlobDirectory } from './blob-directory.ts';

/** The blobs that one sink was given, in a blob directory, and how many of them were new there. */
export class BlobTally {
  readonly #blobs: BlobDirectory;
  readonly #all = new Set<Digest>();
  readonly #written = new Set<Digest>();

  constructor(blobs: BlobDirectory) {
    this.#blobs = blobs;
  }

  get total(): number {
    return this.#all.size;
  }

  get written(): number {
    return this.#written.size;
  }

  async put(blob: Blob, ctx: Context): Promise<PutOutcome> {
    const outcome = await this.#blobs.put(blob, ctx);
    this.#count(blob.descriptor, outcome);
    return outcome;
  }

  async putManifest(manifest: RawManifest, ctx: Context): Promise<void> {
    await this.put({ descriptor: manifest.descriptor, open: () => streamOf(manifest.bytes) }, ctx);
  }

  get staging(): BlobStaging {
    return {
      begin: () => {
        const staged = this.#blobs.begin();
        const commit = async (descriptor: Descriptor): Promise<Blob> => {
          const existed = await this.#blobs.has(descriptor);
          const blob = await staged.commit(descriptor);
          this.#count(descriptor, existed ? 'existed' : 'written');
          return blob;
        };
        return { write: staged.write, commit, abort: staged.abort };
      },
    };
  }

  #count(descriptor: Descriptor, outcome: PutOutcome): void {
    if (outcome === 'written') this.#written.add(descriptor.digest);
    this.#all.add(descriptor.digest);
  }
}
