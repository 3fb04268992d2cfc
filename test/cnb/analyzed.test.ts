import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { knownTarget, type AnalyzedRunImage } from '../../src/cnb/analyzed.ts';
import { parseLocation } from '../../src/oci/location.ts';

const RUN_IMAGE: AnalyzedRunImage = {
  reference: parseLocation('registry.example/run'),
  image: '',
  extend: false,
};
const slipway = { requested: 'registry.example/run', platform: 'linux/arm64/v8' };

describe('the target of a run image', () => {
  it('is what analyzed.toml says', () => {
    const target = { os: 'linux', arch: 'amd64', distro: { name: 'debian', version: '12' } };
    assert.deepEqual(knownTarget({ ...RUN_IMAGE, target, slipway }), target);
  });

  it('is the platform that was chosen where there is no target (GAP-10)', () => {
    assert.deepEqual(knownTarget({ ...RUN_IMAGE, slipway }), { os: 'linux', arch: 'arm64', archVariant: 'v8' });
  });

  it('is unknown to another analyzer’s file, and without a run image', () => {
    assert.equal(knownTarget(RUN_IMAGE), undefined);
    assert.equal(knownTarget(undefined), undefined);
  });
});
