import assert from 'node:assert/strict';
import { chmodSync, linkSync, mkdirSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import fc from 'fast-check';
import { copyTree, type CopyTreeOptions } from '../../src/workspace/copy-tree.ts';
import { treeDigest } from '../../src/workspace/tree-digest.ts';
import { temporaryDirectory, testContext } from '../support/context.ts';

describe('the digest of a tree', () => {
  it('is that of its copy, whatever is filtered and skipped', async (t) => {
    const ctx = testContext(t);
    const names = fc.constantFrom('a', 'b.js', 'ä', 'c d', 'node_modules');
    const entry = fc.record({
      path: fc.array(names, { minLength: 1, maxLength: 3 }),
      kind: fc.constantFrom('file', 'directory', 'link'),
      mode: fc.constantFrom(0o644, 0o755, 0o700, 0o664),
      text: fc.string(),
      verdict: fc.constantFrom('take', 'leave', 'look-inside'),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(entry, { maxLength: 12 }), async (entries) => {
        const base = temporaryDirectory(t);
        const [from, to] = [join(base, 'from'), join(base, 'to')];
        for (const path of [from, to]) mkdirSync(path);
        for (const { path, kind, mode, text } of entries) make(join(from, ...path), kind, { mode, text });
        const verdicts = new Map(entries.map(({ path, verdict }) => [path.join('/'), verdict]));
        const options: CopyTreeOptions = {
          filter: (path, isDirectory) => {
            const verdict = verdicts.get(path) ?? 'take';
            return verdict === 'look-inside' && !isDirectory ? 'leave' : verdict;
          },
          skip: new Set([join(from, 'b.js')]),
        };
        await copyTree(from, to, ctx, options);
        const [before, after] = [await treeDigest(from, ctx, options), await treeDigest(to, ctx)];
        assert.deepEqual(after, before);
        rmSync(base, { recursive: true });
      }),
      { numRuns: 60 },
    );
  });

  it('does not depend on times and links among files, but on names, modes, bytes and targets', async (t) => {
    const { directory, digest } = sample(t);
    const first = await digest();
    utimesSync(join(directory, 'file'), 1, 1);
    assert.equal(await digest(), first);
    linkSync(join(directory, 'file'), join(directory, 'again'));
    const twice = await digest();
    rmSync(join(directory, 'again'));
    writeFileSync(join(directory, 'again'), 'text');
    assert.equal(await digest(), twice);
    const seen = new Set([first, twice]);
    for (const change of [
      () => writeFileSync(join(directory, 'file'), 'texts'),
      () => chmodSync(join(directory, 'file'), 0o600),
      () => mkdirSync(join(directory, 'empty')),
      () => {
        rmSync(join(directory, 'link'));
        symlinkSync('elsewhere', join(directory, 'link'));
      },
    ]) {
      change();
      seen.add(await digest());
    }
    assert.equal(seen.size, 6);
  });

  it('of plain modes only knows whether a file can be run', async (t) => {
    const { directory, digest } = sample(t, 'plain');
    const first = await digest();
    chmodSync(join(directory, 'file'), 0o664);
    assert.equal(await digest(), first);
    chmodSync(join(directory, 'file'), 0o744);
    assert.notEqual(await digest(), first);
  });

  it('tells entries up to a number of them', async (t) => {
    const { directory } = sample(t);
    const ctx = testContext(t);
    const told = await treeDigest(directory, ctx, { maxEntries: 2 });
    assert.deepEqual(
      told.entries?.map(({ path, kind }) => `${kind} ${path}`),
      ['f644 file', 'l link'],
    );
    assert.equal((await treeDigest(directory, ctx, { maxEntries: 1 })).entries, undefined);
    assert.deepEqual([told.files, told.bytes], [1, 4]);
  });
});

function make(path: string, kind: string, { mode, text }: { readonly mode: number; readonly text: string }): void {
  try {
    mkdirSync(join(path, '..'), { recursive: true });
    if (kind === 'link') symlinkSync(text.replaceAll('\0', '') || '.', path);
    else if (kind === 'directory') mkdirSync(path, { mode });
    else writeFileSync(path, text, { mode });
  } catch {
    // Something else is there already.
  }
}

function sample(
  t: TestContext,
  modes?: 'plain',
): { readonly directory: string; readonly digest: () => Promise<string> } {
  const directory = temporaryDirectory(t);
  writeFileSync(join(directory, 'file'), 'text', { mode: 0o644 });
  chmodSync(join(directory, 'file'), 0o644);
  symlinkSync('nowhere', join(directory, 'link'));
  const options = modes === undefined ? {} : { modes };
  return { directory, digest: async () => (await treeDigest(directory, testContext(t), options)).digest };
}
