import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { constants, deflateRawSync, gzipSync } from 'node:zlib';
import * as zlib from 'node:zlib';
import { collect } from '../../src/core/bytes.ts';
import { openTar } from '../../src/layer/open-tar.ts';
import { digestOf } from '../../src/oci/digest.ts';
import { layerMediaType } from '../../src/oci/media-types.ts';
import type { Layer } from '../../src/ports/blob.ts';
import { testContext } from '../support/context.ts';
import { archive, entry, layerOf } from '../support/tar.ts';

const TAR = archive(entry({ name: '/a', body: 'x'.repeat(100_000) }), entry({ name: '/b' }));
const PLAIN = layerMediaType('oci', 'none');
const ZSTD = layerMediaType('oci', 'zstd');
const ZSTD_FRAME = Buffer.from('28b52ffd0458190000616263642e2e2e', 'hex');

/** The layer, but its source now gives other bytes. */
function giving(layer: Layer, bytes: Buffer, chunk = 1000): Layer {
  return {
    ...layer,
    open: async function* () {
      await Promise.resolve();
      for (let at = 0; at < bytes.length; at += chunk) yield bytes.subarray(at, at + chunk);
    },
  };
}

describe('openTar', () => {
  it('gives the tar of a gzip layer and of a plain one, OCI and Docker', async (t) => {
    const ctx = testContext(t);
    for (const family of ['oci', 'docker'] as const) {
      const gzip = layerOf(TAR, { mediaType: layerMediaType(family, 'gzip') });
      assert.deepEqual(await collect(openTar(gzip, ctx), 1e6, 't'), TAR);
      const plain = layerOf(TAR, { mediaType: layerMediaType(family, 'none'), bytes: TAR });
      assert.deepEqual(await collect(openTar(plain, ctx), 1e6, 't'), TAR);
    }
  });

  it('reads a gzip of 1000 members, with zeros behind', async (t) => {
    const parts = Array.from({ length: 1000 }, (_, index) =>
      gzipSync(TAR.subarray(Math.floor((index * TAR.length) / 1000), Math.floor(((index + 1) * TAR.length) / 1000))),
    );
    const bytes = Buffer.concat(parts);
    assert.deepEqual(await collect(openTar(layerOf(TAR, { bytes }), testContext(t)), 1e6, 't'), TAR);
  });

  it('refuses damaged bytes by their digest, whatever they do to the decoder', async (t) => {
    const ctx = testContext(t);
    const layer = layerOf(TAR);
    const good = gzipSync(TAR);
    for (const at of [0, 5, 20, good.length - 6, good.length - 1]) {
      const bytes = Buffer.from(good);
      bytes[at] = (bytes[at] ?? 0) ^ 0xff;
      const reading = collect(openTar(giving(layer, bytes), ctx), 1e9, 't');
      await assert.rejects(
        reading,
        { code: 'CONTENT_MISMATCH', message: new RegExp(layer.descriptor.digest) },
        String(at),
      );
    }
    for (const bytes of [good.subarray(0, -1), Buffer.concat([good, Buffer.from('x')]), Buffer.alloc(0)]) {
      await assert.rejects(collect(openTar(giving(layer, bytes), ctx), 1e9, 't'), { code: 'CONTENT_MISMATCH' });
    }
  });

  it('refuses bytes that have their digest and are no good gzip: wrong CRC, cut, junk behind', async (t) => {
    const ctx = testContext(t);
    const good = gzipSync(TAR);
    const wrongCrc = Buffer.from(good);
    wrongCrc.writeUInt32LE(1, good.length - 8);
    for (const bytes of [wrongCrc, good.subarray(0, -9), Buffer.concat([good, Buffer.from('trailing junk')])]) {
      const layer = layerOf(TAR, { bytes });
      await assert.rejects(collect(openTar(layer, ctx), 1e9, 't'), {
        code: 'IMAGE_INVALID',
        message: new RegExp(layer.descriptor.digest),
      });
    }
  });

  it('says what the bytes are when the media type lies', async (t) => {
    const ctx = testContext(t);
    const cases = [
      [{ bytes: TAR }, /is a plain tar, but its media type says gzip/],
      [{ bytes: ZSTD_FRAME }, /is zstd, but its media type says gzip/],
      [{ bytes: Buffer.from('<html>') }, /is not gzip, but its media type says gzip/],
      [{ mediaType: PLAIN }, /is gzip, but its media type says a plain tar/],
      [{ mediaType: ZSTD }, /is gzip, but its media type says zstd|zstd, which this Node cannot read/],
    ] as const;
    for (const [lies, message] of cases) {
      await assert.rejects(collect(openTar(layerOf(TAR, lies), ctx), 1e9, 't'), { message });
    }
  });

  it('refuses a diffID that is not the one of the tar', async (t) => {
    const layer = layerOf(TAR, { diffId: digestOf(Buffer.from('other')) });
    await assert.rejects(collect(openTar(layer, testContext(t)), 1e9, 't'), { code: 'IMAGE_INVALID' });
  });

  it('refuses an unknown media type, and zstd where Node has none', async (t) => {
    const ctx = testContext(t);
    const unknown = layerOf(TAR, { mediaType: 'application/vnd.in-toto+json' });
    await assert.rejects(collect(openTar(unknown, ctx), 1e9, 't'), { code: 'MEDIA_TYPE_UNSUPPORTED' });
    const compress: unknown = Reflect.get(zlib, 'zstdCompressSync');
    if (typeof compress === 'function') {
      const bytes: unknown = Reflect.apply(compress, zlib, [TAR]);
      assert.ok(Buffer.isBuffer(bytes));
      assert.deepEqual(await collect(openTar(layerOf(TAR, { mediaType: ZSTD, bytes }), ctx), 1e9, 't'), TAR);
    } else {
      await assert.rejects(collect(openTar(layerOf(TAR, { mediaType: ZSTD, bytes: ZSTD_FRAME }), ctx), 1e9, 't'), {
        code: 'MEDIA_TYPE_UNSUPPORTED',
        message: /zstd, which this Node cannot read/,
      });
    }
  });

  it('closes the blob when the reader stops early', async (t) => {
    let isClosed = false;
    const layer: Layer = {
      ...layerOf(TAR),
      open: async function* () {
        try {
          await Promise.resolve();
          const bytes = gzipSync(TAR);
          for (let at = 0; at < bytes.length; at += 10) yield bytes.subarray(at, at + 10);
        } finally {
          isClosed = true;
        }
      },
    };
    for await (const chunk of openTar(layer, testContext(t))) if (chunk.length > 0) break;
    assert.equal(isClosed, true);
  });

  it('passes 1 GiB of zeros from 1 MB of gzip without holding them', async (t) => {
    const block = deflateRawSync(Buffer.alloc(1024 * 1024), { finishFlush: constants.Z_FULL_FLUSH });
    const header = Buffer.from('1f8b08000000000000ff', 'hex');
    const bytes = Buffer.concat([header, ...Array.from({ length: 1024 }, () => block)]);
    const layer = layerOf(Buffer.alloc(0), { bytes });
    const before = process.memoryUsage().rss;
    let size = 0;
    let peak = before;
    // The stream has no end of its own: it is refused once all of it has passed.
    await assert.rejects(async () => {
      for await (const chunk of openTar(layer, testContext(t))) {
        size += chunk.length;
        peak = Math.max(peak, process.memoryUsage().rss);
      }
    });
    assert.equal(size, 1024 ** 3);
    assert.ok(peak - before < 100 * 1024 * 1024, `grew by ${String(peak - before)}`);
  });
});
