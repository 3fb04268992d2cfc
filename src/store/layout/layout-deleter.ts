import { join } from 'node:path';
import type { Context } from '../../core/context.ts';
import { SlipwayError } from '../../core/errors.ts';
import { withLock } from '../../core/lock-directory.ts';
import type { Descriptor } from '../../oci/descriptor.ts';
import { isDigest } from '../../oci/digest.ts';
import { displayLocation } from '../../oci/location.ts';
import type { Deleter } from '../../ports/store.ts';
import { IMAGE_NAME, REF_NAME } from '../image-names.ts';
import { findEntry } from '../index-json.ts';
import { editIndexJson } from './index-file.ts';
import { LAYOUT_LOCK } from './layout-sink.ts';
import { readIndexJson } from './layout-source.ts';

/**
 * Removes entries of a layout's `index.json`: those of a name, or all of a digest. Blobs stay until `collectLayout` removes what no entry
 * reaches. Throws `IMAGE_NOT_FOUND`, `IMAGE_AMBIGUOUS`, `STORE_INVALID`.
 */
export function layoutDeleter(directory: string): Deleter {
  const description = displayLocation({ kind: 'oci', dir: directory });
  return {
    delete: async (name, ctx: Context) => {
      // Before the lock, which would make the directory.
      await readIndexJson(directory);
      await withLock(join(directory, LAYOUT_LOCK), ctx, () =>
        editIndexJson(directory, (entries) => {
          if (!isDigest(name)) {
            const found = findEntry(entries, name, description);
            const removed = found.kind === 'several' ? found.entries : [found.descriptor];
            return entries.filter((entry) => !removed.some((other) => isSame(entry, other)));
          }
          const kept = entries.filter(({ digest }) => digest !== name);
          if (kept.length < entries.length) return kept;
          throw new SlipwayError('IMAGE_NOT_FOUND', `no entry of ${description} has the digest ${name}`, {
            hint: 'the manifest of a platform inside an index goes with its index',
          });
        }),
      );
    },
  };
}

/** The same image under the same name: some tools list it twice. */
function isSame(a: Descriptor, b: Descriptor): boolean {
  return a.digest === b.digest && [REF_NAME, IMAGE_NAME].every((key) => a.annotations?.[key] === b.annotations?.[key]);
}
