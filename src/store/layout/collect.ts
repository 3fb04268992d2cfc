import { rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Context } from '../../core/context.ts';
import { hasCode } from '../../core/errors.ts';
import { withLock } from '../../core/lock-directory.ts';
import { namesIn } from '../../core/names-in.ts';
import type { Descriptor } from '../../oci/descriptor.ts';
import { isDigest, type Digest } from '../../oci/digest.ts';
import { decodeManifest, type ImageIndex, type Manifest } from '../../oci/manifest.ts';
import type { ImageSource, Lister } from '../../ports/store.ts';
import { REPOSITORY } from '../image-names.ts';
import { editIndexJson } from './index-file.ts';
import { LAYOUT_LOCK } from './layout-sink.ts';
import { openLayout, readIndexJson } from './layout-source.ts';

export interface CollectOptions {
  /** Younger blobs stay: a push may be about to name them. */
  readonly olderThanMs: number;
  /** Removes entries without a name too, unless a named image, or one that refers to it, needs them. */
  readonly untagged?: boolean;
  /** Counts and removes nothing. */
  readonly isDryRun?: boolean;
}

export interface Collected {
  readonly entries: number;
  readonly blobs: number;
  readonly bytes: number;
}

/**
 * Removes blobs of a layout that no entry of `index.json` reaches, under the layout's lock. A manifest that is there and cannot be read
 * may name any blob: nothing is removed then, and its error is thrown.
 */
export async function collectLayout(directory: string, ctx: Context, options: CollectOptions): Promise<Collected> {
  return withLock(join(directory, LAYOUT_LOCK), ctx, async () => {
    const { entries } = await readIndexJson(directory);
    const source = openLayout(directory);
    const kept = options.untagged === true ? await neededEntries(source, entries, ctx) : entries;
    const used = new Set<Digest>();
    for (const { digest } of kept) await mark(source, digest, used, ctx);
    const removed = { entries: entries.length - kept.length, blobs: 0, bytes: 0 };
    if (removed.entries > 0 && options.isDryRun !== true) await editIndexJson(directory, () => kept);
    const before = ctx.clock.now().getTime() - options.olderThanMs;
    for (const { path, digest, size, modifiedMs } of await blobsOf(directory)) {
      if (used.has(digest) || modifiedMs > before) continue;
      if (options.isDryRun !== true) await rm(path, { force: true });
      removed.blobs += 1;
      removed.bytes += size;
    }
    return removed;
  });
}

/** Entries with a name; those that a registry got by digest when one of these reaches them, or when they refer to what is kept. */
async function neededEntries(
  source: ImageSource & Lister,
  entries: readonly Descriptor[],
  ctx: Context,
): Promise<readonly Descriptor[]> {
  const isUntagged = (entry: Descriptor): boolean => entry.annotations?.[REPOSITORY] !== undefined;
  const used = new Set<Digest>();
  for (const { digest } of entries.filter((entry) => !isUntagged(entry))) await mark(source, digest, used, ctx);
  const waiting = new Set(entries.filter((entry) => isUntagged(entry) && !used.has(entry.digest)));
  for (let found = true; found;) {
    found = false;
    for (const entry of waiting) {
      const subject = (await read(source, entry.digest, ctx))?.subject?.digest;
      if (subject === undefined || !used.has(subject)) continue;
      await mark(source, entry.digest, used, ctx);
      waiting.delete(entry);
      found = true;
    }
  }
  return entries.filter((entry) => !waiting.has(entry) || used.has(entry.digest));
}

/** Adds the manifest and all that it reaches. */
async function mark(source: ImageSource, digest: Digest, used: Set<Digest>, ctx: Context): Promise<void> {
  if (used.has(digest)) return;
  used.add(digest);
  const manifest = await read(source, digest, ctx);
  if (manifest?.kind === 'index') for (const child of manifest.manifests) await mark(source, child.digest, used, ctx);
  if (manifest?.kind === 'manifest') for (const part of [manifest.config, ...manifest.layers]) used.add(part.digest);
}

/** Undefined when the layout has it not: an index may name images that are kept elsewhere. */
async function read(source: ImageSource, digest: Digest, ctx: Context): Promise<Manifest | ImageIndex | undefined> {
  try {
    return decodeManifest(await source.resolve(digest, ctx), `manifest ${digest}`);
  } catch (error) {
    if (hasCode(error, 'IMAGE_NOT_FOUND')) return undefined;
    throw error;
  }
}

interface BlobFile {
  readonly path: string;
  readonly digest: Digest;
  readonly size: number;
  readonly modifiedMs: number;
}

async function blobsOf(directory: string): Promise<readonly BlobFile[]> {
  const found: BlobFile[] = [];
  for (const algorithm of ['sha256', 'sha512']) {
    const folder = join(directory, 'blobs', algorithm);
    for (const name of await namesIn(folder)) {
      const digest = `${algorithm}:${name}`;
      if (!isDigest(digest)) continue;
      const path = join(folder, name);
      const { size, mtimeMs } = await stat(path);
      found.push({ path, digest, size, modifiedMs: mtimeMs });
    }
  }
  return found;
}
