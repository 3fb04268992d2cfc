import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { COMMANDS } from '../../src/options/command-table.ts';

describe('the commands of slipway', () => {
  for (const { name, options } of COMMANDS) {
    it(`${name} has no option, letter or variable twice`, () => {
      const words = options.flatMap((one) => [
        `--${one.name}`,
        ...(one.short === undefined ? [] : [`-${one.short}`]),
        ...(one.env === undefined ? [] : [one.env]),
      ]);
      const twice = words.filter((word, index) => words.indexOf(word) !== index);
      assert.deepEqual(twice, []);
    });
  }
});
