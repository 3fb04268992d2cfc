import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { encodeHeader } from '../../src/tar/header.ts';
import { openHeaderDecoder } from '../../src/tar/header-decoder.ts';
import { decodePlainHeader } from '../../src/tar/plain-header.ts';
import { patched } from '../support/tar.ts';

const BLOCK = Buffer.from(
  encodeHeader({
    name: Buffer.from(`${'d'.repeat(90)}/${'f'.repeat(60)}`),
    type: 'symlink',
    mode: 0o4755,
    uid: 1000,
    gid: 54321,
    size: 0,
    linkname: Buffer.from('target'),
    mtime: 1234567890,
  }),
);

describe('decodePlainHeader', () => {
  it('says what the general decoder says, or nothing', async () => {
    const digits = fc.constantFrom('0', '7', '8', ' ', '\0', 'x', '-', '\u0080', '0000644\0', '     12 ', '\0\0\0\0');
    const at = fc.constantFrom(0, 99, 100, 103, 107, 108, 116, 123, 136, 147, 157, 329, 337, 345, 499);
    const magic = fc.constantFrom('ustar\u000000', 'ustar  \0', 'ustar\0  ', '\0\0\0\0\0\0\0\0', 'ustar\u00001x');
    let plain = 0;
    await fc.assert(
      fc.asyncProperty(magic, fc.array(fc.tuple(at, digits), { maxLength: 4 }), async (format, patches) => {
        const block = patched(BLOCK, [[257, format], ...patches]);
        const found = decodePlainHeader(block);
        if (found === undefined) return;
        plain += 1;
        const decoder = openHeaderDecoder();
        assert.deepEqual(found, await decoder.decode(block));
        decoder.close();
      }),
      { numRuns: 500 },
    );
    assert.ok(plain > 50, String(plain));
  });

  it('knows the blocks that tar programs write', () => {
    assert.ok(decodePlainHeader(BLOCK) !== undefined);
    assert.ok(decodePlainHeader(patched(BLOCK, [[257, 'ustar  \0']])) !== undefined);
    assert.equal(decodePlainHeader(patched(BLOCK, [[257, '\0\0\0\0\0\0\0\0']])), undefined, 'v7 is for the other one');
  });
});
