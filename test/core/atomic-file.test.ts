import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { writeFileAtomic } from '../../src/core/atomic-file.ts';
import { hasCode } from '../../src/core/errors.ts';
import { withLock } from '../../src/core/lock-directory.ts';
import { temporaryDirectory, testContext } from '../support/context.ts';

describe('a place below a file', () => {
  it('is WRITE_FAILED by its name, whatever is written there', async (t) => {
    const ctx = testContext(t);
    const file = join(temporaryDirectory(t), 'file');
    writeFileSync(file, '');
    const below = join(file, 'report.toml');
    const isNamed = (error: unknown): boolean => hasCode(error, 'WRITE_FAILED') && error.message.includes(below);
    await assert.rejects(writeFileAtomic(below, 'x'), isNamed);
    await assert.rejects(
      withLock(below, ctx, () => Promise.resolve()),
      isNamed,
    );
  });
});

describe('one file written by many at once', () => {
  it('is what one of them wrote, whole, and nothing stays beside it', async (t) => {
    const directory = temporaryDirectory(t);
    const file = join(directory, 'root.json');
    const texts = Array.from({ length: 20 }, (_, index) => String(index).repeat(50_000));
    await Promise.all(texts.map((text) => writeFileAtomic(file, text)));
    assert.ok(texts.includes(readFileSync(file, 'utf8')));
    assert.deepEqual(readdirSync(directory), ['root.json']);
  });
});
