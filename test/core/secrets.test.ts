import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { openSearch } from '../../src/core/byte-search.ts';
import { maskText, openMask } from '../../src/core/mask-bytes.ts';
import { printedForms, secretForms } from '../../src/core/secret-forms.ts';

const TOKEN = 'tok-<3&"\\ \u2028ü/+s3cret';
const SECRET = { id: 'npm', bytes: Buffer.from(TOKEN) };
const PEM = '-----BEGIN KEY-----\nMIIEpAIBAAKCAQEA0\nxyz\n-----END KEY-----';

/** Feeds bytes in pieces. */
function searched(bytes: Buffer, size: number): string | undefined {
  const search = openSearch(secretForms([SECRET]));
  let found: string | undefined;
  for (let at = 0; at < bytes.length; at += size) found ??= search.push(bytes.subarray(at, at + size));
  return found;
}

describe('looking for secrets in a stream', () => {
  it('finds it wherever it lies across pieces of any size', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 90 }),
        fc.integer({ min: 1, max: 80 }),
        fc.boolean(),
        (before, size, isThere) => {
          const bytes = Buffer.concat([
            randomBytes(before),
            isThere ? SECRET.bytes : Buffer.alloc(20),
            randomBytes(70),
          ]);
          assert.equal(searched(bytes, size), isThere ? 'npm' : undefined);
        },
      ),
    );
  });

  it('finds it as base64 within any text, in JSON once and twice escaped, as Go escapes it, and in an URL', () => {
    const forms: readonly string[] = [
      JSON.stringify({ a: TOKEN }),
      JSON.stringify({ a: JSON.stringify({ b: TOKEN }) }),
      '"tok-\\u003c3\\u0026\\"\\\\ \\u2028ü/+s3cret"',
      `https://x?t=${encodeURIComponent(TOKEN)}&`,
      ...['', 'u', 'us', 'user:'].flatMap((before) =>
        ['', 'x', 'xy'].flatMap((after) =>
          (['base64', 'base64url'] as const).map((form) => Buffer.from(before + TOKEN + after).toString(form)),
        ),
      ),
    ];
    for (const form of forms) assert.equal(searched(Buffer.from(`... ${form} ...`), 7), 'npm', form);
    for (const other of [TOKEN.slice(1), TOKEN.slice(0, -1), Buffer.from(TOKEN.slice(0, -2)).toString('base64')])
      assert.equal(searched(Buffer.from(`... ${other} ...`), 7), undefined, other);
  });
});

describe('masking secrets in output', () => {
  it('replaces it however the output is cut, and holds back no more than may be its beginning', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1 }), (sizes) => {
        const text = Buffer.from(`a ${TOKEN}${TOKEN} b tok-<3 c ${TOKEN}`);
        const mask = openMask(secretForms([SECRET]));
        const shown: Buffer[] = [];
        for (let at = 0, turn = 0; at < text.length; turn += 1) {
          const size = sizes[turn % sizes.length] ?? 1;
          shown.push(mask.push(text.subarray(at, at + size)));
          at += size;
        }
        assert.equal(Buffer.concat([...shown, mask.end()]).toString(), 'a ****** b tok-<3 c ***');
      }),
    );
    const mask = openMask(secretForms([SECRET]));
    assert.deepEqual(
      [mask.push(Buffer.from('ready to')).toString(), mask.push(Buffer.from('day')).toString()],
      ['ready ', 'today'],
    );
  });

  it('replaces the lines of one of several lines too, also with other line ends', () => {
    const forms = printedForms([{ id: 'key', bytes: Buffer.from(PEM) }]);
    assert.equal(maskText(`cat: ${PEM}\n`, forms), 'cat: ***\n');
    assert.equal(maskText(PEM.replaceAll('\n', '\r\n'), forms), '***\r\n***\r\nxyz\r\n***');
    assert.equal(maskText('nothing of it', forms), 'nothing of it');
  });
});
