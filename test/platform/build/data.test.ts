import assert from 'node:assert/strict';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { parseVolume } from '../../../src/options/build/volume.ts';
import { bindingMounts } from '../../../src/platform/build/bindings.ts';
import { checkVolumes } from '../../../src/platform/build/volumes.ts';
import { temporaryDirectory } from '../../support/context.ts';
import { failureOf, rejectionOf } from '../../support/failure.ts';

describe('what a build is shown of this machine', () => {
  it('two volumes cannot have one target, nor lie over the app', () => {
    const cases: readonly (readonly [readonly string[], string, RegExp])[] = [
      [['./a:/b', './c:/b/'], '/workspace', /\/b is mounted twice/],
      [['./a:/workspace'], '/workspace', /the app is at \/workspace/],
      [['./a:/srv'], '/srv/app', /the app is at \/srv\/app/],
    ];
    for (const [texts, workspace, message] of cases)
      assert.match(failureOf(() => checkVolumes(texts.map(parseVolume), workspace)).message, message);
    checkVolumes([parseVolume('./a:/workspace/node_modules')], '/workspace');
  });

  it('a binding needs a type of its own that can be read', async (t) => {
    const cwd = temporaryDirectory(t);
    writeFileSync(join(cwd, 'file'), '');
    writeFileSync(join(cwd, 'outside'), 'maven');
    for (const name of ['none', 'empty', 'away', 'loop']) mkdirSync(join(cwd, name));
    writeFileSync(join(cwd, 'empty', 'type'), ' \n');
    symlinkSync('../outside', join(cwd, 'away', 'type'));
    symlinkSync('type', join(cwd, 'loop', 'type'));
    const cases: readonly (readonly [string, string, RegExp])[] = [
      ['missing', 'FILE_NOT_FOUND', /--binding x: there is no directory missing/],
      ['file', 'FILE_INVALID', /--binding x=file: it is no directory/],
      ['none', 'FILE_INVALID', /it has no file type that can be read/],
      ['empty', 'FILE_INVALID', /its file type is empty/],
      ['away', 'FILE_INVALID', /its file type is a link that leads out of it/],
      ['loop', 'FILE_INVALID', /it has no file type that can be read/],
    ];
    for (const [directory, code, message] of cases) {
      const error = await rejectionOf(bindingMounts([{ name: 'x', directory }], cwd));
      assert.deepEqual([error.code, error.exit], [code, 3]);
      assert.match(error.message, message);
    }
  });
});
