import assert from 'node:assert/strict';
import { mkdirSync, realpathSync, symlinkSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { isSystem } from '../../../src/core/errors.ts';
import { leavingLink } from '../../../src/platform/app/leaving-link.ts';
import { temporaryDirectory } from '../../support/context.ts';

describe('links of an app', () => {
  it('lead out by an absolute target, by .. and through each other; circles lead nowhere', () => {
    const leaves = (links: Readonly<Record<string, string>>): string | undefined =>
      leavingLink(new Map(Object.entries(links)));
    assert.equal(leaves({ a: '/etc' }), 'a');
    assert.equal(leaves({ 'd/a': '../..' }), 'd/a');
    assert.equal(leaves({ 'd/a': '..' }), undefined);
    assert.equal(leaves({ s: '.', y: 's/s/s/../x' }), 'y');
    assert.equal(leaves({ a: 'b', b: 'a/..' }), undefined);
    assert.equal(leaves({ 'd/a': 'b', 'd/b': '../e', e: '../x' }), 'd/a');
  });

  it('that lead out for the system are found', (t) => {
    const directory = temporaryDirectory(t);
    let run = 0;
    const names = ['a', 'b', 'd/a', 'd/b', 'd/e/c'];
    const target = fc
      .array(fc.constantFrom('a', 'b', 'd', 'e', 'c', '..', '.', ''), { minLength: 1, maxLength: 5 })
      .map((parts) => parts.join('/').replace(/^\/+/, '') || '.');
    const links = fc.dictionary(fc.constantFrom(...names), target, { minKeys: 1, maxKeys: 4 });
    fc.assert(
      fc.property(links, (all) => {
        const root = join(directory, String((run += 1)), 'x/y/root');
        mkdirSync(join(root, 'd/e'), { recursive: true });
        for (const [name, to] of Object.entries(all)) {
          mkdirSync(dirname(join(root, name)), { recursive: true });
          symlinkSync(to, join(root, name));
        }
        const outside = Object.keys(all).filter((name) => {
          const real = realPath(join(root, name));
          return real !== undefined && relative(root, real).startsWith('..');
        });
        // The system says where a path ends, not where it was on the way: one that ends outside has left.
        const found = leavingLink(new Map(Object.entries(all)));
        if (outside.length > 0) assert.notEqual(found, undefined, JSON.stringify(all));
      }),
      { numRuns: 60 },
    );
  });
});

/** Where a path leads; undefined for a circle and for what is not there. */
function realPath(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch (error) {
    if (isSystem(error, 'ELOOP', 'ENOENT', 'ENOTDIR')) return undefined;
    throw error;
  }
}
