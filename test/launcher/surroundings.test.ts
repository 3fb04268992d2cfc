import assert from 'node:assert/strict';
import { spawn, spawnSync, type SpawnSyncReturns } from 'node:child_process';
import { once } from 'node:events';
import { describe, it, type TestContext } from 'node:test';
import { LaunchBed, TEST_BUILDPACK, testShells } from '../support/launched.ts';
import { missingPeer } from '../support/peers.ts';
import { finished } from '../support/program.ts';

for (const shell of testShells()) {
  describe(`the shell launcher under ${shell.name} works`, () => {
    it('with ten thousand variables and one that no shell can hold', (test) => {
      const bed = bedOf(test);
      const many = Array.from({ length: 10_000 }, (_, index): [string, string] => [`V${String(index)}`, '']);
      const env = Object.fromEntries([...many, ['odd.name', 'kept'] as const]);
      const result = bed.launch({ shell, args: ['--', '/usr/bin/env', '-0'], env });
      assert.equal(result.code, 0, result.stdout.slice(0, 200));
      const entries = result.stdout.split('\0');
      assert.equal(entries.filter((entry) => /^V\d+=$/.test(entry)).length, 10_000);
      assert.ok(entries.includes('odd.name=kept'));
      assert.ok(entries.includes('FROM-HOOK=odd'));
    });

    it('on a root that is read-only', (test) => {
      const bed = bedOf(test);
      const root = ['--ro-bind', '/', '/', '--dev', '/dev', '--proc', '/proc', '--', ...shell.argv];
      const result = run('bwrap', [...root, bed.launcher(), '--', 'printenv', 'FROM-HOOK'], bed);
      if (result.error !== undefined || result.stderr.includes('bwrap:')) {
        missingPeer(test, `bwrap does not work here: ${result.stderr}`);
        return;
      }
      assert.deepEqual([result.status, result.stdout, result.stderr], [0, 'odd\n', '']);
    });

    it('and is replaced by the process, whose signals and exit status are its own (L-20)', async (test) => {
      const bed = bedOf(test);
      const script = 'trap "exit 9" TERM; echo $$; while :; do sleep 0.01; done';
      const child = spawn(shell.argv[0], [...shell.argv.slice(1), bed.launcher(), '--', 'sh', '-c', script], {
        env: envOf(bed),
        stdio: ['ignore', 'pipe', 'inherit'],
        argv0: shell.argv0,
      });
      const ended = finished(child);
      assert.ok(child.stdout);
      await once(child.stdout, 'data');
      child.kill('SIGTERM');
      const { code, stdout } = await ended;
      assert.deepEqual([code, stdout], [9, `${String(child.pid)}\n`]);
    });

    it('as process 1 (L-20)', (test) => {
      const bed = bedOf(test);
      const argv = ['--fork', '--pid', '--mount-proc', ...shell.argv, bed.launcher()];
      const result = run('unshare', [...argv, '--', 'sh', '-c', 'echo $$; exit 7'], bed);
      if (result.error !== undefined || result.stderr.includes('unshare:')) {
        missingPeer(test, `unshare --pid does not work here: ${result.stderr}`);
        return;
      }
      assert.deepEqual([result.status, result.stdout], [7, '1\n']);
    });
  });
}

/** An image with an exec.d file, whose output needs a pipe, and a variable that needs env(1). */
function bedOf(test: TestContext): LaunchBed {
  const bed = new LaunchBed(test, { buildpacks: [TEST_BUILDPACK] });
  bed.write('layers/test_one/layer/exec.d/1', '#!/bin/sh\necho \'FROM-HOOK = "odd"\' >&3\n');
  return bed;
}

function envOf(bed: LaunchBed): Readonly<Record<string, string>> {
  return {
    PATH: process.env['PATH'] ?? '',
    CNB_PLATFORM_API: '0.15',
    CNB_LAYERS_DIR: bed.layers,
    CNB_APP_DIR: bed.app,
  };
}

function run(command: string, args: readonly string[], bed: LaunchBed): SpawnSyncReturns<string> {
  return spawnSync(command, args, { encoding: 'utf8', env: envOf(bed), stdio: ['ignore', 'pipe', 'pipe'] });
}
