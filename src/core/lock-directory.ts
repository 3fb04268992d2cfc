import { randomInt } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rmdir, stat, unlink, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { makeDirectory } from './make-directory.ts';
import { discard, uniqueSuffix, writeError } from './atomic-file.ts';
import type { Context } from './context.ts';
import { isSystem, SlipwayError } from './errors.ts';
import { livenessOf, ownIdentity, type Liveness, type ProcessIdentity } from './process-identity.ts';

export interface LockOptions {
  /** How long to wait for a living holder. Default 60 000. */
  readonly timeoutMs?: number;
  /** How long a holder that cannot be seen from here may show no sign of life. Default 30 000. */
  readonly silenceMs?: number;
}

const HEARTBEAT_MS = 5000;
const SILENCE_MS = 30_000;
/** `rename` of a directory onto one that is not empty. */
const TAKEN = ['ENOTEMPTY', 'EEXIST'];

/**
 * Runs the task while holding the lock `path`, a directory that other processes see. It holds one file that names its holder (pid,
 * start time, boot) and is renamed into place as a whole, so there is no moment without a name; breaking a lock removes that very
 * file, so that two waiters cannot break the lock of a third. A holder that is gone on this boot is passed over at once; one of
 * another machine or container when its file has not been touched for `silenceMs`. Not re-entrant.
 * Throws `LOCK_TIMEOUT` naming the holder, `WRITE_FAILED` when no lock can be made there, and the signal's reason.
 */
export async function withLock<T>(
  path: string,
  ctx: Context,
  task: () => Promise<T>,
  options: LockOptions = {},
): Promise<T> {
  const file = await acquire(path, ctx, options);
  const heartbeat = setInterval(() => {
    const now = ctx.clock.now();
    // A missed beat only matters to other machines, and only after several of them.
    utimes(file, now, now).catch(() => undefined);
  }, HEARTBEAT_MS);
  heartbeat.unref();
  try {
    return await task();
  } finally {
    clearInterval(heartbeat);
    await remove(path, file);
  }
}

/** Whether a living process holds the lock; one that cannot be seen from here counts while it shows signs of life. */
export async function isLocked(path: string, ctx: Context): Promise<boolean> {
  const holder = await readHolder(path);
  if (holder === undefined) return false;
  const liveness = livenessOf(holder);
  return liveness === 'alive' || (liveness === 'unknown' && ctx.clock.now().getTime() - holder.touchedMs < SILENCE_MS);
}

interface Holder extends ProcessIdentity {
  readonly host: string;
  readonly file: string;
  readonly touchedMs: number;
}

async function acquire(path: string, ctx: Context, options: LockOptions): Promise<string> {
  const suffix = uniqueSuffix();
  const staged = `${path}.${suffix}`;
  const name = `owner-${suffix.slice(0, -'.tmp'.length)}.json`;
  try {
    await makeDirectory(dirname(path));
    await mkdir(staged);
    await writeFile(join(staged, name), `${JSON.stringify({ ...ownIdentity(), host: hostname() })}\n`);
    await waitFor(path, staged, ctx, options);
    return join(path, name);
  } catch (error) {
    await discard(staged);
    throw ctx.signal.aborted ? error : writeError(path, error);
  }
}

async function waitFor(path: string, staged: string, ctx: Context, options: LockOptions): Promise<void> {
  const { timeoutMs = 60_000, silenceMs = SILENCE_MS } = options;
  const start = ctx.clock.monotonicMs();
  let seen: { readonly sign: string; readonly sinceMs: number } | undefined;
  while (!(await tryTake(staged, path))) {
    ctx.signal.throwIfAborted();
    const now = ctx.clock.monotonicMs();
    const holder = await readHolder(path);
    const liveness: Liveness = holder === undefined ? 'alive' : livenessOf(holder);
    const sign = holder === undefined ? '' : `${holder.file} ${String(holder.touchedMs)}`;
    if (seen?.sign !== sign) seen = { sign, sinceMs: now };
    if (holder !== undefined && (liveness === 'gone' || (liveness === 'unknown' && now - seen.sinceMs >= silenceMs))) {
      await remove(path, holder.file);
      continue;
    }
    if (now - start >= timeoutMs) throw timeoutError(path, holder);
    await delay(randomInt(5, 40), undefined, { signal: ctx.signal });
  }
}

async function tryTake(staged: string, path: string): Promise<boolean> {
  try {
    await rename(staged, path);
    return true;
  } catch (error) {
    if (isSystem(error, ...TAKEN)) return false;
    throw error;
  }
}

/** Gives the lock up, ours or a stale one; what someone else has taken meanwhile stays. */
async function remove(path: string, file: string): Promise<void> {
  await ignoring(['ENOENT'], () => unlink(file));
  await ignoring(['ENOENT', ...TAKEN], () => rmdir(path));
}

async function readHolder(path: string): Promise<Holder | undefined> {
  try {
    const name = (await readdir(path)).find((entry) => entry.startsWith('owner-'));
    if (name === undefined) return undefined;
    const file = join(path, name);
    const [text, { mtimeMs }] = [await readFile(file, 'utf8'), await stat(file)];
    return { ...parseHolder(text), file, touchedMs: mtimeMs };
  } catch (error) {
    if (isSystem(error, 'ENOENT')) return undefined;
    throw error;
  }
}

/** What cannot be read counts as a holder of another machine: only time frees it. */
function parseHolder(text: string): ProcessIdentity & { readonly host: string } {
  const field = (name: string): string => new RegExp(`"${name}":"?([^",}]*)`).exec(text)?.[1] ?? '';
  return { pid: Number(field('pid')), startTime: field('startTime'), boot: field('boot'), host: field('host') };
}

function timeoutError(path: string, holder: Holder | undefined): SlipwayError {
  const who = holder === undefined ? 'another process' : `process ${String(holder.pid)} on ${holder.host}`;
  return new SlipwayError('LOCK_TIMEOUT', `${who} holds the lock ${path}`, {
    hint: `wait for it to end; if there is no such process, remove ${path}`,
  });
}

async function ignoring(codes: readonly string[], task: () => Promise<void>): Promise<void> {
  try {
    await task();
  } catch (error) {
    if (!isSystem(error, ...codes)) throw error;
  }
}
