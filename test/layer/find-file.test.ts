import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { findInLayers } from '../../src/layer/find-file.ts';
import { testContext } from '../support/context.ts';
import { archive, entry, layerOf } from '../support/tar.ts';
import type { Layer } from '../../src/ports/blob.ts';

/** A layer of `name` (file), `name/` (directory), `name->target` (link). */
function layer(...names: readonly string[]): Layer {
  const parts = names.map((text) => {
    const [name = '', linkname] = text.split('->');
    if (linkname !== undefined) return entry({ name, type: 'symlink', linkname });
    return text.endsWith('/') ? entry({ name: text.slice(0, -1), type: 'directory' }) : entry({ name, body: 'x' });
  });
  return layerOf(archive(...parts));
}

const DEBIAN = layer('bin->usr/bin', 'usr/', 'usr/bin/', 'usr/bin/dash', 'usr/bin/sh->dash', 'etc/', 'etc/os-release');

describe('findInLayers', () => {
  it('finds files, links and directories, also without entries for their parents', async (t) => {
    const ctx = testContext(t);
    assert.deepEqual(
      await findInLayers([layer('a/b/c', './d/', 'e->x')], ['/a', '/a/b/c', '/d', '/e', '/f', '/a/x'], ctx),
      {
        '/a': 'directory',
        '/a/b/c': 'file',
        '/d': 'directory',
        '/e': 'symlink',
        '/f': 'absent',
        '/a/x': 'absent',
      },
    );
    assert.deepEqual(await findInLayers([], ['/a'], ctx), { '/a': 'absent' });
    assert.deepEqual(await findInLayers([DEBIAN], [], ctx), {});
  });

  it('follows links on the way, as of a merged /usr', async (t) => {
    const ctx = testContext(t);
    assert.deepEqual(await findInLayers([DEBIAN, layer('app/')], ['/bin/sh', '/bin/dash', '/bin/zsh', '/bin'], ctx), {
      '/bin/sh': 'symlink',
      '/bin/dash': 'file',
      '/bin/zsh': 'absent',
      '/bin': 'symlink',
    });
    const chain = [layer('a->/b', 'b->c/../d', 'c/', 'd/', 'd/f'), layer('x->../../a')];
    assert.deepEqual(await findInLayers(chain, ['/x/f'], ctx), { '/x/f': 'file' });
  });

  it('ends for links in a circle', async (t) => {
    const layers = [layer('a->b', 'b->a', 'c->c/d')];
    assert.deepEqual(await findInLayers(layers, ['/a/f', '/c/f'], testContext(t)), {
      '/a/f': 'absent',
      '/c/f': 'absent',
    });
  });

  it('respects whiteouts and opaque directories, and files put back above them', async (t) => {
    const ctx = testContext(t);
    const base = layer('etc/a', 'etc/b', 'usr/bin/sh', 'opt/x/y');
    assert.deepEqual(
      await findInLayers(
        [base, layer('etc/.wh.a', 'usr/.wh..wh..opq', '.wh.opt'), layer('opt/z')],
        ['/etc/a', '/etc/b', '/usr', '/usr/bin/sh', '/opt', '/opt/x/y', '/opt/z'],
        ctx,
      ),
      {
        '/etc/a': 'absent',
        '/etc/b': 'file',
        '/usr': 'directory',
        '/usr/bin/sh': 'absent',
        '/opt': 'directory',
        '/opt/x/y': 'absent',
        '/opt/z': 'file',
      },
    );
    assert.deepEqual(await findInLayers([base, layer('etc/.wh.a', 'etc/a')], ['/etc/a'], ctx), { '/etc/a': 'file' });
    assert.deepEqual(await findInLayers([base, layer('.wh..wh..opq')], ['/etc/b'], ctx), { '/etc/b': 'absent' });
  });

  it('lets a file in place of a directory hide what was below', async (t) => {
    const layers = [layer('a/b'), layer('a'), layer('a/c')];
    assert.deepEqual(await findInLayers(layers, ['/a/b', '/a/c'], testContext(t)), {
      '/a/b': 'absent',
      '/a/c': 'file',
    });
  });

  it('reads no further down than the answer needs', async (t) => {
    const broken: Layer = {
      ...layer('x'),
      open: () => {
        throw new Error('was read');
      },
    };
    const found = await findInLayers([broken, DEBIAN], ['/bin/sh'], testContext(t));
    assert.deepEqual(found, { '/bin/sh': 'symlink' });
    await assert.rejects(findInLayers([broken, DEBIAN], ['/nowhere'], testContext(t)), /was read/);
  });
});
