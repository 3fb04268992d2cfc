import assert from 'node:assert/strict';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { openModules } from '../../src/workspace/buildpacks.ts';
import { temporaryDirectory } from '../support/context.ts';
import { rejectionOf } from '../support/failure.ts';
import { writeBuildpacks } from '../support/sample-buildpacks.ts';

describe('looking modules up', () => {
  it('reads the descriptor and what programs there are', async (t) => {
    const directory = temporaryDirectory(t);
    writeBuildpacks(directory, [{ id: 'a/b', version: '1.2.3', build: 'true' }]);
    const module = await openModules(directory, 'buildpack').find('a/b', '1.2.3');
    assert.equal(module.root, join(directory, 'a_b', '1.2.3'));
    assert.deepEqual([module.hasBuild, module.hasDetect, module.hasGenerate], [true, true, false]);
    assert.deepEqual(module.targets, [{ os: 'linux', arch: '', archVariant: '', distros: [] }]);
  });

  it('remembers its answers', async (t) => {
    const directory = temporaryDirectory(t);
    writeBuildpacks(directory, [{ id: 'a', build: 'true' }]);
    const finder = openModules(directory, 'buildpack');
    const first = await finder.find('a', '1.0.0');
    rmSync(directory, { recursive: true });
    assert.equal(await finder.find('a', '1.0.0'), first);
  });

  it('says what is there instead of a missing one', async (t) => {
    const directory = temporaryDirectory(t);
    writeBuildpacks(directory, [
      { id: 'a/b', version: '1.0.0', build: 'true' },
      { id: 'a/b', version: '2.0.0', build: 'true' },
    ]);
    const finder = openModules(directory, 'buildpack');
    const version = await rejectionOf(finder.find('a/b', '3'));
    assert.equal(version.code, 'BUILDPACK_NOT_FOUND');
    assert.equal(version.exit, 1);
    assert.equal(
      version.message,
      `failed to initialize detector: open ${join(directory, 'a_b/3/buildpack.toml')}: no such file or directory`,
    );
    assert.deepEqual(version.hint, { kind: 'text', text: 'a/b is there as 1.0.0, 2.0.0' });
    const id = await rejectionOf(finder.find('x', '1'));
    assert.match(JSON.stringify(id.hint), /has a_b/);
    const none = await rejectionOf(openModules(join(directory, 'none'), 'extension').find('x', '1'));
    assert.match(JSON.stringify(none.hint), /empty or does not exist/);
  });

  it('never leaves its directory', async (t) => {
    const directory = temporaryDirectory(t);
    mkdirSync(join(directory, 'in', 'a', '1'), { recursive: true });
    writeFileSync(join(directory, 'buildpack.toml'), '[buildpack]\nid = "x"\nversion = "1"');
    const finder = openModules(join(directory, 'in'), 'buildpack');
    for (const [id, version] of [
      ['a', '../..'],
      ['..', '.'],
      ['', ''],
      ['a', '1/../../..'],
    ] as const) {
      assert.equal((await rejectionOf(finder.find(id, version))).code, 'BUILDPACK_NOT_FOUND');
    }
  });

  it('names the place in a broken descriptor', async (t) => {
    const directory = temporaryDirectory(t);
    mkdirSync(join(directory, 'a', '1'), { recursive: true });
    writeFileSync(join(directory, 'a', '1', 'buildpack.toml'), '[buildpack]\nid = ');
    const error = await rejectionOf(openModules(directory, 'buildpack').find('a', '1'));
    assert.equal(error.code, 'FILE_INVALID');
    assert.match(error.message, /^failed to initialize detector: .*a\/1\/buildpack\.toml:2:6: /);
  });
});
