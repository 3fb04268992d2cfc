import assert from 'node:assert/strict';
import { chmodSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import type { Fault } from '../../src/registryd/fault.ts';
import { lifecycleBed, putRunImage, type LifecycleBed } from '../support/lifecycle-bed.ts';

const GROUP = '[[group]]\n  id = "test/hello"\n  version = "1.0.0"\n  api = "0.12"\n';
const DENIED: Fault = { kind: 'answer', status: 403, body: '{"errors":[{"code":"DENIED","message":"not for you"}]}' };

interface Scene extends LifecycleBed {
  /** From here on the registry refuses every manifest. */
  readonly close: () => void;
}

/** A run image that was analyzed, and a group to restore for. */
async function analyzed(t: TestContext): Promise<Scene> {
  let isClosed = false;
  const bed = await lifecycleBed(t, {
    intercept: ({ path }) => (isClosed && path.includes('/manifests/') ? DENIED : undefined),
  });
  await putRunImage(bed);
  const result = await bed.run('analyzer', ['-run-image', `${bed.registry}/base/run:1`, `${bed.registry}/shop`]);
  assert.equal(result.code, 0, result.stdout);
  bed.write('layers/group.toml', GROUP);
  bed.requests.length = 0;
  return { ...bed, close: () => (isClosed = true) };
}

function runToml(image: string, mirrors: readonly string[] = []): string {
  return `[[images]]\n  image = "${image}"\n  mirrors = [${mirrors.map((mirror) => `"${mirror}"`).join(', ')}]\n`;
}

describe('the restorer looks at the run image again (contract §10.1)', () => {
  it('one of run.toml that can be read: by its digest, and analyzed.toml stays as it was (R-31)', async (t) => {
    const s = await analyzed(t);
    s.write('run.toml', runToml(`${s.registry}/base/run:1`));
    const before = s.text('layers/analyzed.toml');
    const result = await s.run('restorer', ['-run', 'run.toml', '-log-level', 'debug']);
    assert.equal(result.code, 0, result.stdout);
    const digest = /@(sha256:[0-9a-f]{64})/.exec(before)?.[1] ?? '';
    const reference = `${s.registry}/base/run@${digest}`;
    const target = '{"os":"linux","arch":"amd64","distro":{"name":"test","version":"1"}}';
    assert.ok(
      result.stdout.includes(
        'Run image info in analyzed metadata is: \n' +
          `{"Reference":"${reference}","Image":"${s.registry}/base/run:1","Extend":false,"target":${target}}\n`,
      ),
      result.stdout,
    );
    assert.ok(s.requests.length > 0);
    assert.deepEqual(
      s.requests.filter(({ path }) => path.endsWith('/manifests/1')),
      [],
      'the tag is not asked again',
    );
    assert.equal(s.text('layers/analyzed.toml'), before);
  });

  it('one of run.toml, as a mirror, that cannot be read: exit 1, its name and the registry’s answer (R-31)', async (t) => {
    const s = await analyzed(t);
    s.close();
    s.write('run.toml', runToml('elsewhere.example/base/run:1', [`${s.registry}/base/run:1`]));
    const result = await s.run('restorer', ['-run', 'run.toml']);
    assert.equal(result.code, 1);
    assert.ok(
      result.stdout.includes(`ERROR: selected run image '${s.registry}/base/run:1' is not accessible\n`),
      result.stdout,
    );
    assert.match(result.stdout, /403/);
  });

  it('one that run.toml does not have is taken untested (R-31)', async (t) => {
    const s = await analyzed(t);
    s.close();
    s.write('run.toml', runToml('elsewhere.example/base/run:1'));
    assert.equal((await s.run('restorer', ['-run', 'run.toml'])).code, 0);
    assert.equal((await s.run('restorer', [], { CNB_RUN_PATH: 'run.toml' })).code, 0);
    assert.deepEqual(s.requests, []);
  });

  it('without run.toml: a line about it, and nothing is asked', async (t) => {
    const s = await analyzed(t);
    const result = await s.run('restorer', ['-run', 'nowhere.toml']);
    assert.equal(result.code, 0);
    assert.match(result.stdout, /^No run metadata found at path ".*nowhere\.toml"$/m);
    assert.deepEqual(s.requests, []);
  });

  it('the same under Platform API 0.14', async (t) => {
    const s = await analyzed(t);
    s.close();
    s.write('run.toml', runToml(`${s.registry}/base/run:1`));
    assert.equal((await s.run('restorer', ['-run', 'run.toml'], { CNB_PLATFORM_API: '0.14' })).code, 1);
  });
});

describe('the restorer and analyzed.toml', () => {
  it('that is missing: a warning, and one without images is written (R-32)', async (t) => {
    const bed = await lifecycleBed(t);
    bed.write('layers/group.toml', GROUP);
    const result = await bed.run('restorer', ['-log-level', 'debug']);
    assert.equal(result.code, 0, result.stdout);
    assert.match(result.stdout, /^Warning: No analyzed metadata found at path ".*analyzed\.toml"$/m);
    assert.ok(result.stdout.includes('Run image info in analyzed metadata is: \nnull\n'), result.stdout);
    assert.match(bed.text('layers/analyzed.toml'), /^\[image\]\n {2}reference = ""\n\n\[metadata\]\n/);
    assert.doesNotMatch(bed.text('layers/analyzed.toml'), /^\[run-image\]/m);
  });

  it('that cannot be read: a warning with the place, and it stays as it is', async (t) => {
    const bed = await lifecycleBed(t);
    bed.write('layers/group.toml', GROUP);
    bed.write('layers/analyzed.toml', '[run-image\n');
    const result = await bed.run('restorer', []);
    assert.equal(result.code, 0, result.stdout);
    assert.match(
      result.stdout,
      /^Warning: Not using analyzed data, usable file not found: failed to read analyzed file: .*analyzed\.toml:1:11: /m,
    );
    assert.equal(bed.text('layers/analyzed.toml'), '[run-image\n');
  });
});

describe('the restorer and its inputs', () => {
  it('takes no arguments: exit 3 (R-01)', async (t) => {
    const bed = await lifecycleBed(t);
    const result = await bed.run('restorer', ['image']);
    assert.equal(result.code, 3);
    assert.match(result.stdout, /^ERROR: failed to parse arguments: received unexpected Args$/m);
  });

  it('without a cache warns and ends well (R-02)', async (t) => {
    const bed = await lifecycleBed(t);
    bed.write('layers/group.toml', GROUP);
    const result = await bed.run('restorer', []);
    assert.equal(result.code, 0, result.stdout);
    assert.match(result.stdout, /^Warning: No cached data will be used, no cache specified\.$/m);
  });

  it('without group.toml ends with exit 1 and its name (R-03)', async (t) => {
    const bed = await lifecycleBed(t);
    const result = await bed.run('restorer', ['-cache-dir', 'cache']);
    assert.equal(result.code, 1);
    assert.match(result.stdout, /^ERROR: failed to read group file: .*layers\/group\.toml/m);
  });

  it('makes a cache directory that is missing, for its user (R-36, GAP-3)', async (t) => {
    const bed = await lifecycleBed(t);
    bed.write('layers/group.toml', GROUP);
    const result = await bed.run('restorer', ['-cache-dir', 'below/cache']);
    assert.equal(result.code, 0, result.stdout);
    assert.ok(statSync(join(bed.directory, 'below/cache')).isDirectory());
  });

  it('names a file in the place of a buildpack’s directory: exit 42 (R-34)', async (t) => {
    const bed = await lifecycleBed(t);
    bed.write('layers/group.toml', GROUP);
    bed.write('layers/test_hello', 'a file');
    const result = await bed.run('restorer', []);
    assert.equal(result.code, 42, result.stdout);
    assert.match(result.stdout, /^ERROR: failed to restore: .*layers\/test_hello/m);
    assert.equal(bed.text('layers/test_hello'), 'a file');
  });
});

describe('the restorer and insecure registries', () => {
  /** Loopback by a name that does not say so: only a list makes it plain HTTP. */
  const outside = (host: string): string => host.replace(/^[^:]+/, '0.0.0.0');

  it('the list holds for the cache image and for the analyzed run image (R-27)', async (t) => {
    const bed = await analyzed(t);
    const host = outside(bed.registry);
    bed.write('layers/analyzed.toml', bed.text('layers/analyzed.toml').replaceAll(bed.registry, host), 0o666);
    bed.write('run.toml', runToml(`${host}/base/run:1`));
    const args = ['-run', 'run.toml', '-cache-image', `${host}/cache`];
    const refused = await bed.run('restorer', args);
    assert.equal(refused.code, 1, refused.stdout);
    assert.equal(bed.requests.length, 0, 'nothing is said in plain text');
    const taken = await bed.run('restorer', ['-insecure-registry', host, ...args]);
    assert.equal(taken.code, 0, taken.stdout);
    const paths = bed.requests.map(({ path }) => path);
    for (const name of ['base/run', 'cache'])
      assert.ok(
        paths.some((path) => path.startsWith(`/v2/${name}/manifests/`)),
        `${name} in ${paths.join(' ')}`,
      );
    assert.doesNotMatch(taken.stdout, /is not used/);
  });
});

describe('the restorer and a cache that is wrong or half-written', () => {
  for (const [what, flag, at, text] of [
    ['the root of a cache folder', 'cache-dir', 'cache/roots/build.json', '{"version":1,"metad'],
    ['metadata of the Go lifecycle', 'cache-dir', 'cache/committed/io.buildpacks.lifecycle.cache.metadata', '{"build'],
    [
      'metadata of another shape',
      'cache-dir',
      'cache/roots/build.json',
      '{"version":1,"metadata":{"buildpacks":7},"layers":{}}',
    ],
    ['the index of a layout', 'cache-image', 'cache/index.json', '{"schemaVersion":2,"mani'],
    ['an archive', 'cache-image', 'cache.tar', 'half a tar'],
  ] as const)
    it(`${what}: a warning that says what is ignored, exit 0 (R-22, R-26)`, async (t) => {
      const bed = await lifecycleBed(t);
      bed.write('layers/group.toml', GROUP);
      bed.write(at, text);
      const isLayout = at.endsWith('index.json');
      if (isLayout) bed.write('cache/oci-layout', '{"imageLayoutVersion":"1.0.0"}');
      for (const part of [dirname(at), at.split('/')[0] ?? '']) chmodSync(join(bed.directory, part), 0o777);
      const location = isLayout ? 'oci:cache' : at.endsWith('.tar') ? 'oci-archive:cache.tar' : 'cache';
      const result = await bed.run('restorer', [`-${flag}`, location]);
      assert.equal(result.code, 0, result.stdout);
      assert.match(result.stdout, /^Warning: the cache .*cache.* is not used: .+$/m);
      assert.equal(result.stdout.match(/is not used/g)?.length, 1);
    });
});
