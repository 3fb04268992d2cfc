import { closeSync, createReadStream, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { hexOf } from '../../src/oci/digest.ts';
import type { BlobStaging } from '../../src/ports/store.ts';

let count = 0;

/** Blobs as files of a directory, named by their hex digest. */
export function fileStaging(directory: string): BlobStaging {
  return {
    begin: () => {
      const temporary = join(directory, `staged-${String((count += 1))}`);
      const file = openSync(temporary, 'wx');
      let isOpen = true;
      const close = (): void => {
        if (isOpen) closeSync(file);
        isOpen = false;
      };
      return {
        write: (bytes) => {
          for (let at = 0; at < bytes.length;) at += writeSync(file, bytes, at);
        },
        commit: (descriptor) => {
          close();
          const path = join(directory, hexOf(descriptor.digest));
          renameSync(temporary, path);
          return Promise.resolve({ descriptor, open: () => createReadStream(path) });
        },
        abort: () => {
          close();
          rmSync(temporary, { force: true });
        },
      };
    },
  };
}
