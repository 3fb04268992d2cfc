import { rmdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { writeError } from '../../core/atomic-file.ts';
import type { Context } from '../../core/context.ts';
import { isSystem, SlipwayError } from '../../core/errors.ts';
import { pathKind } from '../../core/path-kind.ts';
import { makeDirectory } from '../../core/make-directory.ts';
import { removeLeftovers } from '../../core/leftovers.ts';
import { withLock } from '../../core/lock-directory.ts';
import type { Descriptor } from '../../oci/descriptor.ts';
import type { Digest } from '../../oci/digest.ts';
import { displayLocation } from '../../oci/location.ts';
import type { Attacher, ContentReader, ImageSink, StagingSink } from '../../ports/store.ts';
import { BlobDirectory } from '../blob-directory.ts';
import { BlobTally } from '../blob-tally.ts';
import { engineNameOf, folderRepository, IMAGE_NAME, REF_NAME, repositoryOfName, REPOSITORY } from '../image-names.ts';
import { mergeIndexJson } from './index-file.ts';

/** Held while `index.json` is changed. */
export const LAYOUT_LOCK = '.slipway-lock';

export interface LayoutSinkOptions {
  /** `io.containerd.image.name` of the sink's own name; absent: derived from the name when that is a reference. */
  readonly imageName?: string;
}

/**
 * Writes into a layout directory, made when it is missing. Blobs go straight to their place, where nothing refers to them; the names
 * appear together on `commit`, under a lock, and all other entries stay as they are. Throws `WRITE_FAILED` or `DISK_FULL`.
 */
export async function openLayoutSink(
  directory: string,
  name: string,
  ctx: Context,
  options: LayoutSinkOptions = {},
): Promise<ImageSink & Pick<ContentReader, 'open'> & StagingSink & Attacher> {
  const created = await prepare(directory);
  await removeLeftovers(directory, ctx);
  await removeLeftovers(join(directory, 'blobs', 'sha256'), ctx);
  const blobs = new BlobDirectory(directory);
  const tally = new BlobTally(blobs);
  const names = new Map<string, Descriptor>();
  const attached = new Map<Digest, Descriptor>();
  let isCommitted = false;
  return {
    description: displayLocation({ kind: 'oci', dir: directory, ref: name }),
    has: (descriptor) => blobs.has(descriptor),
    open: (descriptor, inner) => blobs.open(descriptor, inner.signal),
    put: (blob, inner) => tally.put(blob, inner),
    putManifest: (manifest, inner) => tally.putManifest(manifest, inner),
    staging: tally.staging,
    tag: (other, descriptor) => {
      const ref = other ?? name;
      const imageName = (other === undefined ? options.imageName : undefined) ?? engineNameOf(ref);
      names.set(ref, {
        ...descriptor,
        annotations: {
          ...descriptor.annotations,
          ...(imageName === undefined ? {} : { [IMAGE_NAME]: imageName }),
          [REF_NAME]: ref,
        },
      });
    },
    attach: (descriptor) => {
      const repository = repositoryOfName([...names.keys()].at(-1) ?? name) ?? folderRepository(directory);
      attached.set(descriptor.digest, {
        ...descriptor,
        annotations: { ...descriptor.annotations, [REPOSITORY]: repository },
      });
    },
    commit: async (inner) => {
      await blobs.flush();
      const lock = join(directory, LAYOUT_LOCK);
      await withLock(lock, inner, () => mergeIndexJson(directory, names, [...attached.values()]));
      isCommitted = true;
      return { blobsWritten: tally.written, blobsTotal: tally.total };
    },
    [Symbol.asyncDispose]: async () => {
      if (!isCommitted && created !== undefined) await removeEmpty(join(directory, 'blobs', 'sha256'), created);
    },
  };
}

/** Makes the directories; returns the topmost one that was not there. */
async function prepare(directory: string): Promise<string | undefined> {
  try {
    return await makeDirectory(join(directory, 'blobs', 'sha256'), { mode: 0o755 });
  } catch (error) {
    if (isSystem(error, 'EEXIST', 'ENOTDIR') && (await pathKind(directory)) === 'file') {
      throw new SlipwayError('WRITE_FAILED', `cannot write the layout ${directory}: it is a file`, {
        cause: error,
        hint: 'choose another directory, or write an archive with oci-archive:FILE or docker-archive:FILE',
      });
    }
    throw writeError(directory, error);
  }
}

/** Removes the directory and its parents up to `top`, as far as they are empty. */
async function removeEmpty(directory: string, top: string): Promise<void> {
  try {
    for (let path = directory; path.startsWith(top); path = dirname(path)) await rmdir(path);
  } catch (error) {
    if (!isSystem(error, 'ENOTEMPTY', 'EEXIST', 'ENOENT', 'EACCES', 'EPERM', 'EROFS')) throw error;
  }
}
