import assert from 'node:assert/strict';
import { chmodSync, lstatSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { Machine } from '../../src/platform/machine.ts';
import { ensurePrivileges, homeOf, refuseRoot } from '../../src/platform/privileges.ts';
import { temporaryDirectory } from '../support/context.ts';
import { failureOf, rejectionOf } from '../support/failure.ts';

const OWNER = { uid: 1234, gid: 1235 };
const isRoot = process.getuid?.() === 0;

describe('privileges', () => {
  it('without root the ids are owners in headers only', async (t) => {
    const became: unknown[] = [];
    const directory = temporaryDirectory(t);
    await ensurePrivileges([directory], OWNER, machineOf(1000, became));
    assert.deepEqual(became, []);
    assert.notEqual(lstatSync(directory).uid, OWNER.uid);
  });

  it(
    'root gives away what its user cannot write, links themselves, and becomes that user (A-27)',
    { skip: !isRoot && 'not root' },
    async (t) => {
      const became: unknown[] = [];
      const directory = temporaryDirectory(t);
      mkdirSync(join(directory, 'sub'));
      writeFileSync(join(directory, 'sub/file'), '');
      symlinkSync('/etc/passwd', join(directory, 'sub/link'));
      await ensurePrivileges([directory, undefined, join(directory, 'missing')], OWNER, machineOf(0, became));
      for (const path of ['', 'sub', 'sub/file', 'sub/link'])
        assert.deepEqual(
          [lstatSync(join(directory, path)).uid, lstatSync(join(directory, path)).gid],
          [1234, 1235],
          path,
        );
      assert.equal(lstatSync('/etc/passwd').uid, 0);
      assert.deepEqual(became, [[1234, 1235]]);
    },
  );

  it('a directory that anybody may write to is left alone', { skip: !isRoot && 'not root' }, async (t) => {
    const directory = join(temporaryDirectory(t), 'open');
    mkdirSync(directory);
    chmodSync(directory, 0o777);
    await ensurePrivileges([directory], OWNER, machineOf(0, []));
    assert.equal(lstatSync(directory).uid, 0);
  });

  it('a change of user that fails is told with both ids', async () => {
    const machine: Machine = {
      ...machineOf(0, []),
      becomeUser: () => {
        throw new Error('operation not permitted');
      },
    };
    const error = await rejectionOf(ensurePrivileges([], OWNER, machine));
    assert.equal(error.message, 'failed to exec as user 1234:1235: operation not permitted');
    assert.equal(error.exit, 1);
  });

  it('detector and builder refuse root (D-02)', () => {
    const error = failureOf(() => refuseRoot(machineOf(0, []), 'detect'));
    assert.deepEqual([error.message, error.exit], ['failed to detect: refusing to run as root', 1]);
    refuseRoot(machineOf(1000, []), 'build');
  });

  it('a user without entry in passwd has no home', async () => {
    assert.deepEqual(await homeOf(0), { home: '/root', user: 'root' });
    assert.equal((await rejectionOf(homeOf(4_000_000))).code, 'PRIVILEGE');
  });
});

function machineOf(uid: number, became: unknown[]): Machine {
  return {
    env: {},
    home: undefined,
    cwd: '/',
    tmp: '/tmp',
    architecture: 'amd64',
    platform: 'linux',
    uid,
    gid: uid,
    becomeUser: (...ids) => void became.push(ids),
  };
}
