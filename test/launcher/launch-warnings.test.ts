import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { BuildMetadata } from '../../src/cnb/process.ts';
import type { LaunchLayer, LayerItem } from '../../src/launcher/launch-layer.ts';
import { layerWarnings, processWarnings, shellWarnings } from '../../src/launcher/launch-warnings.ts';
import { launchProcess } from '../support/launched.ts';

const ALL = { hasShell: true, hasBash: true, hasEnv: true, hasXargs: true };
const METADATA: BuildMetadata = {
  buildpacks: [],
  extensions: [],
  labels: [],
  processes: [launchProcess('web', ['serve']), launchProcess('script', ['echo $X'], { direct: false })],
  slices: [],
};

describe('warnings of what fails at start', () => {
  it('name exec.d files that cannot be executed and values with a NUL', () => {
    const layer = layerOf({
      'exec.d/good': { kind: 'file', isExecutable: true },
      'exec.d/bad': { kind: 'file', isExecutable: false },
      'exec.d/web/bad': { kind: 'file', isExecutable: false },
      'exec.d/gone/bad': { kind: 'file', isExecutable: false },
      'exec.d/link': { kind: 'other' },
      'env/NUL': text('a\0'),
      'env/GOOD': text('a'),
      'env.launch/web/NUL': text('\0'),
    });
    assert.deepEqual(layerWarnings([layer], METADATA), [
      '/layers/a/l/exec.d/bad is not executable: the launch will fail',
      '/layers/a/l/exec.d/web/bad is not executable: the launch will fail',
      '/layers/a/l/env/NUL has a NUL, which no variable can hold',
      '/layers/a/l/env.launch/web/NUL has a NUL, which no variable can hold',
    ]);
  });

  it('name processes that need bash where there is none', () => {
    assert.deepEqual(processWarnings(METADATA, ALL, 'shell'), []);
    const without = { ...ALL, hasBash: false };
    assert.deepEqual(processWarnings(METADATA, without, 'builder'), [
      'the process script needs /bin/bash, which the run image does not have: it cannot start. Choose a run image with bash, or make the process direct',
    ]);
    assert.deepEqual(processWarnings(METADATA, without, 'shell'), [
      'the process script needs /bin/bash, which the run image does not have: /bin/sh will run it, which knows less',
    ]);
  });

  it('name what the shell launcher misses in the run image', () => {
    const layer = layerOf({ 'env/FOO-BAR': text('x'), 'env/GOOD.append': text('x'), 'profile.d/a.sh': text('') });
    assert.deepEqual(shellWarnings([layer], METADATA, ALL), [
      '/layers/a/l/env/FOO-BAR names a variable that no shell can hold: only a process that is started directly is sure to get it',
    ]);
    assert.deepEqual(
      shellWarnings([layer], METADATA, { hasShell: true, hasBash: false, hasEnv: false, hasXargs: false }),
      [
        '/layers/a/l/env/FOO-BAR names a variable that no shell can hold, and the run image has no env program: the launch will fail',
        '/layers/a/l/profile.d/a.sh is for bash, which the run image does not have: /bin/sh will read it',
        'the run image has no xargs: variables given at run time whose names hold dots or dashes will be lost',
      ],
    );
  });
});

function layerOf(items: Readonly<Record<string, LayerItem>>): LaunchLayer {
  return { id: 'a:l', path: '/layers/a/l', items: new Map(Object.entries(items)) };
}

function text(value: string): LayerItem {
  return { kind: 'file', isExecutable: false, bytes: Buffer.from(value) };
}
