import assert from 'node:assert/strict';
import { it } from 'node:test';
import { passedOverLines } from '../../src/term/passed-over.ts';

it('why better sandboxes were not taken is one line each, with each reason once', () => {
  const lines = passedOverLines([
    { strategy: 'bubblewrap', variant: 'bubblewrap, as root', reason: 'no rights' },
    { strategy: 'bubblewrap', variant: 'bubblewrap, in a user namespace', reason: 'no rights' },
    { strategy: 'unshare', variant: 'unshare', reason: 'first\nsecond' },
    { strategy: 'unshare', variant: 'unshare, another way', reason: 'third' },
  ]);
  assert.deepEqual(lines, ['not bubblewrap: no rights', 'not unshare: first, second; third']);
});
