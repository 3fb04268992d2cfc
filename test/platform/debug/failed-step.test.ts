import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { failedStep } from '../../../src/platform/debug/failed-step.ts';
import type { WatchedStep } from '../../../src/platform/debug/watch-steps.ts';
import type { SandboxExit, SandboxStep } from '../../../src/sandbox/sandbox.ts';

function ran(phase: SandboxStep['phase'], module: string, exit: number | SandboxExit): WatchedStep {
  return {
    step: { phase, module },
    exit: typeof exit === 'number' ? { kind: 'exited', code: exit } : exit,
    request: {
      root: { kind: 'host' },
      argv: ['/bin/x'],
      cwd: '/',
      env: {},
      mounts: [],
      network: 'host',
      onOutput: () => undefined,
    },
    output: '',
    saved: new Map(),
  };
}

const DETECT = [ran('detect', 'a@1', 100), ran('detect', 'b@1', 0), ran('detect', 'c@1', 3), ran('detect', 'd@1', 4)];
const BUILD = [...DETECT, ran('build', 'b@1', 0), ran('build', 'c@1', 0)];

describe('the step that ended a build', () => {
  it('is the last of build, also one whose files nobody can read', () => {
    assert.equal(failedStep(BUILD, 51)?.step.module, 'c@1');
    assert.equal(failedStep(BUILD, 52)?.step.phase, 'build');
  });

  it('is the first of detect that broke, else one that did not want the app, else the last', () => {
    assert.equal(failedStep(DETECT, 21)?.step.module, 'c@1');
    assert.equal(failedStep([ran('detect', 'b@1', 0), ran('detect', 'a@1', 100)], 20)?.step.module, 'a@1');
    assert.equal(failedStep([ran('detect', 'b@1', 0)], 20)?.step.module, 'b@1');
    const killed = ran('detect', 'k@1', { kind: 'signalled', signal: 'SIGKILL' });
    assert.equal(failedStep([ran('detect', 'a@1', 100), killed], 21)?.step.module, 'k@1');
  });

  it('is none when no buildpack is to blame', () => {
    assert.equal(failedStep(BUILD, 62), undefined);
    assert.equal(failedStep(BUILD, undefined), undefined);
    assert.equal(failedStep([], 51), undefined);
  });
});
