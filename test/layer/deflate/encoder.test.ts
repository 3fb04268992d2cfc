import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { describe, it } from 'node:test';
import { constants, crc32, deflateRawSync, gunzipSync, inflateRawSync } from 'node:zlib';
import fc from 'fast-check';
import { encodeHere } from '../../../src/layer/deflate/encoder.ts';
import { gzipHeader, gzipTrailer } from '../../../src/layer/gzip-blocks.ts';
import { compressibleBytes, numbers } from '../../support/compressible.ts';
import { requirePeer } from '../../support/peers.ts';

const MIB = 1024 * 1024;
const WINDOW = 32 * 1024;
const NOTHING = Buffer.alloc(0);

/** Pieces of every kind of content, joined: runs, random bytes, few letters, copies of what is before. */
const mixtures: fc.Arbitrary<Buffer> = fc
  .array(
    fc.record({
      kind: fc.constantFrom('run', 'random', 'letters', 'copy'),
      size: fc.oneof(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 70_000 })),
      seed: fc.integer({ min: 0, max: 0xffff }),
    }),
    { maxLength: 8 },
  )
  .map((parts) => {
    let bytes = NOTHING;
    for (const { kind, size, seed } of parts) {
      const next = numbers(seed);
      const from = bytes.length === 0 ? 0 : next() % bytes.length;
      const part =
        kind === 'run'
          ? Buffer.alloc(size, seed & 0xff)
          : kind === 'copy'
            ? bytes.subarray(from, from + size)
            : Buffer.from(
                Uint8Array.from({ length: size }, () => (kind === 'random' ? next() : 97 + (next() % 5)) & 0xff),
              );
      bytes = Buffer.concat([bytes, part]);
    }
    return bytes;
  });

describe('the deflate encoder', () => {
  it('makes what inflate makes into the same bytes again, with and without a dictionary, last or not', () => {
    fc.assert(
      fc.property(mixtures, fc.integer({ min: 0, max: WINDOW }), fc.boolean(), (bytes, dictionarySize, isLast) => {
        const cut = Math.min(dictionarySize, bytes.length);
        assertRoundTrip(bytes.subarray(cut), bytes.subarray(0, cut), isLast);
      }),
      { numRuns: 60 },
    );
  });

  for (const [what, data] of [
    ['nothing', NOTHING],
    ['one byte', Buffer.from('a')],
    ['thirteen bytes', Buffer.from('abcabcabcabca')],
    ['1 MiB of zeros', Buffer.alloc(MIB)],
    ['1 MiB of what does not compress', incompressible(MIB)],
    ['1 MiB like a layer', compressibleBytes(MIB, 7)],
    ['all bytes equally often', Buffer.from(Uint8Array.from({ length: 100_000 }, (_, index) => index & 0xff))],
    ['letters as unequal as Fibonacci numbers, whose best code is too long', fibonacciLetters()],
    ['every length of match from 3 to 600 bytes', matchesOfAllLengths()],
    ['matches at 32767, 32768 and 32769 bytes', Buffer.concat([32_767, 32_768, 32_769].map(farMatch))],
  ] as const) {
    it(`takes ${what}`, () => {
      assertRoundTrip(data, NOTHING, true);
      assertRoundTrip(data, NOTHING, false);
      assertRoundTrip(data, compressibleBytes(WINDOW, 7), false);
    });
  }

  it('finds what is in the dictionary, as far as its first byte', () => {
    const dictionary = incompressible(WINDOW);
    const encoded = encodeHere({ data: dictionary, dictionary, isLast: true });
    assert.ok(encoded.length < 600, `${String(encoded.length)} bytes`);
    assertRoundTrip(dictionary, dictionary, true);
  });

  it('makes nothing longer by more than 256 bytes', () => {
    for (const size of [0, 1, 100, 65_535, 65_536, 81_918, 81_919, 500_000, MIB]) {
      for (const isLast of [true, false]) {
        const { length } = encodeHere({ data: incompressible(size), dictionary: NOTHING, isLast });
        assert.ok(length <= size + 256, `${String(size)} became ${String(length)}`);
      }
    }
  });

  it('is about as small as level 1 of zlib', () => {
    const data = compressibleBytes(MIB, 3);
    const { length } = encodeHere({ data, dictionary: NOTHING, isLast: true });
    assert.ok(length < deflateRawSync(data, { level: 1 }).length * 1.05, String(length));
  });

  it('forgets what it did before', () => {
    const data = compressibleBytes(300_000, 11);
    const first = encodeHere({ data, dictionary: NOTHING, isLast: true });
    encodeHere({ data: incompressible(MIB), dictionary: compressibleBytes(WINDOW, 5), isLast: false });
    assert.deepEqual(encodeHere({ data, dictionary: NOTHING, isLast: true }), first);
  });

  it('has the bytes of slipway-gzip-3: another digest here needs another name of the format', () => {
    const gzip = gzipOf(compressibleBytes(3 * MIB + 12_345, 2026));
    assert.equal(
      createHash('sha256').update(gzip).digest('hex'),
      '2a2da65d4eb733a08135f3315cb05ec546b00e26b4a0e67ab23e20c1f06e594c',
    );
  });

  it('makes blocks that are one gzip member for node, gzip and pigz', (t) => {
    const bytes = compressibleBytes(2 * MIB + 777, 9);
    const gzip = gzipOf(bytes);
    assert.deepEqual(gunzipSync(gzip), bytes);
    for (const name of ['gzip', 'pigz']) {
      const path = requirePeer(t, name);
      if (path === undefined) return;
      const check = spawnSync(path, ['-t'], { input: gzip });
      assert.equal(String(check.stderr), '');
      assert.equal(check.status, 0);
    }
  });
});

