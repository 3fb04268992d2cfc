import assert from 'node:assert/strict';
import { existsSync, lstatSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { SlipwayError } from '../../src/core/errors.ts';
import type { Layer } from '../../src/ports/blob.ts';
import { readOwners, writeOwners } from '../../src/rootfs/owners.ts';
import { unpackLayers, type Unpacked } from '../../src/rootfs/unpack.ts';
import { temporaryDirectory, testContext, type TestContextOf } from '../support/context.ts';
import { oddLayers } from '../support/odd-layers.ts';
import { rootListing } from '../support/root-listing.ts';
import { archive, entry, extended, layerOf, patched, record } from '../support/tar.ts';

interface Scene {
  readonly root: string;
  /** A directory beside the root that nothing may touch. */
  readonly outside: string;
  readonly ctx: TestContextOf;
  readonly unpack: (...layers: readonly Layer[]) => Promise<Unpacked>;
}

function scene(t: TestContext): Scene {
  const ctx = testContext(t);
  const base = temporaryDirectory(t);
  const [root, outside] = [join(base, 'root'), join(base, 'outside')];
  mkdirSync(root);
  mkdirSync(outside);
  writeFileSync(join(outside, 'secret'), 'untouched');
  return { root, outside, ctx, unpack: (...layers) => unpackLayers(layers, root, ctx) };
}

const file = (name: string, body = 'x'): Buffer => entry({ name, body });
const link = (name: string, linkname: string): Buffer => entry({ name, type: 'symlink', linkname });
const hardlink = (name: string, linkname: string): Buffer => entry({ name, type: 'hardlink', linkname });
const directory = (name: string): Buffer => entry({ name, type: 'directory' });
const layer = (...parts: readonly Buffer[]): Layer => layerOf(archive(...parts));

describe('unpackLayers', () => {
  it('lays layers on top of each other: whiteouts, opaque directories, links, replaced types', async (t) => {
    const { root, unpack, ctx } = scene(t);
    const unpacked = await unpack(...oddLayers());
    const names = rootListing(root)
      .map((line) => line.replace(/ \d+( [0-9a-f]{12})?$/, ''))
      .sort();
    assert.deepEqual(
      names,
      [
        'l absolute -> /usr/lib',
        'f 644 back\\slash',
        'd 755 becomes-dir',
        'f 644 becomes-dir/x',
        'd 755 becomes-directory',
        'f 644 becomes-directory/inside',
        'f 644 becomes-file',
        'd 711 becomes-link',
        'd 755 bin',
        'f 755 bin/su',
        'f 644 case',
        'f 644 Case',
        'd 755 dev',
        'f 644 e\u00cc\u0081',
        'd 755 etc',
        'f 600 etc/change',
        'f 640 etc/keep',
        'd 755 home',
        'd 775 home/cnb',
        'l lib -> usr/lib',
        'd 700 locked',
        'f 600 locked/secret',
        'f 644 new\nline',
        'f 644 n\u00ff\u00fe',
        'd 755 opaque',
        'f 644 opaque/above',
        'd 755 opaque/sub',
        'f 644 opaque/sub/above-before',
        'd 555 readonly',
        'f 644 readonly/added',
        'f 444 readonly/in',
        'd 755 run',
        'f 644 target',
        'f 644 third',
        'd 1777 tmp',
        'f 644 twice',
        'l up -> ../../../usr',
        'd 755 usr',
        'd 755 usr/lib',
        'f 644 usr/lib/through-absolute',
        'd 755 whole',
        'f 644 whole/c',
        'f 644 \u00c3\u00a9',
      ].sort(),
    );
    const read = (name: string): string => readFileSync(join(root, name), 'utf8');
    assert.deepEqual(['etc/change', 'target', 'third', 'twice'].map(read), ['new', 'another', 'shared', 'last']);
    assert.deepEqual(
      [...unpacked.owners],
      [
        ['bin/su', { uid: 0, gid: 0, mode: 0o4755 }],
        ['home/cnb', { uid: 1000, gid: 1000, mode: 0o2775 }],
        ['etc/keep', { uid: 0, gid: 42, mode: 0o640 }],
      ],
    );
    assert.deepEqual(
      ctx.events.filter((event) => event.type === 'warning').map(({ message }) => message.slice(79)),
      ['/dev/null and 1 more are left out: devices and fifos'],
    );
    const total = rootListing(root).filter((line) => line.startsWith('f')).length;
    assert.ok(total > 20 && unpacked.bytes > 0);
    assert.equal(lstatSync(join(root, 'etc/keep')).mtimeMs, 1_000_000);
    assert.equal(lstatSync(join(root, 'usr')).mtimeMs, 2_000_000, 'of a directory too, whatever came into it later');
    assert.equal(lstatSync(join(root, 'lib')).mtimeMs, 3_000_000);
  });

  it('whiteouts hide what is below, wherever they stand in their own layer', async (t) => {
    const { root, unpack } = scene(t);
    const below = layer(file('d/a'), file('d/b'), file('f', 'below'), file('.wh.f'), file('only'));
    await unpack(
      below,
      layer(file('f', 'above'), file('.wh.f'), file('d/c'), file('.wh.d'), file('.wh.only'), file('only')),
    );
    assert.deepEqual(readdirSync(root).sort(), ['d', 'f', 'only']);
    assert.deepEqual(readdirSync(join(root, 'd')), ['c']);
    assert.equal(readFileSync(join(root, 'f'), 'utf8'), 'above');
  });

  it('an opaque root hides all of the layers below', async (t) => {
    const { root, unpack } = scene(t);
    const { bytes, owners } = await unpack(
      layer(entry({ name: 'a/b', body: 'gone', uid: 5 })),
      layer(file('new', 'stays'), file('.wh..wh..opq'), file('.wh..wh.plnk/1.2')),
    );
    assert.deepEqual(readdirSync(root), ['new']);
    assert.deepEqual([bytes, owners.size], [5, 0]);
  });

  it('links lead where they lead inside the root, never out of it', async (t) => {
    const { root, outside, unpack } = scene(t);
    await unpack(
      layer(
        link('out', '/../../outside'),
        link('here', `${outside}/`),
        link('rel', '../outside'),
        link('loop', 'loop/x'),
      ),
      layer(
        file('out/a', 'in'),
        file('here/b', 'in'),
        file('rel/secret', 'in'),
        link('rel/c', '/etc/shadow'),
        file('rel/c', 'file'),
      ),
    );
    assert.equal(readFileSync(join(outside, 'secret'), 'utf8'), 'untouched');
    assert.deepEqual(readdirSync(outside), ['secret']);
    assert.deepEqual(readdirSync(join(root, 'outside')).sort(), ['a', 'c', 'secret']);
    assert.equal(readFileSync(join(root, outside, 'b'), 'utf8'), 'in');
    assert.ok(lstatSync(join(root, 'outside/c')).isFile());
  });

  const refused: readonly (readonly [string, string, string, readonly Buffer[]])[] = [
    ['a name with ..', 'ARCHIVE_UNSAFE', 'has ".." in its name or target', [file('a/../../b')]],
    ['an absolute name with ..', 'ARCHIVE_UNSAFE', 'has ".." in its name or target', [file('/../b')]],
    [
      'a hard link target with ..',
      'ARCHIVE_UNSAFE',
      'has ".." in its name or target',
      [hardlink('a', '../outside/secret')],
    ],
    [
      'a hard link to nothing',
      'ARCHIVE_INVALID',
      'is a hard link to a file that is not there',
      [hardlink('a', 'b'), file('b')],
    ],
    [
      'a hard link to a directory',
      'ARCHIVE_INVALID',
      'is a hard link to a directory',
      [directory('d'), hardlink('a', 'd')],
    ],
    [
      'a hard link out through a link',
      'ARCHIVE_INVALID',
      'is a hard link to a file that is not there',
      [link('l', '../outside'), hardlink('a', 'l/secret')],
    ],
    [
      'a hard link over its own target',
      'ARCHIVE_INVALID',
      'is a hard link that replaces its own target',
      [file('d/f'), hardlink('d', 'd/f')],
    ],
    [
      'links in a circle',
      'ARCHIVE_INVALID',
      'leads through too many symbolic links',
      [link('a', 'b'), link('b', 'a'), file('a/f')],
    ],
    ['a file below a file', 'ARCHIVE_INVALID', 'lies below something that is no directory', [file('a'), file('a/b')]],
    ['a file in place of the root', 'ARCHIVE_UNSAFE', 'would replace the root directory', [file('./.')]],
    ['a link in place of the root', 'ARCHIVE_UNSAFE', 'would replace the root directory', [link('/', 'x')]],
    ['a whiteout of ..', 'ARCHIVE_UNSAFE', 'is a whiteout of no name', [file('d/.wh...')]],
    ['a whiteout of .', 'ARCHIVE_UNSAFE', 'is a whiteout of no name', [file('.wh..')]],
    ['a whiteout of nothing', 'ARCHIVE_UNSAFE', 'is a whiteout of no name', [file('.wh.')]],
    ['a file below a whiteout', 'ARCHIVE_INVALID', 'lies below a whiteout', [file('.wh.d/f')]],
    ['a link to nothing', 'ARCHIVE_INVALID', 'is a symbolic link to nothing', [link('a', '')]],
    ['a name that no file system takes', 'WRITE_FAILED', 'cannot write', [file('n'.repeat(300))]],
    ['a sparse file', 'ARCHIVE_INVALID', 'is a sparse file', [patched(file('s'), [[156, 'S']])]],
    ['a NUL in a PAX name', 'ARCHIVE_UNSAFE', 'NUL byte', [extended('x', record('path', 'a\0b')), file('s')]],
  ];
  for (const [what, code, problem, parts] of refused) {
    for (const where of ['bottom', 'upper'] as const) {
      it(`refuses ${what}, in the ${where} layer`, async (t) => {
        const { outside, unpack } = scene(t);
        const layers = [...(where === 'upper' ? [layer(directory('base'))] : []), layer(...parts)];
        const failed = await unpack(...layers).then(
          () => undefined,
          (error: unknown) => error,
        );
        assert.ok(failed instanceof SlipwayError, String(failed));
        assert.equal(failed.code, code);
        assert.match(failed.message, /^(cannot write .* of )?layer sha256:[0-9a-f]{64}/);
        assert.ok(failed.message.includes(problem), failed.message);
        assert.deepEqual(readdirSync(outside), ['secret']);
      });
    }
  }

  it('refuses bytes that are not those of digest and diffID', async (t) => {
    const good = archive(file('a'));
    await assert.rejects(scene(t).unpack(layerOf(good, { diffId: `sha256:${'0'.repeat(64)}` })), {
      code: 'IMAGE_INVALID',
    });
    const cut = layerOf(good);
    await assert.rejects(
      scene(t).unpack({ ...cut, descriptor: { ...cut.descriptor, size: cut.descriptor.size - 1 } }),
      { code: 'CONTENT_MISMATCH' },
    );
  });

  it('ends when it is told to', async (t) => {
    const { root } = scene(t);
    const controller = new AbortController();
    const ctx = testContext(t, { signal: controller.signal });
    controller.abort(new Error('enough'));
    await assert.rejects(unpackLayers([layer(file('a'))], root, ctx), { message: 'enough' });
    assert.equal(existsSync(join(root, 'a')), false);
  });
});

describe('the record of owners', () => {
  it('gives back names of any bytes', async (t) => {
    const path = join(temporaryDirectory(t), 'owners.jsonl');
    const owners = new Map([
      ['', { uid: 1, gid: 2, mode: 0o755 }],
      ['a"\\\n\u00ff', { uid: 4294967294, gid: 0, mode: 0o6755 }],
      ...Array.from(
        { length: 2500 },
        (_, index) => [`many/${String(index)}`, { uid: 1000, gid: 1000, mode: 0o644 }] as const,
      ),
    ]);
    await writeOwners(path, owners);
    const read = await readOwners(path);
    assert.equal(read.size, owners.size);
    for (const [name, ownership] of owners) assert.deepEqual(read.get(name), ownership);
  });

  it('says which line is malformed', async (t) => {
    const path = join(temporaryDirectory(t), 'owners.jsonl');
    writeFileSync(path, '["a",1,2,"644"]\nnonsense\n');
    await assert.rejects(readOwners(path), {
      code: 'STORE_INVALID',
      message: `${path} has a malformed line: nonsense`,
    });
  });
});
