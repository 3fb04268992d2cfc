import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Analyzed } from '../../src/cnb/analyzed.ts';
import { EMPTY_LIFECYCLE_METADATA } from '../../src/cnb/layer-metadata.ts';
import { parseLocation } from '../../src/oci/location.ts';
import { recordedName } from '../../src/platform/run-build.ts';

const ENTRIES = [{ image: 'registry.example/stack', mirrors: [] }];

function analyzed(image: string, requested?: string): Analyzed {
  const slipway = requested === undefined ? {} : { slipway: { requested, platform: 'linux/amd64' } };
  const reference = parseLocation('registry.example/run');
  return { metadata: EMPTY_LIFECYCLE_METADATA, runImage: { reference, image, extend: false, ...slipway } };
}

describe('the name of the run image to record', () => {
  it('is the one in analyzed.toml, and none without run.toml or stack.toml', () => {
    assert.equal(recordedName(analyzed('registry.example/run:1'), ENTRIES), 'registry.example/run:1');
    assert.equal(recordedName(analyzed('registry.example/run:1'), []), undefined);
    assert.equal(recordedName(analyzed('oci:run'), ENTRIES), undefined);
  });

  it('below Platform API 0.12 it is what was asked for, else stack.toml’s', () => {
    assert.equal(recordedName(analyzed('', 'registry.example/run:2'), ENTRIES), 'registry.example/run:2');
    assert.equal(recordedName(analyzed(''), ENTRIES), 'registry.example/stack');
  });
});
