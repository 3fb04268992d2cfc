import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { encodeHeader, END_OF_ARCHIVE, type TarEntryType, type TarHeader } from '../../src/tar/header.ts';
import { temporaryDirectory } from '../support/context.ts';
import { findTool, requirePeer } from '../support/peers.ts';
import { padded } from '../support/tar.ts';

const MTIME = 315532801;
const OCTAL_7 = 0o7777777;
const OCTAL_11 = 0o77777777777;
/** GNU tar refuses greater ones. */
const MAX_ID = 2 ** 32 - 1;

describe('the tar encoder beside others', () => {
  it("gives the bytes of Go's archive/tar for any header", { timeout: 120_000 }, (test) => {
    // Not every machine that has the other peers has Go, so that it may be missing even where they are required.
    const go = findTool('go');
    if (go === undefined) {
      test.skip('go is not installed');
      return;
    }
    const headers = [...EDGES, ...fc.sample(tarHeaders(), 3000)];
    const answers = askGo(go, headers, temporaryDirectory(test));
    assert.equal(answers.length, headers.length);
    const wrong = headers.filter((header, at) => outcome(header) !== answers[at]);
    assert.deepEqual(wrong.slice(0, 3).map(describeHeader), [], `${String(wrong.length)} headers differ`);
  });

  it('is listed and unpacked by GNU tar as it was written', (test) => {
    const tar = requirePeer(test, 'tar');
    if (tar === undefined) return;
    if (!run(tar, ['--version']).toString().includes('GNU tar')) {
      test.skip('tar is not GNU tar');
      return;
    }
    const file = join(temporaryDirectory(test), 'a.tar');
    fc.assert(
      fc.property(fc.array(fileEntries(), { minLength: 10, maxLength: 40 }), (entries) => {
        const unique = [...new Map(entries.map((entry) => [latin1(entry.header.name), entry])).values()];
        const parts = unique.flatMap(({ header, body }) => [encodeHeader(header), padded(body)]);
        writeFileSync(file, Buffer.concat([...parts, END_OF_ARCHIVE]));
        const options = [
          '-P',
          '--numeric-owner',
          '--full-time',
          '--utc',
          '--quoting-style=literal',
          '--show-transformed',
        ];
        const listed = run(tar, ['-tvf', file, ...options, '--null']).toString('latin1');
        assert.equal(
          listed.replaceAll(/^(\S{10} \S+) +/gm, '$1 '),
          unique.map(({ header }) => `${listing(header)}\n`).join(''),
        );
        const bodies = run(tar, ['-xOf', file, '-P']);
        assert.ok(bodies.equals(Buffer.concat(unique.map(({ body }) => body))));
      }),
      { numRuns: 15 },
    );
  });
});

/** Go's answers: the header in base64, or `error`. */
function askGo(go: string, headers: readonly TarHeader[], cache: string): readonly string[] {
  const input = headers.map((header) =>
    JSON.stringify({
      Name: Buffer.from(header.name).toString('base64'),
      Linkname: Buffer.from(header.linkname).toString('base64'),
      Type: header.type,
      Mode: header.mode,
      Size: header.size,
      Uid: header.uid,
      Gid: header.gid,
      Major: header.devMajor ?? 0,
      Minor: header.devMinor ?? 0,
      Mtime: header.mtime ?? MTIME,
    }),
  );
  const result = spawnSync(go, ['run', 'test/support/tar-oracle.go'], {
    input: `${input.join('\n')}\n`,
    maxBuffer: 256 * 1024 * 1024,
    env: {
      PATH: process.env['PATH'],
      HOME: process.env['HOME'] ?? cache,
      GO111MODULE: 'off',
      GOFLAGS: '',
      GOPROXY: 'off',
    },
  });
  assert.equal(result.status, 0, result.stderr.toString());
  const lines = result.stdout.toString().trimEnd().split('\n');
  return lines.map((line) => (line.startsWith('error: ') ? 'error' : line));
}

function outcome(header: TarHeader): string {
  try {
    return Buffer.from(encodeHeader(header)).toString('base64');
  } catch {
    return 'error';
  }
}

function describeHeader(header: TarHeader): string {
  return JSON.stringify({ ...header, name: latin1(header.name), linkname: latin1(header.linkname) });
}

/** A line of `tar -tv`, as GNU tar prints it but for the width of its columns. */
function listing(header: TarHeader): string {
  const owner = `${String(header.uid)}/${String(header.gid)}`;
  const what = `${permissions(header)} ${owner} ${String(header.size)} 1980-01-01 00:00:01`;
  const link = header.type === 'symlink' ? ` -> ${latin1(header.linkname)}` : '';
  return `${what} ${latin1(header.name)}${link}`;
}

function permissions({ mode, type }: TarHeader): string {
  const letters = Array.from('rwxrwxrwx').map((letter, at) => ((mode >> (8 - at)) & 1 ? letter : '-'));
  const special = (at: number, bit: number, lower: string): void => {
    if ((mode & bit) !== 0) letters[at] = letters[at] === 'x' ? lower : lower.toUpperCase();
  };
  special(2, 0o4000, 's');
  special(5, 0o2000, 's');
  special(8, 0o1000, 't');
  return `${type === 'directory' ? 'd' : type === 'symlink' ? 'l' : '-'}${letters.join('')}`;
}

