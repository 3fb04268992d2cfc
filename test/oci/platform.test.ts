import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { architectureOf, formatPlatform, parsePlatform, platformScore } from '../../src/oci/platform.ts';

const score = (offered: string, wanted: string): number => platformScore(parsePlatform(offered), parsePlatform(wanted));

describe('platforms', () => {
  it('are written os/architecture[/variant]', () => {
    assert.deepEqual(parsePlatform('linux/arm/v7'), { os: 'linux', architecture: 'arm', variant: 'v7' });
    assert.equal(formatPlatform(parsePlatform('linux/amd64')), 'linux/amd64');
    assert.equal(formatPlatform({ os: '', architecture: '' }), 'unknown/unknown');
    for (const text of ['', 'linux', 'linux/', '/amd64', 'linux/arm/v7/x', 'Linux/amd64', 'linux/arm/'])
      assert.throws(() => parsePlatform(text), { code: 'ARGUMENT_INVALID' }, text);
  });

  it('have Go’s names of architectures', () => {
    assert.equal(architectureOf('x64'), 'amd64');
    assert.equal(architectureOf('ppc64'), 'ppc64le');
    assert.equal(architectureOf('mips'), 'mips');
  });

  it('never match across os or architecture', () => {
    assert.equal(score('linux/amd64', 'linux/arm64'), 0);
    assert.equal(score('windows/amd64', 'linux/amd64'), 0);
    assert.equal(score('linux/arm', 'linux/arm64'), 0);
  });

  it('arm64 and arm64/v8 are the same, amd64 and amd64/v1 too (contract GAP-2)', () => {
    assert.equal(score('linux/arm64', 'linux/arm64/v8'), 100);
    assert.equal(score('linux/arm64/v8', 'linux/arm64'), 100);
    assert.equal(score('linux/amd64/v1', 'linux/amd64'), 100);
  });

  it('an ARM runs what lower variants offer, the nearest first, and nothing higher', () => {
    assert.ok(score('linux/arm/v7', 'linux/arm/v7') > score('linux/arm/v6', 'linux/arm/v7'));
    assert.ok(score('linux/arm/v6', 'linux/arm/v7') > score('linux/arm/v5', 'linux/arm/v7'));
    assert.equal(score('linux/arm/v7', 'linux/arm/v6'), 0);
  });

  it('an exact variant beats one that is not stated, which beats a lower one', () => {
    assert.ok(score('linux/arm/v7', 'linux/arm/v7') > score('linux/arm', 'linux/arm/v7'));
    assert.ok(score('linux/arm', 'linux/arm/v7') > score('linux/arm/v6', 'linux/arm/v7'));
  });

  it('a higher amd64 variant is not offered to a lower one', () => {
    assert.equal(score('linux/amd64/v3', 'linux/amd64/v2'), 0);
  });

  it('an os.version that both state must agree', () => {
    const windows = { os: 'windows', architecture: 'amd64' };
    assert.equal(platformScore({ ...windows, osVersion: '10.0.1' }, { ...windows, osVersion: '10.0.2' }), 0);
    assert.ok(platformScore({ ...windows, osVersion: '10.0.1' }, windows) > 0);
  });
});
