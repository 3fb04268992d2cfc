import { describe, it } from 'node:test';
import { testShells } from '../support/launched.ts';
import { repeatRecordedLaunches } from '../support/recorded-launches.ts';

describe('recorded runs of the Go launcher', () => {
  for (const shell of testShells())
    it(`come out the same under ${shell.name} (L-05, L-08, L-09)`, (test) =>
      repeatRecordedLaunches(test, shell, 'shell'));
});
