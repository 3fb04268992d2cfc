import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { lstatSync, mkdirSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { gzipSync } from 'node:zlib';
import { streamOf } from '../../../src/core/bytes.ts';
import { openApp } from '../../../src/platform/app/open-app.ts';
import { temporaryDirectory, testContext, type TestContextOf } from '../../support/context.ts';
import { rejectionOf } from '../../support/failure.ts';
import { testMachine } from '../../support/machine.ts';
import { findTool, missingOutside } from '../../support/peers.ts';
import { standardStreams } from '../../support/standard-streams.ts';
import { archive, entry, patched } from '../../support/tar.ts';
import { DIRECTORY, FILE, LINK, PROGRAM, zipOf, type ZipFields } from '../../support/zip.ts';

const ENTRIES: readonly ZipFields[] = [
  { name: 'bin/', mode: DIRECTORY },
  { name: 'bin/run', mode: PROGRAM, body: '#!/bin/sh\n' },
  { name: 'deep/er/page.html', mode: 0o100640, body: 'page' },
  { name: 'link', mode: LINK, body: 'deep/er/page.html' },
  { name: 'empty', mode: FILE, method: 0 },
];
const TAR = archive(
  entry({ name: './', type: 'directory' }),
  entry({ name: './bin/', type: 'directory' }),
  entry({ name: './bin/run', mode: 0o755, body: '#!/bin/sh\n' }),
  entry({ name: './deep/er/page.html', mode: 0o640, body: 'page' }),
  entry({ name: './link', type: 'symlink', linkname: 'deep/er/page.html' }),
  entry({ name: './empty' }),
);
const TREE = [
  'bin 755',
  'bin/run 755 #!/bin/sh\n',
  'deep 755',
  'deep/er 755',
  'deep/er/page.html 640 page',
  'empty 644 ',
  'link -> deep/er/page.html',
];

describe('an app from an archive', () => {
  const forms: Readonly<Record<string, Buffer>> = {
    zip: zipOf(ENTRIES),
    'jar with a program in front': Buffer.concat([Buffer.from('#!/bin/sh\nexec java -jar "$0"\n'), zipOf(ENTRIES)]),
    'zip with the fields of zip64': zipOf(ENTRIES.map((each) => ({ ...each, isZip64: true }))),
    'zip with the end of zip64': zipOf(ENTRIES, { hasEnd64: true }),
    'zip with the end of zip64 behind a program': Buffer.concat([
      Buffer.from('MZ'),
      zipOf(ENTRIES, { hasEnd64: true }),
    ]),
    tar: TAR,
    'tar.gz': gzipSync(TAR),
    'tar with hard links and of the oldest kind': archive(
      patched(entry({ name: 'bin/', type: 'directory' }), [
        [257, '\0'.repeat(8)],
        [156, '\0'],
      ]),
      entry({ name: 'bin/run', mode: 0o755, body: '#!/bin/sh\n' }),
      entry({ name: 'deep/er/page.html', mode: 0o640, body: 'page' }),
      entry({ name: 'link', type: 'symlink', linkname: 'deep/er/page.html' }),
      entry({ name: 'empty', body: 'replaced' }),
      entry({ name: 'empty' }),
    ),
  };

  for (const [form, bytes] of Object.entries(forms)) {
    it(`a ${form} is known by its bytes and unpacked with its modes and links, whatever the umask`, async (t) => {
      const bed = appBed(t, bytes);
      const before = process.umask(0o077);
      try {
        await using app = await bed.open();
        assert.deepEqual([listing(app.directory), app.isUnpacked], [TREE, true]);
      } finally {
        process.umask(before);
      }
      assert.deepEqual(bed.left(), [], 'it is gone with the build');
    });

    it(`a ${form} is read from standard input`, async (t) => {
      const bed = appBed(t, bytes);
      await using app = await bed.open('-');
      assert.deepEqual([listing(app.directory), app.name], [TREE, '-']);
    });
  }

  it('a zip made without modes gives programs, that only their owner may write', async (t) => {
    await using app = await appBed(t, zipOf([{ name: 'd/run.bat', body: 'x' }])).open();
    assert.deepEqual(listing(app.directory), ['d 755', 'd/run.bat 755 x']);
  });

  it('names are bytes, and an empty zip is an app without files', async (t) => {
    const name = Buffer.from([0x66, 0xff, 0xfe]);
    await using app = await appBed(t, zipOf([{ name, mode: FILE }])).open();
    assert.deepEqual(readdirSync(app.directory, { encoding: 'buffer' }), [name]);
    await using empty = await appBed(t, zipOf([])).open();
    assert.deepEqual(listing(empty.directory), []);
  });

  for (const [tool, ...args] of [
    ['zip', '-qry', 'app.bin', '.'],
    ['jar', 'cfM', 'app.bin', '.'],
    ['tar', '-czf', 'app.bin', 'd'],
  ] as const)
    it(`what ${tool} makes is read`, async (t) => {
      if (findTool(tool) === undefined) {
        missingOutside(t, `${tool} is not installed`);
        return;
      }
      const bed = appBed(t, Buffer.alloc(0));
      mkdirSync(join(bed.cwd, 'd'));
      writeFileSync(join(bed.cwd, 'd/größe.txt'), 'text '.repeat(100));
      rmSync(join(bed.cwd, 'app.bin'));
      execFileSync(tool, args, { cwd: bed.cwd });
      await using app = await bed.open();
      assert.equal(readFileSync(join(app.directory, 'd/größe.txt'), 'utf8'), 'text '.repeat(100));
    });

  it('large files of a zip come in pieces, and their checksums count too', async (t) => {
    const noise = Buffer.from(Array.from({ length: 600_000 }, (_, index) => (index * index * 31) % 251));
    const body = Buffer.alloc(3 << 20, 'large ');
    const whole = zipOf([
      { name: 'stored', mode: FILE, method: 0, body: noise },
      { name: 'deflated', mode: FILE, body },
    ]);
    await using app = await appBed(t, whole).open();
    assert.ok(readFileSync(join(app.directory, 'stored')).equals(noise));
    assert.ok(readFileSync(join(app.directory, 'deflated')).equals(body));
    for (const lie of [{ crc: 1 }, { size: (3 << 20) - 1 }, { size: (3 << 20) + 1 }]) {
      const error = await rejectionOf(appBed(t, zipOf([{ name: 'a', mode: FILE, body, ...lie }])).open());
      assert.match(error.message, /^app\.bin: entry "a" is damaged: /);
    }
  });

  it('links may lead anywhere inside, over each other and in circles', async (t) => {
    const links = { a: 'b', b: 'a', 'd/up': '../d/..', 'd/file': './../d//x', far: 'nowhere/at/all' };
    const entries = Object.entries(links).map(([name, body]): ZipFields => ({ name, body, mode: LINK }));
    await using app = await appBed(t, zipOf([{ name: 'd/x', mode: FILE }, ...entries])).open();
    assert.equal(readlinkSync(join(app.directory, 'd/up')), '../d/..');
  });

  it('devices and pipes are left out with a warning', async (t) => {
    const tar = archive(
      entry({ name: 'pipe', type: 'fifo' }),
      entry({ name: 'dev', type: 'char' }),
      entry({ name: 'a' }),
    );
    const bed = appBed(t, tar);
    await using app = await bed.open();
    assert.deepEqual(listing(app.directory), ['a 644 ']);
    assert.deepEqual(
      bed.ctx.events.map((event) => (event.type === 'warning' ? event.message : '')),
      ['pipe', 'dev'].map((name) => `app.bin: ${name} is no file, directory or link and is left out`),
    );
  });
});

describe('an archive that is no app', () => {
  const file = (name: string, more: Partial<ZipFields> = {}): ZipFields => ({ name, mode: FILE, body: 'x', ...more });
  const link = (name: string, body: string): ZipFields => ({ name, mode: LINK, body });
  const deep = Array.from({ length: 5 }, () => entry({ name: 'x', body: 'y'.repeat(1000) }));

  for (const [what, bytes, code, message] of [
    ['a name with ..', zipOf([file('a/../../b')]), 'ARCHIVE_UNSAFE', 'entry "a/../../b" has ".." in its name'],
    ['an absolute name', zipOf([file('/etc/passwd')]), 'ARCHIVE_UNSAFE', 'entry "/etc/passwd" has an absolute name'],
    ['a backslash', zipOf([file('..\\b')]), 'ARCHIVE_UNSAFE', 'has a backslash in its name'],
    ['a drive', zipOf([file('C:/b')]), 'ARCHIVE_UNSAFE', 'has the name of a drive'],
    ['a NUL in a name', zipOf([file('a\0b')]), 'ARCHIVE_UNSAFE', 'has a NUL byte'],
    ['no name', zipOf([file('./.')]), 'ARCHIVE_INVALID', 'has no name'],
    ['a name twice', zipOf([file('a'), file('./a')]), 'ARCHIVE_INVALID', 'entry "./a" is there twice'],
    [
      'a file below a file',
      zipOf([file('a'), file('a/b')]),
      'ARCHIVE_INVALID',
      'lies below something that is no directory',
    ],
    [
      'a file for a directory',
      zipOf([{ name: 'a/', mode: DIRECTORY }, file('a')]),
      'ARCHIVE_INVALID',
      'is there twice',
    ],
    [
      'an absolute link',
      zipOf([link('a', '/etc/passwd')]),
      'ARCHIVE_UNSAFE',
      'is a symbolic link out of the app, to /etc/passwd',
    ],
    ['a link out', zipOf([link('d/a', '../../b')]), 'ARCHIVE_UNSAFE', 'entry "d/a" is a symbolic link out of the app'],
    [
      'a link out through another',
      zipOf([link('s', '.'), link('y', 's/s/../../b')]),
      'ARCHIVE_UNSAFE',
      'entry "y" is a symbolic link out',
    ],
    [
      'a file through a link',
      zipOf([link('a', 'b'), file('a/c')]),
      'ARCHIVE_UNSAFE',
      'would be written through a symbolic link',
    ],
    ['an empty link', zipOf([link('a', '')]), 'ARCHIVE_INVALID', 'is a symbolic link to nothing'],
    [
      'a link of a megabyte',
      zipOf([link('a', 'b'.repeat(1 << 20))]),
      'ARCHIVE_INVALID',
      'is a symbolic link to no path',
    ],
    ['a password', zipOf([file('a', { flags: 1 })]), 'NOT_SUPPORTED', 'entry "a" is encrypted'],
    ['another method', zipOf([file('a', { method: 93 })]), 'NOT_SUPPORTED', 'has the compression method 93'],
    [
      'a wrong checksum',
      zipOf([file('ok'), file('a', { crc: 1 })]),
      'ARCHIVE_INVALID',
      'entry "a" is damaged: its checksum is wrong',
    ],
    [
      'a wrong checksum of a stored file',
      zipOf([file('a', { crc: 1, method: 0 })]),
      'ARCHIVE_INVALID',
      'its checksum is wrong',
    ],
    [
      'more than it says',
      zipOf([file('a', { body: 'x'.repeat(99), size: 9 })]),
      'ARCHIVE_INVALID',
      'entry "a" is damaged',
    ],
    ['less than it says', zipOf([file('a', { size: 9 })]), 'ARCHIVE_INVALID', 'entry "a" is damaged'],
    [
      'fewer entries than its end says',
      zipOf([file('a')], { count: 2 }),
      'ARCHIVE_INVALID',
      'is a damaged zip, or cut off',
    ],
    ['a cut', zipOf([file('a')]).subarray(0, -30), 'ARCHIVE_INVALID', 'is a damaged zip, or cut off'],
    ['a tar with ..', archive(entry({ name: '../b' })), 'ARCHIVE_UNSAFE', 'entry "../b" has ".."'],
    [
      'a tar with an absolute name',
      archive(entry({ name: '/b' })),
      'ARCHIVE_UNSAFE',
      'entry "/b" has an absolute name',
    ],
    [
      'a tar with a link out',
      archive(entry({ name: 'a', type: 'symlink', linkname: '../b' })),
      'ARCHIVE_UNSAFE',
      'out of the app, to ../b',
    ],
    [
      'a hard link out',
      archive(entry({ name: 'a', type: 'hardlink', linkname: '../b' })),
      'ARCHIVE_UNSAFE',
      'entry "../b" has ".."',
    ],
    [
      'a hard link to nothing',
      archive(entry({ name: 'a', type: 'hardlink', linkname: 'b' })),
      'ARCHIVE_INVALID',
      'a hard link to a file that is not there',
    ],
    ['a tar that is cut off', archive(...deep).subarray(0, 1200), 'ARCHIVE_INVALID', 'app.bin is truncated'],
    [
      'a tar.gz that is cut off',
      gzipSync(archive(...deep)).subarray(0, 40),
      'ARCHIVE_INVALID',
      'app.bin is damaged or cut off',
    ],
    ['gzip of no tar', gzipSync('x'.repeat(2000)), 'ARCHIVE_INVALID', 'or it is no tar'],
    [
      'an xz stream',
      Buffer.from('\u00fd7zXZ\0abc', 'latin1'),
      'ARGUMENT_INVALID',
      'no directory, zip or tar: it is an xz stream',
    ],
    ['an empty file', Buffer.alloc(0), 'ARGUMENT_INVALID', 'no directory, zip or tar: it is empty'],
    ['a text', Buffer.from('hello'), 'ARGUMENT_INVALID', 'it is something else'],
  ] as const)
    it(`${what}: refused with archive, entry and a way out, and nothing stays`, async (t) => {
      const bed = appBed(t, bytes);
      const error = await rejectionOf(bed.open());
      assert.equal(error.code, code, error.message);
      assert.ok(error.message.includes(message), error.message);
      assert.ok(error.message.includes('app.bin') && error.hint !== undefined, error.message);
      assert.equal(error.details['file'], 'app.bin');
      const named = /entry "([^"]*)"/.exec(error.message)?.[1];
      assert.equal(error.details['entry'], named);
      assert.deepEqual(bed.left(), []);
    });

  it('there is an end to bytes and entries, and it is seen before the disk is full', async (t) => {
    const limits = { bytes: 10_000, entries: 3 };
    const many = ['a', 'b', 'c', 'd'].map((name) => file(name));
    const bomb = zipOf([file('a', { body: Buffer.alloc(1 << 24) })]);
    const tars = [
      [archive(...['a', 'b', 'c', 'd'].map((name) => entry({ name }))), 'entry "d" is one too many'],
      [gzipSync(archive(entry({ name: 'a', body: Buffer.alloc(1 << 24) }))), 'entry "a" is too much'],
    ] as const;
    const zips = [
      [zipOf(many), 'has 4 entries, more than the 3'],
      [bomb, 'entry "a" is too much'],
      [zipOf(['a', 'b'].map((name) => file(name, { body: Buffer.alloc(6000) }))), 'entry "b" is too much'],
    ] as const;
    for (const [bytes, message] of [...tars, ...zips]) {
      const bed = appBed(t, bytes);
      const error = await rejectionOf(bed.open('app.bin', limits));
      assert.deepEqual([error.code, error.message.includes(message)], ['ARCHIVE_INVALID', true], error.message);
      assert.deepEqual(bed.left(), []);
    }
  });

  it('is not there, no file, or a terminal', async (t) => {
    const bed = appBed(t, Buffer.alloc(0));
    const missing = await rejectionOf(bed.open('nowhere'));
    assert.deepEqual([missing.code, missing.exit, missing.message], ['FILE_NOT_FOUND', 3, 'there is no app nowhere']);
    const device = await rejectionOf(bed.open('/dev/null'));
    assert.match(device.message, /the app \/dev\/null is neither a directory nor a file/);
    const terminal = await rejectionOf(bed.open('-', undefined, true));
    assert.match(terminal.message, /^--path - is standard input, which is a terminal/);
    const nothing = await rejectionOf(bed.open('-'));
    assert.match(nothing.message, /^standard input is empty/);
    assert.deepEqual(bed.left(), []);
  });
});

