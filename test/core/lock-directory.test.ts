import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { systemClock } from '../../src/core/clock.ts';
import { removeLeftovers } from '../../src/core/leftovers.ts';
import { withLock } from '../../src/core/lock-directory.ts';
import { ownIdentity } from '../../src/core/process-identity.ts';
import { temporaryDirectory, testContext } from '../support/context.ts';

/** A lock that someone else holds, as `withLock` would have written it. */
function holdAs(path: string, holder: Readonly<Record<string, string | number>>): string {
  mkdirSync(path);
  const file = join(path, `owner-${String(holder['pid'])}.json`);
  writeFileSync(file, `${JSON.stringify(holder)}\n`);
  return file;
}

/** The number of a process that has ended. */
function endedPid(): number {
  return spawnSync(process.execPath, ['--version']).pid;
}

describe('withLock', () => {
  it('runs one task at a time and leaves nothing behind', async (t) => {
    const ctx = testContext(t);
    const directory = temporaryDirectory(t);
    const order: string[] = [];
    const task = (name: string) => async (): Promise<void> => {
      order.push(`${name} in`);
      await new Promise((resolve) => setImmediate(resolve));
      order.push(`${name} out`);
    };
    const path = join(directory, 'lock');
    await Promise.all(['a', 'b', 'c'].map((name) => withLock(path, ctx, task(name))));
    for (let at = 0; at < order.length; at += 2) assert.equal(order[at]?.replace(' in', ' out'), order[at + 1]);
    assert.deepEqual(readdirSync(directory), []);
  });

  it('is given back when the task fails', async (t) => {
    const ctx = testContext(t);
    const directory = temporaryDirectory(t);
    await assert.rejects(
      withLock(join(directory, 'lock'), ctx, () => Promise.reject(new Error('no'))),
      { message: 'no' },
    );
    assert.deepEqual(readdirSync(directory), []);
  });

  it('passes over a holder that is gone on this boot', async (t) => {
    const ctx = testContext(t);
    const path = join(temporaryDirectory(t), 'lock');
    holdAs(path, { ...ownIdentity(), pid: endedPid(), host: 'here' });
    assert.equal(await withLock(path, ctx, () => Promise.resolve('done')), 'done');
  });

  it('passes over a holder whose number another process has now', async (t) => {
    const ctx = testContext(t);
    const path = join(temporaryDirectory(t), 'lock');
    holdAs(path, { ...ownIdentity(), startTime: '1', host: 'here' });
    assert.equal(await withLock(path, ctx, () => Promise.resolve('done')), 'done');
  });

  it('a living holder is waited for, then named', async (t) => {
    const ctx = testContext(t);
    const path = join(temporaryDirectory(t), 'lock');
    holdAs(path, { ...ownIdentity(), host: 'here' });
    await assert.rejects(
      withLock(path, ctx, () => Promise.resolve(), { timeoutMs: 3 }),
      { code: 'LOCK_TIMEOUT', message: `process ${String(process.pid)} on here holds the lock ${path}` },
    );
    assert.deepEqual(readdirSync(path), [`owner-${String(process.pid)}.json`]);
  });

  it('a holder of another machine is passed over only after silence', async (t) => {
    const ctx = testContext(t);
    const path = join(temporaryDirectory(t), 'lock');
    const file = holdAs(path, { pid: 1, startTime: '1', boot: 'ffffffff', host: 'elsewhere' });
    const fails = withLock(path, ctx, () => Promise.resolve(), { timeoutMs: 5, silenceMs: 1000 });
    await assert.rejects(fails, { code: 'LOCK_TIMEOUT' });
    utimesSync(file, 1, 1);
    assert.equal(await withLock(path, ctx, () => Promise.resolve('done'), { silenceMs: 3 }), 'done');
  });

  it('stops waiting when the signal aborts', async (t) => {
    const controller = new AbortController();
    const ctx = { ...testContext(t, { signal: controller.signal }), clock: systemClock };
    const directory = temporaryDirectory(t);
    const path = join(directory, 'lock');
    holdAs(path, { ...ownIdentity(), host: 'here' });
    const waiting = withLock(path, ctx, () => Promise.resolve());
    setImmediate(() => controller.abort());
    await assert.rejects(waiting, { name: 'AbortError' });
    assert.deepEqual(readdirSync(directory), ['lock']);
  });

  it('a file in its place is an error that names it', async (t) => {
    const ctx = testContext(t);
    const path = join(temporaryDirectory(t), 'lock');
    writeFileSync(path, '');
    await assert.rejects(
      withLock(path, ctx, () => Promise.resolve()),
      { code: 'WRITE_FAILED' },
    );
  });
});

describe('removeLeftovers', () => {
  it('removes what ended processes left, and nothing else', async (t) => {
    const ctx = testContext(t);
    const directory = temporaryDirectory(t);
    const { pid, startTime, boot } = ownIdentity();
    const own = `.a.${String(pid)}-${startTime}-${boot}-0123456789ab.tmp`;
    const gone = `.b.${String(endedPid())}-1-${boot}-0123456789ab.tmp`;
    const foreign = `.c.1-1-ffffffff-0123456789ab.tmp`;
    const old = `.d.1-1-ffffffff-0123456789ab.tmp`;
    for (const name of [own, gone, foreign, 'notes.tmp']) writeFileSync(join(directory, name), '');
    mkdirSync(join(directory, old));
    const now = ctx.clock.now().getTime() / 1000;
    utimesSync(join(directory, foreign), now, now);
    utimesSync(join(directory, old), now - 2 * 86400, now - 2 * 86400);
    await removeLeftovers(directory, ctx);
    assert.deepEqual(readdirSync(directory).sort(), [own, foreign, 'notes.tmp'].sort());
    await removeLeftovers(join(directory, 'missing'), ctx);
  });
});
