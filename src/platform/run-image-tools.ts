import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomic } from '../core/atomic-file.ts';
import type { Context } from '../core/context.ts';
import { messageOf } from '../core/errors.ts';
import { isScratch, type BaseImage } from '../image/plan.ts';
import type { RunImageTools } from '../launcher/launch-warnings.ts';
import { findInLayers, type FoundKind } from '../layer/find-file.ts';
import { hexOf } from '../oci/digest.ts';
import type { Image } from '../ports/image.ts';

type Found = Readonly<Record<string, FoundKind>>;

const PATHS = ['/bin/sh', '/bin/bash', '/usr/bin/env', '/bin/env', '/usr/bin/xargs', '/bin/xargs'] as const;

/**
 * Which programs for a launcher the run image has: asked at most once. Its layers may have to be fetched for the answer, so it is
 * remembered by the image's manifest digest in `memory`, a directory that need not exist. What is wrong there is no answer.
 */
export function runImageTools(base: BaseImage, memory: string | undefined, ctx: Context): () => Promise<RunImageTools> {
  let answer: Promise<RunImageTools> | undefined;
  return () => (answer ??= find(base, memory, ctx));
}

/** Where that is remembered: beside the cache or, without one, the launch cache. */
export function runImageMemory(caches: {
  readonly cacheDir: string | undefined;
  readonly launchCacheDir: string | undefined;
}): string | undefined {
  const directory = caches.cacheDir ?? caches.launchCacheDir;
  return directory === undefined ? undefined : join(directory, 'run-images');
}

async function find(base: BaseImage, memory: string | undefined, ctx: Context): Promise<RunImageTools> {
  const found = isScratch(base) ? {} : await remembered(base, memory, ctx);
  const has = (...paths: readonly string[]): boolean =>
    paths.some((path) => found[path] === 'file' || found[path] === 'symlink');
  return {
    hasShell: has('/bin/sh'),
    hasBash: has('/bin/bash'),
    hasEnv: has('/usr/bin/env', '/bin/env'),
    hasXargs: has('/usr/bin/xargs', '/bin/xargs'),
  };
}

async function remembered(image: Image, memory: string | undefined, ctx: Context): Promise<Found> {
  const file = memory === undefined ? undefined : join(memory, `${hexOf(image.manifestDigest)}.json`);
  const known = file === undefined ? undefined : await recall(file);
  if (known !== undefined) return known;
  const found = await findInLayers(image.layers, PATHS, ctx);
  if (memory === undefined || file === undefined) return found;
  try {
    await mkdir(memory, { recursive: true });
    await writeFileAtomic(file, `${JSON.stringify(found)}\n`);
  } catch (error) {
    const message = `The programs of the run image are not remembered: ${messageOf(error)}`;
    ctx.emit({ type: 'log', level: 'debug', message });
  }
  return found;
}

async function recall(file: string): Promise<Found | undefined> {
  try {
    const value: unknown = JSON.parse(await readFile(file, 'utf8'));
    return isFound(value) ? value : undefined;
  } catch {
    // Missing, unreadable or cut off: it is looked for again.
    return undefined;
  }
}

function isFound(value: unknown): value is Found {
  if (typeof value !== 'object' || value === null) return false;
  const kinds: readonly unknown[] = ['file', 'directory', 'symlink', 'absent'];
  return PATHS.every((path) => kinds.includes(Reflect.get(value, path)));
}
