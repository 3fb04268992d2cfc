import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { hashLayer } from '../../src/layer/hash.ts';
import { planSlices } from '../../src/layer/slices.ts';
import { temporaryDirectory, testContext } from '../support/context.ts';
import { unpackGoldenApp, virtualPlace } from '../support/layer-tree.ts';

/** The paths of each layer; `.` is the app directory. */
async function plan(
  t: TestContext,
  files: readonly string[],
  ...slices: readonly (readonly string[])[]
): Promise<unknown> {
  const app = temporaryDirectory(t);
  for (const file of files) {
    if (file.endsWith('/')) mkdirSync(join(app, file), { recursive: true });
    else {
      mkdirSync(dirname(join(app, file)), { recursive: true });
      writeFileSync(join(app, file), file);
    }
  }
  symlinkSync('public', join(app, 'link'));
  const sources = await planSlices(
    virtualPlace('/workspace', app),
    slices.map((paths) => ({ paths })),
    testContext(t),
  );
  return sources.map((source) => {
    assert.equal(source.kind, 'slice');
    return source.paths === 'all' ? 'all' : source.paths.map((path) => path || '.').join(' ');
  });
}

const FILES = ['public/a.css', 'public/sub/b.css', 'public/x.html', 'vendor/x/lib.js', 'top.txt', 'empty/'];

describe('planSlices', () => {
  it('gives the diffIDs of the recorded run registry-5phase, a slice that takes nothing among them (E-18, E-20)', async (t) => {
    const app = temporaryDirectory(t);
    unpackGoldenApp('app-v1.tar', app);
    chmodSync(app, 0o755);
    const ctx = testContext(t);
    const slices = [{ paths: ['public/*.css', 'vendor'] }, { paths: ['public'] }, { paths: ['does-not-exist'] }];
    const sources = await planSlices(virtualPlace('/workspace', app), slices, ctx);
    const diffIds = await Promise.all(sources.map((source) => hashLayer(source, ctx)));
    assert.deepEqual(diffIds, [
      'sha256:10748ceafe999487d48f78e4b7b7af6653823c99c216ffbfaf16d33c28e2fbbc',
      'sha256:e5a48a843ce7362f401ff08c39120fb4b46e1e55d9f8ee56f628e7fa94385414',
      'sha256:5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef',
      'sha256:605ad25cfee4c7c4f3e1c38a9b8816b5ee73d2f62c349ae38353014556d8c005',
    ]);
  });

  it('without slices is the whole app, as one with a slice that takes nothing', async (t) => {
    const app = temporaryDirectory(t);
    unpackGoldenApp('app-v1.tar', app);
    const ctx = testContext(t);
    const place = virtualPlace('/workspace', app);
    const [all] = await planSlices(place, [], ctx);
    const [, rest] = await planSlices(place, [{ paths: ['nothing'] }], ctx);
    assert.ok(all !== undefined && rest !== undefined);
    assert.equal(await hashLayer(all, ctx), await hashLayer(rest, ctx));
  });

  it('takes whole subtrees, brings the directories above, and leaves the rest (E-18, E-19)', async (t) => {
    assert.deepEqual(await plan(t, FILES, ['public/sub']), [
      '. public public/sub public/sub/b.css',
      '. empty link public public/a.css public/x.html top.txt vendor vendor/x vendor/x/lib.js',
    ]);
  });

  it('does not take twice, and does not repeat a directory whose children are all taken (E-21)', async (t) => {
    assert.deepEqual(await plan(t, FILES, ['public/*.css', 'vendor/x/*'], ['public/*'], ['vendor', 'public']), [
      '. public public/a.css vendor vendor/x vendor/x/lib.js',
      '. public public/sub public/sub/b.css public/x.html',
      '',
      '. empty link top.txt',
    ]);
  });

  it('leaves an empty rest when the slices take all', async (t) => {
    assert.deepEqual(await plan(t, ['a', 'b/c'], ['*']), ['. a b b/c link', '']);
    assert.deepEqual(await plan(t, ['a', 'b/c'], ['.']), ['. a b b/c link', '']);
  });

  it('reads an absolute glob below the app as one in the app, and one elsewhere as nothing (GAP-27)', async (t) => {
    assert.deepEqual(await plan(t, ['a', 'b'], ['/workspace/a'], ['/other/b', '/workspace2/b', '../b']), [
      '. a',
      '',
      '. b link',
    ]);
  });

  it('does not follow links nor cross slashes, and keeps ".*" to files in the app (E-18)', async (t) => {
    assert.deepEqual(await plan(t, ['public/a', '.env', 'x/.hid'], ['link/*', '*/a?', '.*']), [
      '. .env',
      '. link public public/a x x/.hid',
    ]);
  });

  it('takes a directory by a path with a slash at its end, and knows no pattern in the path of the app (E-18)', async (t) => {
    assert.deepEqual(await plan(t, ['public/a', 'top'], ['public/', './top//']), ['. public public/a top', '. link']);
    const parent = temporaryDirectory(t);
    const files = async (name: string, ...paths: readonly string[]): Promise<readonly unknown[]> => {
      const app = join(parent, name);
      mkdirSync(app, { recursive: true });
      for (const file of ['a', 'b', 'é x', '[a]']) writeFileSync(join(app, file), '');
      const sources = await planSlices(virtualPlace(`/${name}`, app), [{ paths }], testContext(t));
      return sources.map((source) => (source.kind === 'slice' ? source.paths : source.kind));
    };
    const bytes = Buffer.from('é x').toString('latin1');
    for (const name of ['we[ir]d', 'all*', 'on?e', 'back\\slash', 'sp ace é', '[']) {
      assert.deepEqual(await files(name, 'a', `/${name}/b`), [
        ['', 'a', 'b'],
        ['', '[a]', bytes],
      ]);
    }
    assert.deepEqual(await files('two', '\\[a\\]', 'é*'), [
      ['', '[a]', bytes],
      ['', 'a', 'b'],
    ]);
  });

  it('names a bad pattern', async (t) => {
    await assert.rejects(plan(t, ['a'], ['a', 'x[']), {
      code: 'BUILDPACK_INVALID',
      message: '"x[" is not a valid slice path: syntax error in pattern',
    });
  });
});