function assertRoundTrip(data: Buffer, dictionary: Buffer, isLast: boolean): void {
  const encoded = encodeHere({ data, dictionary, isLast });
  const decoded = inflateRawSync(encoded, {
    finishFlush: isLast ? constants.Z_FINISH : constants.Z_SYNC_FLUSH,
    ...(dictionary.length === 0 ? {} : { dictionary }),
  });
  assert.ok(decoded.equals(data));
  if (!isLast) assert.deepEqual([...encoded.subarray(-4)], [0, 0, 0xff, 0xff]);
}

function gzipOf(bytes: Buffer): Buffer {
  const blocks: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += MIB) {
    const data = bytes.subarray(at, at + MIB);
    const dictionary = bytes.subarray(Math.max(0, at - WINDOW), at);
    blocks.push(encodeHere({ data, dictionary, isLast: at + MIB >= bytes.length }));
  }
  return Buffer.concat([gzipHeader(1), ...blocks, gzipTrailer(crc32(bytes), bytes.length)]);
}

function incompressible(size: number): Buffer {
  const next = numbers(size);
  const bytes = Buffer.alloc(size);
  for (let at = 0; at < size; at += 1) bytes[at] = next() >> 3;
  return bytes;
}

/** Shuffled, so that there is nothing to match and the code alone counts. */
function fibonacciLetters(): Buffer {
  const letters: number[] = [];
  for (
    let [letter, count, before] = [0, 1, 1];
    letters.length < 100_000;
    letter += 1, [count, before] = [count + before, count]
  ) {
    for (let left = count; left > 0; left -= 1) letters.push(letter);
  }
  const next = numbers(1);
  for (let at = letters.length - 1; at > 0; at -= 1) {
    const other = (next() * 65_536 + next()) % (at + 1);
    [letters[at], letters[other]] = [letters[other] ?? 0, letters[at] ?? 0];
  }
  return Buffer.from(letters);
}

function matchesOfAllLengths(): Buffer {
  const source = incompressible(600);
  const parts = [source];
  for (let length = 3; length <= 600; length += 1) parts.push(source.subarray(0, length), incompressible(length & 7));
  return Buffer.concat(parts);
}

function farMatch(distance: number): Buffer {
  const bytes = incompressible(distance + 400);
  bytes.copy(bytes, distance, 0, 400);
  return bytes;
}
