import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { removeTree } from '../../src/layer/remove-tree.ts';
import { temporaryDirectory, testContext } from '../support/context.ts';

describe('removeTree', () => {
  it('removes everything, names of any bytes and closed directories too, and follows no link', async (t) => {
    const directory = temporaryDirectory(t);
    const tree = join(directory, 'tree');
    const outside = join(directory, 'outside');
    for (const path of [join(tree, 'a/b/c'), join(tree, 'closed/inner'), outside]) mkdirSync(path, { recursive: true });
    writeFileSync(join(outside, 'kept'), 'kept');
    writeFileSync(Buffer.concat([Buffer.from(`${tree}/a/`), Buffer.from([0xff, 0x0a, 0x41])]), 'x');
    symlinkSync(outside, join(tree, 'a/link'));
    chmodSync(join(tree, 'closed'), 0o000);
    await removeTree(tree, testContext(t));
    assert.equal(existsSync(tree), false);
    assert.equal(existsSync(join(outside, 'kept')), true);
  });

  it('goes on when the build was stopped, and is silent about what is not there', async (t) => {
    const tree = join(temporaryDirectory(t), 'tree');
    mkdirSync(join(tree, 'a'), { recursive: true });
    const signal = AbortSignal.abort(new Error('stopped'));
    await removeTree(tree, testContext(t, { signal }));
    await removeTree(tree, testContext(t, { signal }));
    assert.equal(existsSync(tree), false);
  });
});
