import { createHash } from 'node:crypto';
import { readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomic } from '../core/atomic-file.ts';
import type { Context } from '../core/context.ts';
import { hasCode, systemCode } from '../core/errors.ts';
import { makeDirectory } from '../core/make-directory.ts';
import { livenessOf, ownIdentity } from '../core/process-identity.ts';
import type { Digest } from '../oci/digest.ts';
import { ObjectReader } from '../schema/reader.ts';
import { parseUrl } from './address.ts';

/** Registries forget sessions, and what they hand out for them expires. */
const MAX_AGE_MS = 60 * 60 * 1000;

/** The uploads that an earlier run could not end, so that this one sends only the rest. */
export interface UploadMemory {
  /** The session of that blob, unless a process that lives may still use it, or it is an hour old. */
  readonly recall: (upload: UploadKey, ctx: Context) => Promise<URL | undefined>;
  readonly remember: (upload: UploadKey, url: URL, ctx: Context) => Promise<void>;
  readonly forget: (upload: UploadKey) => Promise<void>;
}

export interface UploadKey {
  readonly registry: string;
  readonly repository: string;
  readonly digest: Digest;
}

/**
 * One small file an upload in a directory of the user, readable by nobody else; no credentials are in it. What cannot be read or written
 * there is as if nothing was remembered: it is no part of a push's success.
 */
export function createUploadMemory(directory: string): UploadMemory {
  let isTidied = false;
  return {
    recall: async (upload, ctx) => {
      const path = pathOf(directory, upload);
      const text = await unlessRefused(undefined, () => readFile(path, 'utf8'));
      return text === undefined ? undefined : usable(text, upload, ctx.clock.now());
    },
    remember: async (upload, url, ctx) => {
      if (url.username !== '' || url.password !== '') return;
      const { pid, startTime, boot } = ownIdentity();
      const at = ctx.clock.now().toISOString();
      const record = { ...upload, url: url.href, at, pid, startTime, boot };
      await unlessRefused(undefined, async () => {
        await makeDirectory(directory, { mode: 0o700 });
        if (!isTidied) await removeOld(directory, ctx.clock.now());
        isTidied = true;
        await writeFileAtomic(pathOf(directory, upload), `${JSON.stringify(record)}\n`, { mode: 0o600 });
      });
    },
    forget: (upload) => unlessRefused(undefined, () => rm(pathOf(directory, upload), { force: true })),
  };
}

/** For where no directory is given. */
export const NO_MEMORY: UploadMemory = {
  recall: () => Promise.resolve(undefined),
  remember: () => Promise.resolve(),
  forget: () => Promise.resolve(),
};

function pathOf(directory: string, { registry, repository, digest }: UploadKey): string {
  const name = createHash('sha256').update(`${registry}\0${repository}\0${digest}`).digest('hex');
  return join(directory, `${name}.json`);
}

function usable(text: string, upload: UploadKey, now: Date): URL | undefined {
  const record = new ObjectReader(parsed(text));
  const isSame = (['registry', 'repository', 'digest'] as const).every((key) => record.string(key) === upload[key]);
  const age = now.getTime() - Date.parse(record.string('at'));
  const owner = {
    pid: record.safeInteger('pid'),
    startTime: record.string('startTime'),
    boot: record.string('boot'),
  };
  if (!isSame || record.issues.length > 0 || !(age >= 0 && age < MAX_AGE_MS)) return undefined;
  if (livenessOf(owner) === 'alive') return undefined;
  return parseUrl(record.string('url'));
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

async function removeOld(directory: string, now: Date): Promise<void> {
  for (const name of await readdir(directory)) {
    const path = join(directory, name);
    if (now.getTime() - (await stat(path)).mtimeMs > MAX_AGE_MS) await rm(path, { force: true });
  }
}

async function unlessRefused<T>(otherwise: T, task: () => Promise<T>): Promise<T> {
  try {
    return await task();
  } catch (error) {
    if (systemCode(error) === undefined && !hasCode(error, 'WRITE_FAILED', 'DISK_FULL')) throw error;
    return otherwise;
  }
}
