import { mkdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { uniqueSuffix, writeError } from '../core/atomic-file.ts';
import type { Context } from '../core/context.ts';
import { takeLease, lockOf, type Lease } from '../core/lease.ts';
import { removeLeftovers } from '../core/leftovers.ts';
import { withLock } from '../core/lock-directory.ts';
import { makeDirectory } from '../core/make-directory.ts';
import { systemCode } from '../core/errors.ts';
import { removeTree } from '../layer/remove-tree.ts';
import { displayLocation } from '../oci/location.ts';
import { formatPlatform } from '../oci/platform.ts';
import type { Image } from '../ports/image.ts';
import { readOwners, writeOwners, type Owners } from './owners.ts';
import { ROOT_PARTS, touchEntry, useEntry, writeMark, type RootMark } from './root-entry.ts';
import { unpackLayers } from './unpack.ts';

/** An unpacked image, kept from removal until it is given back. Nobody may write to it: others read the same files. */
export interface Rootfs extends Lease {
  /** The directory that is `/` of the image. */
  readonly path: string;
  /** What the image says of owners and modes, where the files here cannot. */
  readonly owners: () => Promise<Owners>;
}

/** Another process that unpacks the same image is waited for; it shows signs of life meanwhile. */
const WAIT_MS = 60 * 60 * 1000;

/**
 * The image's root file system below the directory `store`, unpacked the first time it is asked for and then found by its manifest
 * digest, without a look at a layer. Any number of processes may ask at once: one unpacks, the others wait. What a killed process left
 * is never seen, and is removed. Throws what `unpackLayers` throws, `WRITE_FAILED` and `DISK_FULL`; nothing is kept then.
 */
export async function openRootfs(image: Image, store: string, ctx: Context): Promise<Rootfs> {
  const entry = join(store, entryName(image));
  try {
    // Whoever could look into it could run the image's programs, setuid ones among them, as this user.
    await makeDirectory(store, { mode: 0o700 });
  } catch (error) {
    throw writeError(store, error);
  }
  const find = async (): Promise<Lease> => {
    try {
      if (!(await useEntry(entry, ctx))) await unpackInto(entry, image, ctx);
    } catch (error) {
      throw systemCode(error) === undefined ? error : writeError(entry, error);
    }
    return takeLease(entry);
  };
  const lease = await withLock(lockOf(entry), ctx, find, { timeoutMs: WAIT_MS });
  return {
    ...lease,
    path: join(entry, ROOT_PARTS.root),
    owners: () => readOwners(join(entry, ROOT_PARTS.owners)),
  };
}

/** What stands under the name, if anything, is not whole. */
async function unpackInto(entry: string, image: Image, ctx: Context): Promise<void> {
  const store = join(entry, '..');
  await removeLeftovers(store, ctx, { remove: (path) => removeTree(path, ctx) });
  const staged = join(store, `.${entryName(image)}.${uniqueSuffix()}`);
  try {
    const start = ctx.clock.monotonicMs();
    await makeStaged(staged);
    const mark = await fill(staged, image, ctx);
    await removeTree(entry, ctx);
    await rename(staged, entry);
    await touchEntry(entry, ctx);
    const { entries, bytes } = mark;
    const ms = ctx.clock.monotonicMs() - start;
    ctx.emit({ type: 'rootfs.unpacked', image: mark.image, manifest: mark.manifest, entries, bytes, ms });
  } catch (error) {
    await removeTree(staged, ctx);
    throw error;
  }
}

async function makeStaged(staged: string): Promise<void> {
  await mkdir(staged, { mode: 0o700 });
  await mkdir(join(staged, ROOT_PARTS.root), { mode: 0o700 });
}

async function fill(staged: string, image: Image, ctx: Context): Promise<Omit<RootMark, 'version' | 'boot'>> {
  const { entries, bytes, owners } = await unpackLayers(image.layers, join(staged, ROOT_PARTS.root), ctx);
  await writeOwners(join(staged, ROOT_PARTS.owners), owners);
  const mark = {
    image: displayLocation(image.requested),
    manifest: image.manifestDigest,
    platform: formatPlatform(image.platform),
    entries,
    bytes,
  };
  await writeMark(staged, mark);
  return mark;
}

function entryName(image: Image): string {
  return image.manifestDigest.replace(':', '-');
}
