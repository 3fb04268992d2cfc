import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { describe, it, type TestContext } from 'node:test';
import { usablePlaces } from '../../src/sandbox/cgroup.ts';
import { findCgroupPlaces, readCgroupView } from '../../src/sandbox/cgroup-place.ts';
import { probeSandbox } from '../../src/sandbox/choose.ts';
import { limitedSandbox, type HeldLimits } from '../../src/sandbox/limited.ts';
import { failureOf, type Sandbox } from '../../src/sandbox/sandbox.ts';
import { unshareSandbox } from '../../src/sandbox/unshare.ts';
import { temporaryDirectory, testContext } from '../support/context.ts';
import { missingPeer } from '../support/peers.ts';
import { openDirectory, runShell } from '../support/sandbox.ts';

const MB = 1e6;

describe('a command with limits', () => {
  it('is ended by its disk, also where it leaves no name of what it wrote', async (t) => {
    const run = await limited(t, { limits: { diskBytes: 20 * MB }, places: [] });
    if (run === undefined) return;
    const files = 'i=0; while :; do head -c 1000000 /dev/zero > f$i; i=$((i + 1)); done';
    assert.equal(await run(files), 'it writes more than 20.0 MB');
    const unnamed = 'exec 7>f; rm f; while :; do head -c 1000000 /dev/zero >&7; done';
    assert.equal(await run(unnamed), 'it writes more than 20.0 MB');
    assert.equal(await run('head -c 1000000 /dev/zero > f; rm f'), undefined);
  });

  it('fails for a file that is too large, and finds its private file systems full', async (t) => {
    const limits = { fileSizeBytes: 5 * MB, temporaryBytes: 3 * MB };
    const run = await limited(t, { limits, places: [] });
    if (run === undefined) return;
    assert.equal(await run('exec head -c 9000000 /dev/zero > f'), 'it writes a file larger than 5.0 MB');
    for (const directory of ['/tmp', '/dev/shm', '$HOME'])
      assert.equal(
        await run(`head -c 4000000 /dev/zero > ${directory}/f && exit 0; exit 7`),
        'exit status 7',
        directory,
      );
  });

  it('is held to memory and processes by control groups, all its processes together, and leaves no group', async (t) => {
    const limits = { memoryBytes: 50 * MB, processes: 30 };
    const view = readCgroupView();
    const found = view === undefined ? [] : findCgroupPlaces(view, ['memory', 'pids']);
    const places = await usablePlaces(found, limits);
    if (places.flatMap((place) => place.controllers).length < 2) {
      t.skip('no control group can be made here');
      return;
    }
    const run = await limited(t, { limits, places });
    if (run === undefined) return;
    const before = groups(places);
    // Each of them alone is within the limit.
    const four =
      'for i in 1 2 3 4; do (head -c 20000000 /dev/zero | tail -c 19000000 >/dev/null) & done; for j in 1 2 3 4; do wait -n || exit 1; done';
    assert.equal(await run(four, '/bin/bash'), 'it needs more memory than 50.0 MB');
    const many = 'i=0; while [ $i -lt 60 ]; do sleep 60 & i=$((i + 1)); done';
    assert.equal(await run(many), 'it wants more than 30 processes at a time');
    assert.equal(await run('exit 0'), undefined);
    assert.equal(await run('exit 3'), 'exit status 3');
    assert.deepEqual(groups(places), before);
  });

  it('is held to them for each process where there are no groups', async (t) => {
    const run = await limited(t, { limits: { memoryBytes: 50 * MB }, places: [] });
    if (run === undefined) return;
    assert.equal(await run('exec head -c 90000000 /dev/zero | tail -c 80000000 >/dev/null; exit 0'), undefined);
    assert.notEqual(await run('dd if=/dev/zero of=/dev/null bs=90M count=1 2>/dev/null'), undefined);
  });
});

function groups(places: HeldLimits['places']): readonly string[] {
  return places.flatMap(({ parent }) =>
    readdirSync(parent).filter((name) => name.startsWith(`slipway-${String(process.pid)}`)),
  );
}

/** How a script ends under `unshare` with limits; undefined for success, and where it cannot be run at all. */
async function limited(
  t: TestContext,
  held: HeldLimits,
): Promise<((script: string, shell?: string) => Promise<string | undefined>) | undefined> {
  const plain = unshareSandbox();
  const problem = await probeSandbox(plain, testContext(t));
  if (problem !== undefined) {
    missingPeer(t, `unshare does not work here: ${problem}`);
    return undefined;
  }
  const sandbox: Sandbox = limitedSandbox(plain, held);
  const layers = openDirectory(temporaryDirectory(t), 'layers');
  const mounts = [{ source: layers, target: '/layers', writable: true }];
  const env = { PATH: '/usr/bin:/bin', HOME: '/home/cnb' };
  return async (script, shell = '/bin/sh') => {
    const argv = [shell, '-c', script] as const;
    const { exit } = await runShell(sandbox, { argv, script: '', mounts, cwd: '/layers', env }, testContext(t));
    return failureOf(exit);
  };
}
