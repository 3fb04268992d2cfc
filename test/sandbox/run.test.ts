import assert from 'node:assert/strict';
import { chmodSync, existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { hasCode } from '../../src/core/errors.ts';
import { pathInside } from '../../src/sandbox/sandbox.ts';
import { temporaryDirectory, testContext } from '../support/context.ts';
import { openDirectory, processesWith, runShell, STRATEGIES } from '../support/sandbox.ts';

for (const strategy of STRATEGIES) {
  describe(`a command under ${strategy.name}`, () => {
    it('gives its exit code and both streams', async (t) => {
      const sandbox = await strategy.open(t);
      if (sandbox === undefined) return;
      const run = await runShell(sandbox, { script: 'echo out; echo err >&2; exit 42' }, testContext(t));
      assert.deepEqual(run, { exit: { kind: 'exited', code: 42 }, stdout: 'out\n', stderr: 'err\n' });
    });

    it('gives both streams as one in the order of writing, and programs may open them by name (B-35)', async (t) => {
      const sandbox = await strategy.open(t);
      if (sandbox === undefined) return;
      const script = `i=0; while [ $i -lt 300 ]; do echo out$i; echo err$i >&2; i=$((i + 1)); done
        echo one >/dev/stdout; echo two | tee /dev/stderr >/dev/null; printf three >/dev/stderr; exit 7`;
      const run = await runShell(sandbox, { script, joinsOutput: true }, testContext(t));
      const expected = Array.from({ length: 300 }, (_, index) => `out${String(index)}\nerr${String(index)}\n`).join('');
      assert.deepEqual(run.exit, { kind: 'exited', code: 7 });
      assert.equal(run.stdout, `${expected}one\ntwo\nthree`);
      assert.equal(run.stderr, '');
    });

    it('of joined output what looks like the sandbox’s own is passed on, and a child that holds it is not waited for', async (t) => {
      const sandbox = await strategy.open(t);
      if (sandbox === undefined) return;
      const mark = `600.${String(process.pid)}3`;
      const script = `echo "bwrap: execvp x: y" >&2; sleep ${mark} & exit 1`;
      const run = await runShell(sandbox, { script, joinsOutput: true }, testContext(t));
      assert.deepEqual([run.exit, run.stdout], [{ kind: 'exited', code: 1 }, 'bwrap: execvp x: y\n']);
      assert.deepEqual(processesWith(mark), []);
      const argv = ['/absent'] as const;
      const absent = await runShell(sandbox, { script: '', argv, joinsOutput: true }, testContext(t));
      assert.deepEqual([absent.exit.kind, absent.stdout, absent.stderr], ['not-started', '', '']);
    });

    it('tells a signal from an exit code', async (t) => {
      const sandbox = await strategy.open(t);
      if (sandbox === undefined) return;
      for (const signal of ['KILL', 'TERM', 'SEGV']) {
        const run = await runShell(sandbox, { script: `kill -${signal} $$` }, testContext(t));
        assert.deepEqual(run.exit, { kind: 'signalled', signal: `SIG${signal}` });
      }
    });

    it('says when it cannot be started, and prints nothing of its own', async (t) => {
      const sandbox = await strategy.open(t);
      if (sandbox === undefined) return;
      const directory = openDirectory(temporaryDirectory(t), 'bp');
      chmodSync(join(directory, '..'), 0o755);
      writeFileSync(join(directory, 'plain'), '#!/bin/sh\n', { mode: 0o644 });
      writeFileSync(join(directory, 'lost'), '#!/no/such/interpreter\n', { mode: 0o755 });
      const mount = { source: directory, target: '/cnb/bp', writable: false };
      for (const [name, reason] of [
        ['plain', /cannot start \S+plain: permission denied/i],
        ['lost', /cannot start \S+lost: no such file or directory/i],
        ['absent', /cannot start \S+absent: no such file or directory/i],
      ] as const) {
        const argv = [join(pathInside(sandbox, mount), name)] as const;
        const run = await runShell(sandbox, { script: '', argv, mounts: [mount] }, testContext(t));
        assert.match(run.exit.kind === 'not-started' ? run.exit.reason : run.exit.kind, reason);
        assert.deepEqual([run.stdout, run.stderr], ['', '']);
      }
    });

    it("output that looks like the sandbox's own is passed on", async (t) => {
      const sandbox = await strategy.open(t);
      if (sandbox === undefined) return;
      const run = await runShell(sandbox, { script: 'echo "bwrap: execvp x: y" >&2; exit 1' }, testContext(t));
      assert.deepEqual([run.exit, run.stderr], [{ kind: 'exited', code: 1 }, 'bwrap: execvp x: y\n']);
      const other = await runShell(sandbox, { script: 'echo "setpriv: no" >&2; exit 3' }, testContext(t));
      assert.deepEqual([other.exit, other.stderr], [{ kind: 'exited', code: 3 }, 'setpriv: no\n']);
    });

    it('nothing of it is left when it ends, and a child that holds the output is not waited for', async (t) => {
      const sandbox = await strategy.open(t);
      if (sandbox === undefined) return;
      const mark = `600.${String(process.pid)}1`;
      const run = await runShell(sandbox, { script: `sleep ${mark} & echo started` }, testContext(t));
      assert.deepEqual([run.exit, run.stdout], [{ kind: 'exited', code: 0 }, 'started\n']);
      assert.deepEqual(processesWith(mark), []);
    });

    it('an abort kills all of it', async (t) => {
      const sandbox = await strategy.open(t);
      if (sandbox === undefined) return;
      const mark = `600.${String(process.pid)}2`;
      const controller = new AbortController();
      const ctx = testContext(t, { signal: controller.signal });
      const directory = openDirectory(temporaryDirectory(t), 'd');
      chmodSync(join(directory, '..'), 0o755);
      const mount = { source: directory, target: '/layers', writable: true };
      const ready = join(directory, 'ready');
      const running = runShell(
        sandbox,
        {
          script: `trap "" TERM INT; (trap "" TERM; sleep ${mark}; sleep ${mark}) & : > ${pathInside(sandbox, mount)}/ready; sleep ${mark}; sleep ${mark}`,
          mounts: [mount],
        },
        ctx,
      );
      while (!existsSync(ready) || processesWith(mark).length < 2) await new Promise((done) => setImmediate(done));
      controller.abort();
      await assert.rejects(running, (error) => hasCode(error, 'INTERRUPTED'));
      assert.deepEqual(processesWith(mark), []);
    });

    it('is not started after an abort', async (t) => {
      const sandbox = await strategy.open(t);
      if (sandbox === undefined) return;
      const ctx = testContext(t, { signal: AbortSignal.abort() });
      await assert.rejects(runShell(sandbox, { script: 'exit 0' }, ctx), (error) => hasCode(error, 'INTERRUPTED'));
    });

    it('is killed when its time is over', async (t) => {
      const sandbox = await strategy.open(t);
      if (sandbox === undefined) return;
      const run = await runShell(sandbox, { script: 'sleep 600', wallMs: 100 }, testContext(t));
      assert.deepEqual(run.exit, { kind: 'timed-out', wallMs: 100 });
    });

    it('takes a large environment and large output', async (t) => {
      const sandbox = await strategy.open(t);
      if (sandbox === undefined) return;
      const names = Array.from({ length: 60 }, (_, index) => `V${String(index)}`);
      const env = { PATH: '/usr/bin:/bin', ...Object.fromEntries(names.map((name) => [name, 'x'.repeat(20_000)])) };
      const run = await runShell(
        sandbox,
        { script: 'env | wc -c; head -c 3000000 /dev/zero | tr "\\0" a', env },
        testContext(t),
      );
      assert.ok(Number(run.stdout.slice(0, run.stdout.indexOf('\n'))) > 1_200_000);
      assert.equal(run.stdout.length - run.stdout.indexOf('\n') - 1, 3_000_000);
    });

    it('reads nothing from standard input', async (t) => {
      const sandbox = await strategy.open(t);
      if (sandbox === undefined) return;
      const run = await runShell(sandbox, { script: 'cat; echo end' }, testContext(t));
      assert.equal(run.stdout, 'end\n');
    });
  });
}
