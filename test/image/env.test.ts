import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { prependPath, setVariable } from '../../src/image/env.ts';
import { envValue } from '../../src/oci/image-config.ts';

describe('variables of an image', () => {
  it('are split at the first =, so a value with another one is not lost (GAP-18)', () => {
    assert.equal(envValue(['A=1', 'CNB_PLATFORM_API=0.15=x'], 'CNB_PLATFORM_API'), '0.15=x');
    assert.deepEqual(prependPath(['PATH=/odd=name:/bin', 'Z=1'], ['/cnb/process']), [
      'PATH=/cnb/process:/odd=name:/bin',
      'Z=1',
    ]);
  });

  it('keep their place when they are set again', () => {
    assert.deepEqual(setVariable(['A=1', 'B=2'], 'A', '3=4'), ['A=3=4', 'B=2']);
    assert.deepEqual(setVariable(['AB=1'], 'A', '2'), ['AB=1', 'A=2']);
  });
});