interface AppBed {
  readonly ctx: TestContextOf;
  readonly cwd: string;
  readonly open: (
    path?: string,
    limits?: { readonly bytes: number; readonly entries: number },
    isTerminal?: boolean,
  ) => ReturnType<typeof openApp>;
  /** What is in the temporary directory. */
  readonly left: () => readonly string[];
}

/** A file `app.bin` of these bytes, which standard input has too. */
function appBed(t: TestContext, bytes: Buffer): AppBed {
  const ctx = testContext(t);
  const cwd = temporaryDirectory(t);
  writeFileSync(join(cwd, 'app.bin'), bytes);
  return {
    ctx,
    cwd,
    open: (path = 'app.bin', limits, isTerminal = false) => {
      const input = bytes.length === 0 ? undefined : streamOf(bytes);
      const standard = standardStreams({ isTerminal, ...(input === undefined ? {} : { input }) });
      const machine = { ...testMachine(cwd), standard };
      return openApp({ path, machine, ...(limits === undefined ? {} : { limits }) }, ctx);
    },
    left: () => readdirSync(ctx.tmp),
  };
}

function listing(directory: string): readonly string[] {
  const paths = readdirSync(directory, { recursive: true, encoding: 'utf8' }).sort();
  return paths.map((path) => {
    const stats = lstatSync(join(directory, path));
    if (stats.isSymbolicLink()) return `${path} -> ${readlinkSync(join(directory, path))}`;
    const mode = (stats.mode & 0o7777).toString(8);
    return stats.isDirectory() ? `${path} ${mode}` : `${path} ${mode} ${readFileSync(join(directory, path), 'utf8')}`;
  });
}
