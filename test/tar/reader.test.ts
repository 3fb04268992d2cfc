import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { collect } from '../../src/core/bytes.ts';
import { SlipwayError } from '../../src/core/errors.ts';
import { encodeHeader, END_OF_ARCHIVE, type TarHeader } from '../../src/tar/header.ts';
import { readTar, type ReadTarOptions } from '../../src/tar/reader.ts';
import { temporaryDirectory } from '../support/context.ts';
import { archive, entry, extended, padded, patched, record } from '../support/tar.ts';

async function* chunks(bytes: Buffer, size: number): AsyncIterable<Uint8Array> {
  await Promise.resolve();
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

/** `type:name[->link]=body` of every entry. */
async function list(tar: Buffer, options: ReadTarOptions & { chunk?: number } = {}): Promise<readonly string[]> {
  const lines: string[] = [];
  for await (const { header, body } of readTar(chunks(tar, options.chunk ?? 1000), 'test.tar', options)) {
    const bytes = await collect(body, 1e9, 'body');
    const link = header.linkname.length === 0 ? '' : `->${Buffer.from(header.linkname).toString()}`;
    lines.push(`${header.type}:${Buffer.from(header.name).toString()}${link}=${bytes.toString()}`);
  }
  return lines;
}

const FILE = entry({ name: 'file', body: 'hello' });
/** A header that claims a body although its type has none; the next header follows at once. */
function sized(type: TarHeader['type'], size: number): Buffer {
  const octal = size.toString(8).padStart(11, '0');
  return patched(entry({ name: `a-${type}`, type, linkname: type.endsWith('link') ? 'file' : '' }), [[124, octal]]);
}

describe('readTar', () => {
  it('reads what encodeHeader writes, for any header', async () => {
    const name = fc
      .uint8Array({ minLength: 1, maxLength: 300 })
      .map((bytes) => bytes.map((byte) => (byte === 0 ? 1 : byte)))
      .filter((bytes) => bytes.at(-1) !== 0x2f);
    const id = fc.oneof(fc.nat(3000), fc.constantFrom(2097151, 2097152, 4294967295));
    const header: fc.Arbitrary<TarHeader> = fc
      .record({
        name,
        link: name,
        type: fc.constantFrom('file', 'directory', 'symlink', 'hardlink', 'fifo', 'char', 'block'),
        mode: fc.nat(0o7777),
        uid: id,
        gid: id,
        mtime: fc.oneof(fc.nat(), fc.constantFrom(8589934591, 8589934592)),
        body: fc.nat(2000),
        devMajor: fc.nat(4095),
        devMinor: fc.nat(1048575),
      })
      .map(({ link, type, body, devMajor, devMinor, ...rest }) => ({
        ...rest,
        type,
        size: type === 'file' ? body : 0,
        linkname: type === 'symlink' || type === 'hardlink' ? link : new Uint8Array(0),
        ...(type === 'char' || type === 'block' ? { devMajor, devMinor } : {}),
      }));
    await fc.assert(
      fc.asyncProperty(fc.array(header, { maxLength: 6 }), fc.integer({ min: 1, max: 3000 }), async (headers, size) => {
        const parts = headers.map((one) => Buffer.concat([encodeHeader(one), padded(Buffer.alloc(one.size, 'x'))]));
        const read: TarHeader[] = [];
        for await (const { header: one, body } of readTar(chunks(archive(...parts), size), 't')) {
          assert.equal((await collect(body, 1e6, 'body')).length, one.size);
          read.push(one);
        }
        const plain = (one: TarHeader): unknown => ({
          ...one,
          name: Buffer.from(one.name).toString('latin1'),
          linkname: Buffer.from(one.linkname).toString('latin1'),
        });
        assert.deepEqual(read.map(plain), headers.map(plain));
      }),
      { numRuns: 300 },
    );
  });

  it('skips bodies that are not read, whole or in part', async () => {
    const tar = archive(entry({ name: 'big', body: 'x'.repeat(5000) }), FILE);
    const names: string[] = [];
    for await (const { header, body } of readTar(chunks(tar, 700), 't')) {
      names.push(Buffer.from(header.name).toString());
      if (names.length === 1) for await (const chunk of body) if (chunk.length > 0) break;
    }
    assert.deepEqual(names, ['big', 'file']);
  });

  it('reads what GNU tar writes, in each of its formats', async (t) => {
    const root = temporaryDirectory(t);
    const long = 'n'.repeat(120);
    mkdirSync(join(root, 'd'));
    writeFileSync(join(root, 'd', long), 'body');
    writeFileSync(join(root, 'é'), '');
    symlinkSync('t'.repeat(110), join(root, 'link'));
    for (const format of ['gnu', 'oldgnu', 'pax', 'posix']) {
      const result = spawnSync('tar', ['c', `--format=${format}`, '-C', root, '--sort=name', 'd', 'link', 'é']);
      assert.equal(result.status, 0);
      const expected = ['directory:d=', `file:d/${long}=body`, `symlink:link->${'t'.repeat(110)}=`, 'file:é='];
      assert.deepEqual(await list(result.stdout), expected, format);
    }
    const old = spawnSync('tar', ['c', '--format=v7', '-C', root, '--sort=name', 'é']);
    assert.deepEqual(await list(old.stdout), ['file:é=']);
  });

  for (const size of [5, 512, 600, 1048576]) {
    it(`does not wait for the body of a directory of size ${String(size)}`, async () => {
      assert.deepEqual(await list(archive(sized('directory', size), FILE)), [
        'directory:a-directory=',
        'file:file=hello',
      ]);
    });
  }

  it('does not take the header after a link, fifo or device with a size for its body', async () => {
    for (const type of ['hardlink', 'symlink', 'fifo', 'char', 'block'] as const) {
      const lines = await list(archive(sized(type, 512), FILE));
      assert.equal(lines.length, 2, type);
      assert.equal(lines[1], 'file:file=hello', type);
    }
  });

  it('ends at the first end marker: a second archive behind it is not seen, and the source is read to its end', async () => {
    const tar = Buffer.concat([archive(FILE), archive(entry({ name: 'smuggled' }))]);
    let isDrained = false;
    const source = async function* (): AsyncIterable<Uint8Array> {
      yield* chunks(tar, 600);
      isDrained = true;
    };
    const names: string[] = [];
    for await (const { header } of readTar(source(), 't')) names.push(Buffer.from(header.name).toString());
    assert.deepEqual(names, ['file']);
    assert.equal(isDrained, true);
    assert.deepEqual(await list(Buffer.concat([FILE, END_OF_ARCHIVE.subarray(512), FILE])), ['file:file=hello']);
    assert.deepEqual(await list(Buffer.concat([archive(FILE), Buffer.from('trailing junk')])), ['file:file=hello']);
  });

  it('notices truncation at every byte', async () => {
    const whole = Buffer.concat([entry({ name: `/é${'x'.repeat(200)}`, body: 'y'.repeat(700) }), FILE]);
    for (let length = 0; length <= whole.length; length += 37) {
      await assert.rejects(list(whole.subarray(0, length)), { code: 'ARCHIVE_INVALID' }, String(length));
    }
    await assert.rejects(list(whole), /test\.tar is truncated: it has no end-of-archive marker/);
    assert.equal((await list(whole, { endMarker: 'optional' })).length, 2);
    await assert.rejects(list(whole.subarray(0, -1), { endMarker: 'optional' }), { code: 'ARCHIVE_INVALID' });
  });

  it('refuses sparse files of all four kinds, dumps and unknown types, and says what they are', async () => {
    const gnu = patched(entry({ name: 'a' }), [[156, 'S']]);
    await assert.rejects(list(archive(gnu)), /sparse file, which is not supported/);
    for (const key of ['GNU.sparse.size', 'GNU.sparse.map', 'GNU.sparse.major']) {
      await assert.rejects(list(archive(extended('x', record(key, '1')), FILE)), /sparse file/);
    }
    await assert.rejects(list(archive(patched(entry({ name: 'a' }), [[156, 'D']]))), /incremental dump/);
    await assert.rejects(list(archive(patched(entry({ name: 'a' }), [[156, 'Z']]))), /unknown file type "Z"/);
  });

  it('refuses sizes that are negative, no number, or too large, and reads base-256 ones', async () => {
    const size = (text: string): Buffer => archive(patched(entry({ name: 'a' }), [[124, text]]), FILE);
    await assert.rejects(list(size('\xff'.repeat(12))), /negative size/);
    await assert.rejects(list(size('0000000000x\0')), /size that is not a number/);
    await assert.rejects(list(size(`\x80${'\xff'.repeat(11)}`)), /too large/);
    const five = patched(entry({ name: 'b', body: 'hello' }), [[124, `\x80${'\0'.repeat(10)}\x05`]]);
    const header = five.subarray(0, 512);
    assert.deepEqual(await list(archive(header, padded(Buffer.from('hello')))), ['file:b=hello']);
  });

  it('lets PAX records override name, link, size and owner; an empty value does not', async () => {
    const body = padded(Buffer.from('hello'));
    const tar = archive(
      extended('x', record('path', 'long/é') + record('size', '000000000000000000005') + record('uid', '3000000')),
      entry({ name: 'short' }),
      body,
      extended('x', record('path', '') + record('comment', 'c')),
      FILE,
      extended('x', ''),
      FILE,
    );
    assert.deepEqual(await list(tar), ['file:long/é=hello', 'file:file=hello', 'file:file=hello']);
    for await (const { header, pax } of readTar(chunks(tar, 99), 't')) {
      assert.equal(header.uid, 3000000);
      assert.equal(pax['path'], 'long/é');
      break;
    }
  });

  it('refuses malformed, oversized and orphaned extended headers', async () => {
    for (const body of ['x', '6 a=b', '5 ab\n', '99 a=b\n', '5 =b\n', '-1 a=b\n', '6 a=b\n\n']) {
      await assert.rejects(list(archive(extended('x', body), FILE)), /malformed PAX header/, JSON.stringify(body));
    }
    const huge = extended('x', Buffer.alloc(1024 * 1024 + 1, 'x'));
    await assert.rejects(list(archive(huge, FILE)), /more than 1 MiB/);
    await assert.rejects(list(archive(extended('L', 'name\0'))), /extended header and then nothing/);
  });

  it('ignores harmless global records and refuses those that rename or resize all entries', async () => {
    assert.deepEqual(await list(archive(extended('g', record('comment', 'abc')), FILE)), ['file:file=hello']);
    for (const key of ['path', 'linkpath', 'size']) {
      await assert.rejects(list(archive(extended('g', record(key, '1')), FILE)), /global PAX header/);
    }
  });

  it('refuses a name or link with a NUL byte as unsafe', async () => {
    for (const key of ['path', 'linkpath']) {
      await assert.rejects(list(archive(extended('x', record(key, 'a\0b')), FILE)), { code: 'ARCHIVE_UNSAFE' });
    }
  });

  it('takes a name that ends in a slash for a directory, and no file with a body by such a name', async () => {
    const old = patched(entry({ name: 'd/' }), [[156, '\0']]);
    assert.deepEqual(await list(archive(old, entry({ name: 'e//' }))), ['directory:d=', 'directory:e=']);
    await assert.rejects(list(archive(entry({ name: 'f/', body: 'x' }))), /name of a directory/);
  });

  it('is not slowed down by a long run of slashes', async () => {
    const name = `${'/'.repeat(1000 * 1000)}a`;
    const lines = await list(archive(extended('L', `${name}\0`), entry({ name: 'x', type: 'directory' })));
    assert.equal(lines[0], `directory:${name}=`);
  });

  it('refuses a wrong checksum and accepts the signed one of old tools', async () => {
    const wrong = Buffer.from(FILE);
    wrong[0] = 0x70;
    await assert.rejects(list(archive(wrong)), /wrong header checksum/);
    await assert.rejects(list(Buffer.alloc(2048, 'this is no tar ')), /it is no tar/);
    const signed = patched(entry({ name: 'x' }), [[0, '\xe9']]);
    const sum = Number.parseInt(signed.subarray(148, 154).toString(), 8) - 256;
    signed.write(sum.toString(8).padStart(6, '0'), 148);
    assert.equal((await list(archive(signed))).length, 1);
  });

  it('reads 100,000 empty entries in bounded time', async () => {
    const block = entry({ name: 'e' });
    const source = async function* (): AsyncIterable<Uint8Array> {
      await Promise.resolve();
      const many = Buffer.concat(Array.from({ length: 1000 }, () => block));
      for (let index = 0; index < 100; index += 1) yield many;
      yield END_OF_ARCHIVE;
    };
    let count = 0;
    for await (const { header } of readTar(source(), 't')) count += header.size === 0 ? 1 : 0;
    assert.equal(count, 100_000);
  });

  it('closes the source when the consumer stops', async () => {
    let isClosed = false;
    const source = async function* (): AsyncIterable<Uint8Array> {
      try {
        yield* chunks(archive(FILE, FILE), 512);
      } finally {
        isClosed = true;
      }
    };
    for await (const { header } of readTar(source(), 't')) if (header.size > 0) break;
    assert.equal(isClosed, true);
  });

  it('ends for 5000 mutations of a tar, and only with its own errors', async () => {
    const whole = archive(
      entry({ name: '/d', type: 'directory' }),
      entry({ name: `/d/é${'x'.repeat(120)}`, body: 'b'.repeat(900) }),
      extended('L', 'long-name\0'),
      entry({ name: '/l', type: 'symlink', linkname: '../x' }),
      entry({ name: '/h', type: 'hardlink', linkname: '/d' }),
      FILE,
    );
    let accepted = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 }),
        fc.boolean(),
        async (changes, isHealed) => {
          const tar = Buffer.from(whole);
          for (const [at, byte] of changes) {
            tar[at] = byte;
            const block = at - (at % 512);
            if (isHealed && (tar[block + 257] === 0x75 || at % 512 < 157)) {
              const header = Buffer.from(tar.subarray(block, block + 512));
              patched(header, []).copy(tar, block);
            }
          }
          try {
            await list(tar);
            accepted += 1;
          } catch (error) {
            assert.ok(error instanceof SlipwayError, String(error));
          }
        },
      ),
      { numRuns: 5000 },
    );
    assert.ok(accepted > 100);
  });
});
