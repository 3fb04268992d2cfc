import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { selectImage } from '../../src/store/select.ts';
import { openLayout } from '../../src/store/layout/layout-source.ts';
import { validateStore } from '../../src/store/validate.ts';
import { parseLocation } from '../../src/oci/location.ts';
import { architectureOf } from '../../src/oci/platform.ts';
import { findInLayers } from '../../src/layer/find-file.ts';
import { temporaryDirectory, testContext } from '../support/context.ts';

describe('the base images made from this machine', () => {
  it('are the same each time, sound, and have a shell, Node and, for builders, npm', async (test) => {
    const directory = temporaryDirectory(test);
    const [first, second] = ['first', 'second'].map((name) => {
      const made = run(test, ['scripts/run-image/make.mjs', join(directory, name)]);
      assert.equal(made.code, 0, made.output);
      return made.output.match(/sha256:[0-9a-f]{64}/g);
    });
    assert.equal(first?.length, 2);
    assert.deepEqual(second, first);
    const ctx = testContext(test);
    const layout = openLayout(join(directory, 'first'));
    assert.deepEqual(await validateStore(layout, ctx), []);
    for (const [at, name] of ['run', 'build'].entries()) {
      const location = parseLocation(`oci:${join(directory, 'first')}:${name}`);
      const options = { role: 'run image', hostArchitecture: architectureOf(process.arch) } as const;
      const image = await selectImage(layout, location, ctx, options);
      assert.equal(image.manifestDigest, first[at]);
      const found = await findInLayers(image.layers, ['/bin/sh', '/usr/bin/node', '/usr/bin/npm', '/nothing'], ctx);
      assert.notEqual(found['/bin/sh'], 'absent');
      assert.notEqual(found['/usr/bin/node'], 'absent');
      assert.equal(found['/usr/bin/npm'] === 'absent', name === 'run');
      assert.equal(found['/nothing'], 'absent');
    }
  });
});

describe('the demo', () => {
  it('makes an image, starts it, changes one line and finds one layer changed, with an empty home', (test) => {
    const work = temporaryDirectory(test);
    const demo = run(test, ['scripts/demo.mjs', '--no-build', '--work', join(work, 'demo')]);
    if (demo.code !== 0 && /ENOTFOUND|ECONNREFUSED|EAI_AGAIN|ETIMEDOUT/.test(demo.output)) {
      assert.equal(process.env['SLIPWAY_REQUIRE_PEERS'], undefined, demo.output);
      test.skip('the npm registry cannot be reached');
      return;
    }
    assert.equal(demo.code, 0, demo.output);
    assert.match(demo.output, /All is well/);
    assert.match(demo.output, /docker load -i /);
    assert.match(demo.output, /slipway builder create|a builder image needs a sandbox/);
  });
});

/** A script of the project, run with an empty home directory. */
function run(test: TestContext, args: readonly string[]): { readonly code: number | null; readonly output: string } {
  const home = join(temporaryDirectory(test), 'home');
  mkdirSync(home);
  const result = spawnSync(process.execPath, args, { encoding: 'utf8', env: { ...process.env, HOME: home } });
  return { code: result.status, output: `${result.stdout}${result.stderr}` };
}
