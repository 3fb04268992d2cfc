import { join } from 'node:path';
import { IMAGE_FILE } from '../../cache/cache-entries.ts';
import { openFolderLayerStore } from '../../cache/layer-store.ts';
import { openCacheFolder, PARTS, removeFile } from '../../cache/cache-folder.ts';
import { writeFileAtomic } from '../../core/atomic-file.ts';
import type { Context } from '../../core/context.ts';
import { hasCode, messageOf, systemCode } from '../../core/errors.ts';
import { isLeased, lockOf, takeLease, type Lease } from '../../core/lease.ts';
import { withLock } from '../../core/lock-directory.ts';
import { makeDirectory } from '../../core/make-directory.ts';
import { namesIn } from '../../core/names-in.ts';
import { removeTree } from '../../layer/remove-tree.ts';
import type { Locator } from '../../locate/locator.ts';
import type { LayerStore } from '../../ports/layer-cache.ts';
import { chooseCache, type OpenCache } from '../open-cache.ts';
import type { CachePlan } from './caches.ts';
import type { BuildOptions } from './options.ts';

/** The caches of a build; those below the cache's root are kept from removal until it is disposed. */
export interface OpenCaches extends AsyncDisposable {
  readonly openCache: OpenCache;
  readonly launchCache: LayerStore | undefined;
}

/** A launch layer of a kept cache that no build of a day looked up is forgotten: else every version of the app would stay for a month. */
const RECORD_AGE_MS = 24 * 60 * 60 * 1000;

/**
 * Opens the caches of the plan, empty with `clearCache`. One below the cache's root that cannot be used is a `CACHE_IGNORED` warning and
 * a build without it: nobody asked for it. Throws `WRITE_FAILED` (exit 1) for a directory that was named.
 */
export async function openCaches(
  plan: CachePlan,
  options: BuildOptions,
  locator: Locator,
  ctx: Context,
): Promise<OpenCaches> {
  const execEnv = options.execEnv ?? 'production';
  if (plan.notice !== undefined) ctx.emit({ type: 'notice', subject: '--cache', message: plan.notice });
  const leases = new Map<string, Lease>();
  for (const path of plan.kept) {
    const lease = await keep(path, options, ctx);
    if (lease !== undefined) leases.set(path, lease);
  }
  const release = async (): Promise<void> => {
    for (const lease of leases.values()) await lease.release();
  };
  try {
    const usable = (path: string | undefined): string | undefined =>
      path !== undefined && plan.kept.includes(path) && !leases.has(path) ? undefined : path;
    const [cacheDir, launchDir] = [usable(plan.cacheDir), usable(plan.launchDir)];
    if (options.clearCache === true)
      for (const path of new Set([cacheDir, launchDir]))
        if (path !== undefined && !leases.has(path)) await forget(path);
    const isKept = cacheDir !== undefined && leases.has(cacheDir);
    const choice = {
      cacheDir,
      cacheImage: plan.cacheImage,
      execEnv,
      ...(isKept ? { recordAgeMs: RECORD_AGE_MS } : {}),
    };
    const openCache = await chooseCache(choice, locator, ctx);
    const launchCache = launchDir === undefined ? undefined : await openFolderLayerStore(launchDir, ctx);
    return { openCache, launchCache, [Symbol.asyncDispose]: release };
  } catch (error) {
    await release();
    throw error;
  }
}

/** Undefined, with a warning, where it cannot be used. */
async function keep(path: string, options: BuildOptions, ctx: Context): Promise<Lease | undefined> {
  try {
    await makeDirectory(join(path, '..'));
    return await withLock(lockOf(path), ctx, async () => {
      if (options.clearCache === true) await clear(path, ctx);
      await makeDirectory(path);
      await writeFileAtomic(join(path, IMAGE_FILE), `${options.image}\n`);
      await openCacheFolder(path);
      return takeLease(path);
    });
  } catch (error) {
    if (
      ctx.signal.aborted ||
      (systemCode(error) === undefined && !hasCode(error, 'WRITE_FAILED', 'DISK_FULL', 'LOCK_TIMEOUT'))
    )
      throw error;
    const message = `this build has no cache: ${messageOf(error)}; name a directory with --cache-dir or SLIPWAY_CACHE_DIR`;
    ctx.emit({ type: 'warning', code: 'CACHE_IGNORED', message });
    return undefined;
  }
}

/** What another build uses is only forgotten: it may still read it. */
async function clear(path: string, ctx: Context): Promise<void> {
  if (await isLeased(path, ctx)) await forget(path);
  else await removeTree(path, ctx);
}

/** Without them nothing is found in a cache folder; what they named is collected with time. */
async function forget(directory: string): Promise<void> {
  for (const part of [PARTS.roots, PARTS.diffs]) {
    for (const name of await namesIn(join(directory, part))) await removeFile(join(directory, part, name));
  }
}
