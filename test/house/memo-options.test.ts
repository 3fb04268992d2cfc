import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { BUILD_COMMAND } from '../../src/options/commands/build.ts';
import { OPTION_TREATMENTS } from '../../src/platform/memo/treatments.ts';

describe('the memo', () => {
  it('knows of every option of slipway build whether it is part of the key', () => {
    const options = BUILD_COMMAND.options.map(({ name }) => name);
    assert.deepEqual(Object.keys(OPTION_TREATMENTS).sort(), [...options].sort());
  });
});
