import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  algorithmOf,
  digester,
  digestOf,
  hexOf,
  isDigest,
  parseDiffId,
  parseDigest,
  shortDigest,
} from '../../src/oci/digest.ts';

const EMPTY = 'sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';

describe('digests', () => {
  it('are computed as everyone does', () => {
    assert.equal(digestOf(new Uint8Array(0)), EMPTY);
    const hash = digester('sha512');
    hash.update(Buffer.from('abc'));
    assert.match(hash.digest(), /^sha512:ddaf35a193617aba/);
  });

  it('come apart', () => {
    assert.equal(hexOf(parseDigest(EMPTY)), EMPTY.slice(7));
    assert.equal(algorithmOf(parseDigest(`sha512:${'0'.repeat(128)}`)), 'sha512');
    assert.equal(shortDigest(EMPTY), 'sha256:e3b0c44298fc');
  });

  for (const text of [
    '',
    'sha256:',
    EMPTY.slice(0, -1),
    `${EMPTY}0`,
    EMPTY.toUpperCase(),
    `sha256:${'A'.repeat(64)}`,
    `sha512:${'0'.repeat(64)}`,
    `md5:${'0'.repeat(32)}`,
    ` ${EMPTY}`,
    `${EMPTY}\n`,
    `sha256:../../${'0'.repeat(58)}`,
  ]) {
    it(`refuse ${JSON.stringify(text.slice(0, 30))}`, () => {
      assert.equal(isDigest(text), false);
      assert.throws(() => parseDigest(text), { code: 'DIGEST_INVALID' });
      assert.throws(() => parseDiffId(text), { code: 'DIGEST_INVALID' });
    });
  }
});
