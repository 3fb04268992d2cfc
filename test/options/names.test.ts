import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseDigest } from '../../src/oci/digest.ts';
import { parseLocation } from '../../src/oci/location.ts';
import { formatPinned, layoutPath, parsePinned } from '../../src/options/names.ts';
import { nearest } from '../../src/options/nearest.ts';
import { parseOutput } from '../../src/options/output.ts';

const DIGEST = parseDigest(`sha256:${'1'.repeat(64)}`);

describe('names under -layout', () => {
  it('are paths of registry, repository and tag or digest (G-05, A-34)', () => {
    assert.equal(layoutPath('my/app', 'out'), 'out/index.docker.io/my/app/latest');
    assert.equal(layoutPath('run', '/l/'), '/l/index.docker.io/library/run/latest');
    assert.equal(layoutPath('r.example:5000/aa:1', '/l'), '/l/r.example:5000/aa/1');
    assert.equal(layoutPath(`r.example/aa@${DIGEST}`, '/l'), `/l/r.example/aa/sha256/${'1'.repeat(64)}`);
    assert.equal(layoutPath('/l/some/where', '/l'), '/l/some/where');
  });

  it('an image whose name merely begins like the directory is no path', () => {
    assert.equal(layoutPath('outside', 'out'), 'out/index.docker.io/library/outside/latest');
  });

  it('a pinned image survives analyzed.toml whatever its path (GAP-37)', () => {
    for (const dir of ['/l/A:5000/Upper/v1', '/l/x']) {
      const location = { kind: 'oci', dir, digest: DIGEST } as const;
      const text = formatPinned(location, { layoutDir: '/l' });
      assert.equal(text, `${dir}@${DIGEST}`);
      assert.deepEqual(parsePinned(text, { layoutDir: '/l' }), location);
      assert.deepEqual(parsePinned(text, {}), location);
    }
  });

  it('registry references and locations are pinned in their own grammar', () => {
    for (const text of [`r.example/aa@${DIGEST}`, `oci:dir@${DIGEST}`]) {
      assert.equal(formatPinned(parseLocation(text), {}), text);
      assert.deepEqual(parsePinned(text, {}), parseLocation(text));
    }
  });
});

describe('outputs', () => {
  it('carry settings after semicolons', () => {
    assert.deepEqual(parseOutput('oci:out;compression=gzip:6'), {
      text: 'oci:out;compression=gzip:6',
      location: { kind: 'oci', dir: 'out' },
      compression: 'gzip:6',
    });
    assert.equal(parseOutput('docker-archive:a.tar;name=acme/shop:1').name?.tag, '1');
    assert.deepEqual(parseOutput('oci:odd;name').location, { kind: 'oci', dir: 'odd;name' });
  });

  it('that cannot be written are refused', () => {
    for (const text of ['oci:out;zip=1', `oci:out@${DIGEST}`, 'docker-daemon:x', 'oci:out;media-types=oci'])
      assert.throws(() => parseOutput(text), text);
  });
});

describe('the nearest word', () => {
  it('is found for a slip of the finger only', () => {
    const words = ['buildpacks', 'build', 'output', 'order'];
    assert.equal(nearest('buidpacks', words), 'buildpacks');
    assert.equal(nearest('biuld', words), 'build');
    assert.equal(nearest('ouptut', words), 'output');
    assert.equal(nearest('zebra', words), undefined);
  });
});
