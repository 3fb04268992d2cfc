import assert from 'node:assert/strict';
import { renameSync, writeFileSync, mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { KeptStep } from '../../../src/platform/debug/kept-step.ts';
import { readStep, writeStep } from '../../../src/platform/debug/step-codec.ts';
import { temporaryDirectory } from '../../support/context.ts';
import { rejectionOf } from '../../support/failure.ts';

function stepIn(directory: string): KeptStep {
  return {
    step: { phase: 'build', module: 'acme/node@1.0.0' },
    image: 'shop',
    time: '2026-01-01T00:00:00.000Z',
    directory,
    uid: 1000,
    sandbox: 'bubblewrap',
    mapsPaths: true,
    failure: 'exit status 7',
    request: {
      root: { kind: 'directory', path: '/cache/rootfs/x/root' },
      argv: ['/cnb/bin/build', '/layers/acme_node'],
      cwd: '/workspace',
      env: { A: '1' },
      mounts: [{ source: join(directory, 'work/layers'), target: '/layers', writable: true }],
      network: 'none',
      user: { uid: 1001, gid: 1002 },
    },
    limits: { memoryBytes: 1000 },
    builder: 'oci:builder@sha256:00',
    leftOut: { variables: ['HTTPS_PROXY'], mounts: ['/run/secrets/token'] },
  };
}

async function refused(directory: string, code: string, message: RegExp): Promise<void> {
  const error = await rejectionOf(readStep(directory));
  assert.equal(error.code, code);
  assert.match(error.message, message);
}

describe('a kept step', () => {
  it('is read as it was written, by its owner alone', async (t) => {
    const directory = temporaryDirectory(t);
    await writeStep(stepIn(directory));
    assert.deepEqual(await readStep(directory), stepIn(directory));
    assert.equal(statSync(join(directory, 'step.json')).mode & 0o777, 0o600);
  });

  it('that was moved has its own directories where it is now', async (t) => {
    const [from, to] = [join(temporaryDirectory(t), 'from'), join(temporaryDirectory(t), 'to')];
    mkdirSync(from);
    await writeStep(stepIn(from));
    renameSync(from, to);
    assert.deepEqual(await readStep(to), stepIn(to));
  });

  it('that is none is refused, with what is wrong', async (t) => {
    const directory = temporaryDirectory(t);
    await refused(directory, 'FILE_NOT_FOUND', /holds no kept build/);
    writeFileSync(join(directory, 'step.json'), '{"v":1,"step":{"phase":"rebase","module":"a@1"}}');
    await refused(directory, 'FILE_INVALID', /is none that runs buildpacks/);
    writeFileSync(join(directory, 'step.json'), 'no json');
    await refused(directory, 'FILE_INVALID', /step\.json/);
  });
});