function run(command: string, args: readonly string[]): Buffer {
  const result = spawnSync(command, args, {
    maxBuffer: 64 * 1024 * 1024,
    env: { PATH: process.env['PATH'], LC_ALL: 'C' },
  });
  assert.equal(result.status, 0, result.stderr.toString());
  return result.stdout;
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('latin1');
}

/** Names of every length around the limits of 100, 155 and 256 bytes, in parts of every length, some of them not ASCII or not UTF-8. */
function names(): fc.Arbitrary<Buffer> {
  const length = fc.oneof(
    fc.integer({ min: 1, max: 20 }),
    fc.integer({ min: 90, max: 110 }),
    fc.integer({ min: 145, max: 165 }),
  );
  const letter = fc.oneof(
    { weight: 20, arbitrary: fc.constantFrom('a', 'b', '-', ' ', '=') },
    { weight: 1, arbitrary: fc.constantFrom('.', '\n', '\\', '\x01', '"') },
  );
  const odd = fc.constantFrom('é', '\u{1f600}', '日');
  const ascii = fc.tuple(length, letter).map(([count, text]) => Buffer.from(text.repeat(count)));
  const part = fc.oneof(
    { weight: 12, arbitrary: ascii },
    {
      weight: 1,
      arbitrary: fc.tuple(length, odd).map(([count, text]) => Buffer.from(text.repeat(count).slice(0, 160))),
    },
    {
      weight: 1,
      arbitrary: fc
        .uint8Array({ minLength: 1, maxLength: 30 })
        .map((bytes) => Buffer.from(bytes.filter((byte) => byte !== 0 && byte !== 0x2f))),
    },
  );
  return fc
    .array(part, { minLength: 1, maxLength: 4 })
    .map((parts) =>
      Buffer.concat(parts.flatMap((one) => [Buffer.from('/'), one.length === 0 ? Buffer.from('x') : one])),
    );
}

function numbers(limit: number, max: number): fc.Arbitrary<number> {
  return fc.oneof(
    { weight: 3, arbitrary: fc.integer({ min: 0, max: 70_000 }) },
    { weight: 1, arbitrary: fc.constantFrom(limit - 1, limit, limit + 1) },
    { weight: 1, arbitrary: fc.integer({ min: 0, max }) },
  );
}

function tarHeaders(): fc.Arbitrary<TarHeader> {
  const type = fc.constantFrom<TarEntryType>(
    'file',
    'file',
    'directory',
    'symlink',
    'symlink',
    'hardlink',
    'fifo',
    'char',
    'block',
  );
  return fc
    .record({
      type,
      name: names(),
      linkname: fc.oneof(
        names(),
        fc.constantFrom('x', '../y', 'c'.repeat(100), 'c'.repeat(101)).map((text) => Buffer.from(text)),
      ),
      mode: fc.integer({ min: 0, max: 0o7777 }),
      uid: numbers(OCTAL_7, MAX_ID),
      gid: numbers(OCTAL_7, MAX_ID),
      size: numbers(OCTAL_11, 2 ** 45),
      device: fc.tuple(numbers(4095, OCTAL_7), numbers(255, OCTAL_7)),
      mtime: fc.oneof(fc.constant(MTIME), numbers(OCTAL_11, 2 ** 36)),
    })
    .map(({ device: [devMajor, devMinor], ...rest }) => ({
      ...rest,
      size: rest.type === 'file' ? rest.size : 0,
      linkname: rest.type === 'symlink' || rest.type === 'hardlink' ? rest.linkname : Buffer.alloc(0),
      ...(rest.type === 'char' || rest.type === 'block' ? { devMajor, devMinor } : {}),
    }));
}

/** What random names meet too seldom: every pair of lengths around the place where a name is cut. */
const EDGES: readonly TarHeader[] = [98, 99, 100, 101, 153, 154, 155, 156, 157].flatMap((first) =>
  [1, 2, 97, 98, 99, 100, 101].flatMap((second) =>
    (['file', 'directory'] as const).map((type) => ({
      type,
      name: Buffer.from(`/${'d'.repeat(first - 1)}/${'e'.repeat(second)}`),
      linkname: Buffer.alloc(0),
      mode: 0o755,
      uid: 1000,
      gid: 1000,
      size: 0,
    })),
  ),
);

/** Files, directories and links that GNU tar prints as they are: no newlines in their names, the layers' time. */
function fileEntries(): fc.Arbitrary<{ readonly header: TarHeader; readonly body: Buffer }> {
  const isPlain = ({ type, name, linkname }: TarHeader): boolean =>
    ['file', 'directory', 'symlink'].includes(type) && ![...name, ...linkname].includes(10);
  return fc.tuple(tarHeaders().filter(isPlain), fc.uint8Array({ maxLength: 1200 })).map(([header, bytes]) => {
    const body = header.type === 'file' ? Buffer.from(bytes) : Buffer.alloc(0);
    return { header: { ...header, size: body.length, mtime: MTIME }, body };
  });
}
