import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { hasCode } from '../../src/core/errors.ts';
import { makeDirectory } from '../../src/core/make-directory.ts';
import { temporaryDirectory } from '../support/context.ts';

describe('makeDirectory', () => {
  it('makes what is missing and says which was the first', async (t) => {
    const directory = temporaryDirectory(t);
    assert.equal(await makeDirectory(join(directory, 'a/b/c')), join(directory, 'a'));
    assert.equal(await makeDirectory(join(directory, 'a/b/c')), undefined);
    assert.equal(statSync(join(directory, 'a/b/c')).isDirectory(), true);
  });

  it('refuses /proc at once, where the system call of Node 20 never returns', async () => {
    for (const path of ['/proc/slipway/x', '/proc', '/tmp/../proc/x'])
      await assert.rejects(
        makeDirectory(path),
        (error) => hasCode(error, 'WRITE_FAILED') && error.message.includes(path),
      );
  });
});
