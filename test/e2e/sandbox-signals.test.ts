import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { builderBed } from '../support/builder-bed.ts';
import { finished, startSlipway } from '../support/program.ts';
import { processesWith } from '../support/sandbox.ts';
import { asAnother, buildWords } from '../support/sandboxed-build.ts';

const IS_ROOT = process.getuid?.() === 0;

/** Ignores what it can, leaves its group and session, and stays. */
const STAYER = (mark: string): string => `trap "" TERM INT HUP
setsid sleep ${mark} >/dev/null 2>&1 &
sleep ${mark} & echo ready; while :; do sleep ${mark}; done`;

describe('a build with a builder that is ended from outside', () => {
  for (const [index, [strategy, who]] of [
    ['bubblewrap', 'an ordinary user'] as const,
    ['unshare', 'an ordinary user'] as const,
    ['crun', 'an ordinary user'] as const,
    ['unshare', 'root'] as const,
    ['chroot', 'root'] as const,
  ].entries()) {
    it(`leaves no process, mount or file after Ctrl-C and, but for files, after kill -9: ${strategy}, ${who}`, async (t) => {
      if (who === 'root' && !IS_ROOT) {
        t.skip('only root can be root');
        return;
      }
      const mark = `600.${String(process.pid)}${String(index)}`;
      const bed = await builderBed(t, { buildpacks: [{ id: 'test/stayer', build: STAYER(mark) }] });
      if (bed === undefined) return;
      const options = who === 'root' ? bed.options : asAnother(bed);
      const temporary = (): readonly string[] =>
        readdirSync(bed.fixture.directory).filter((name) => name.startsWith('slipway.'));
      // Nothing outlives a kill -9 but under chroot, which says so.
      for (const signal of strategy === 'chroot' ? (['SIGINT'] as const) : (['SIGKILL', 'SIGINT'] as const)) {
        const child = startSlipway(buildWords(['--output', 'oci:out', '--sandbox', strategy]), options);
        const ended = finished(child);
        while (processesWith(mark).length < 2) {
          assert.equal(child.exitCode, null, 'it ended by itself');
          await delay(10);
        }
        assert.equal(temporary().length, 1, 'an earlier build’s temporary files are still there');
        child.kill(signal);
        const { code, stderr } = await ended;
        for (let round = 0; signal === 'SIGKILL' && processesWith(mark).length > 0 && round < 200; round += 1)
          await delay(10);
        assert.deepEqual(processesWith(mark), [], stderr);
        assert.equal(readFileSync('/proc/self/mountinfo', 'utf8').includes(bed.fixture.directory), false);
        if (signal === 'SIGKILL') continue;
        assert.equal(code, 130, stderr);
        assert.deepEqual(temporary(), []);
      }
    });
  }
});
