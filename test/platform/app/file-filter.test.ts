import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import type { FileRule } from '../../../src/cnb/project.ts';
import { openFileFilter } from '../../../src/platform/app/file-filter.ts';
import { copyTree } from '../../../src/workspace/copy-tree.ts';
import { temporaryDirectory, testContext } from '../../support/context.ts';

const FILES = [
  'a.js',
  'b.txt',
  'Spec/x',
  'spec/one.js',
  'spec/deep/two.txt',
  'src/a.js',
  'src/spec/x',
  'src/#odd',
  'src/!odd',
];

/** Files that are copied; a directory ends in a slash when nothing is in it. */
async function kept(t: TestContext, rule: FileRule | undefined): Promise<readonly string[]> {
  const root = temporaryDirectory(t);
  for (const file of FILES) {
    mkdirSync(dirname(join(root, 'app', file)), { recursive: true });
    writeFileSync(join(root, 'app', file), file);
  }
  mkdirSync(join(root, 'app/hollow'));
  mkdirSync(join(root, 'to'));
  const filter = await openFileFilter(rule);
  await copyTree(join(root, 'app'), join(root, 'to'), testContext(t), filter === undefined ? {} : { filter });
  const all = readdirSync(join(root, 'to'), { recursive: true, encoding: 'utf8' }).sort();
  return all.flatMap((path) => {
    if (FILES.includes(path)) return [path];
    return all.some((other) => other.startsWith(`${path}/`)) ? [] : [`${path}/`];
  });
}

const without = (...paths: readonly string[]): readonly string[] =>
  [...FILES, 'hollow/']
    .filter((path) => !paths.some((gone) => path === gone || (gone.endsWith('/') && path.startsWith(gone))))
    .sort();

describe('include and exclude', () => {
  for (const [what, patterns, expected] of [
    ['a name is excluded wherever it is', ['a.js'], without('a.js', 'src/a.js')],
    ['a slash at the end means directories, wherever they are', ['spec/'], without('spec/', 'src/spec/')],
    ['a slash in front means the root', ['/spec', '/a.js'], without('spec/', 'a.js')],
    ['case counts', ['SPEC/', 'Spec'], without('Spec/')],
    [
      'one character is ?, a set is [ab], many directories are **',
      ['?.txt', '**/two.*', '/[a].js'],
      without('b.txt', 'spec/deep/two.txt', 'a.js', 'spec/deep/'),
    ],
    ['a later pattern brings back what an earlier one took', ['*.js', '!/src/a.js'], without('a.js', 'spec/one.js')],
    ['nothing comes back below an excluded directory', ['spec/', '!spec/one.js'], without('spec/', 'src/spec/')],
    ['the order counts', ['!a.js', 'a.js'], without('a.js', 'src/a.js')],
    [
      '# and ! are letters behind a backslash, comments and empty lines are nothing',
      ['\\#odd', '\\!odd', '# a.js', '', '  '],
      without('src/#odd', 'src/!odd'),
    ],
    ['an empty directory can be excluded', ['hollow'], without('hollow/')],
    ['everything can be excluded', ['*'], []],
  ] as const)
    it(`exclude: ${what}`, async (t) => {
      const gone = new Set(['spec/deep/']);
      const found = (await kept(t, { kind: 'exclude', patterns })).filter((path) => !gone.has(path));
      assert.deepEqual(found, expected);
    });

  for (const [what, patterns, expected] of [
    ['files are found at any depth, their directories come with them', ['*.js'], ['a.js', 'spec/one.js', 'src/a.js']],
    ['a directory comes with all that is in it', ['/spec/'], ['spec/deep/two.txt', 'spec/one.js']],
    ['an empty directory comes when it is named', ['hollow/'], ['hollow/']],
    ['a file can be taken out of a pattern', ['*.js', '!/src/a.js'], ['a.js', 'spec/one.js']],
    [
      'nothing is taken out of a directory that came as a whole',
      ['/spec/', '!/spec/one.js'],
      ['spec/deep/two.txt', 'spec/one.js'],
    ],
    ['but out of what is in it', ['/spec/*', '!/spec/one.js'], ['spec/deep/two.txt']],
    ['nothing may be left', ['none'], []],
  ] as const)
    it(`include: ${what}`, async (t) => {
      assert.deepEqual(await kept(t, { kind: 'include', patterns }), expected);
    });

  it('no rule takes everything', async (t) => {
    assert.deepEqual(await kept(t, undefined), without());
  });

  it('what is excluded is not looked into', async (t) => {
    const root = temporaryDirectory(t);
    mkdirSync(join(root, 'app/node_modules/deep'), { recursive: true });
    mkdirSync(join(root, 'to'));
    const filter = await openFileFilter({ kind: 'exclude', patterns: ['node_modules'] });
    const asked: string[] = [];
    await copyTree(join(root, 'app'), join(root, 'to'), testContext(t), {
      filter: (path, isDirectory) => {
        asked.push(path);
        return filter?.(path, isDirectory) ?? 'take';
      },
    });
    assert.deepEqual([asked, readdirSync(join(root, 'to'))], [['node_modules'], []]);
  });
});
