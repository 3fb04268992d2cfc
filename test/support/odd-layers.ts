import type { Layer } from '../../src/ports/blob.ts';
import { archive, entry, layerOf } from './tar.ts';

const file = (name: string | Buffer, body: string, mode = 0o644): Buffer => entry({ name, body, mode, mtime: 1000 });
const directory = (name: string, mode = 0o755): Buffer => entry({ name, type: 'directory', mode, mtime: 2000 });
const link = (name: string, linkname: string): Buffer =>
  entry({ name, type: 'symlink', linkname, mode: 0o777, mtime: 3000 });
const hard = (name: string, linkname: string): Buffer => entry({ name, type: 'hardlink', linkname, mtime: 1000 });
const gone = (name: string): Buffer => entry({ name, body: '', mtime: 1000 });

/** Layers with everything that lies on, hides, replaces or links to what is below. */
export function oddLayers(): readonly Layer[] {
  return [
    layerOf(
      archive(
        directory('./'),
        directory('usr'),
        directory('usr/lib'),
        link('lib', 'usr/lib'),
        link('absolute', '/usr/lib'),
        link('up', '../../../usr'),
        directory('etc'),
        file('etc/keep', 'kept'),
        file('etc/hide', 'hidden'),
        file('etc/change', 'old'),
        directory('opaque'),
        directory('opaque/sub'),
        file('opaque/sub/below', 'below'),
        file('opaque/below', 'below'),
        directory('whole'),
        file('whole/a', 'a'),
        directory('whole/deep'),
        file('whole/deep/b', 'b'),
        directory('readonly', 0o555),
        file('readonly/in', 'in', 0o444),
        directory('locked', 0o700),
        file('locked/secret', 's', 0o600),
        file('target', 'shared'),
        hard('second', 'target'),
        link('becomes-directory', 'etc'),
        directory('becomes-link'),
        file('becomes-link/lost', 'lost'),
        directory('becomes-file'),
        file('becomes-file/lost', 'lost'),
        file('becomes-dir', 'file'),
        entry({ name: 'bin/su', body: 'su', mode: 0o4755, mtime: 1000 }),
        entry({ name: 'home/cnb', type: 'directory', mode: 0o2775, uid: 1000, gid: 1000, mtime: 2000 }),
        file(Buffer.from([0x6e, 0xff, 0xfe]), 'bytes'),
        file('Case', 'upper'),
        file('case', 'lower'),
        file('\u00e9', 'composed'),
        file('e\u0301', 'decomposed'),
        file('new\nline', 'n'),
        file('back\\slash', 'b'),
        file('twice', 'first'),
        file('twice', 'last'),
        directory('tmp', 0o1777),
        entry({ name: 'dev/null', type: 'char', devMajor: 1, devMinor: 3 }),
        entry({ name: 'run/fifo', type: 'fifo' }),
      ),
    ),
    layerOf(
      archive(
        file('lib/through-link', 'in usr/lib'),
        file('absolute/through-absolute', 'in usr/lib too'),
        gone('etc/.wh.hide'),
        file('etc/change', 'new', 0o600),
        file('opaque/sub/above-before', 'x'),
        gone('opaque/.wh..wh..opq'),
        file('opaque/above', 'y'),
        gone('.wh.whole'),
        directory('whole'),
        file('whole/c', 'c'),
        file('readonly/added', 'added'),
        hard('third', 'target'),
        directory('becomes-directory'),
        file('becomes-directory/inside', 'inside'),
        link('becomes-link', 'etc'),
        file('becomes-file', 'file'),
        directory('becomes-dir'),
        file('becomes-dir/x', 'x'),
        gone('.wh.missing'),
      ),
    ),
    layerOf(
      archive(
        gone('.wh.second'),
        file('target', 'another'),
        gone('lib/.wh.through-link'),
        gone('.wh.becomes-link'),
        directory('becomes-link', 0o711),
        entry({ name: 'etc/keep', body: 'kept', mode: 0o640, gid: 42, mtime: 1000 }),
      ),
    ),
  ];
}
