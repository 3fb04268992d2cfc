import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { describe, it, type TestContext } from 'node:test';
import { collect } from '../../src/core/bytes.ts';
import { hashLayer } from '../../src/layer/hash.ts';
import type { LayerSource } from '../../src/layer/layer-source.ts';
import { openTar } from '../../src/layer/open-tar.ts';
import { packLayer } from '../../src/layer/pack.ts';
import { FRAME_FORMAT, hasZstd } from '../../src/layer/zstd-frames.ts';
import { digestOf } from '../../src/oci/digest.ts';
import type { Layer } from '../../src/ports/blob.ts';
import { temporaryDirectory, testContext } from '../support/context.ts';
import { fileStaging } from '../support/staging.ts';

const MIB = 1024 * 1024;
const MAGIC = '28b52ffd';
const skip = hasZstd() ? false : 'this Node has no zstd';

/** A layer of one file whose tar has exactly `tarSize` bytes. */
function fileLayer(tarSize: number): LayerSource {
  const bytes = Buffer.alloc(tarSize - 512 - 1024);
  for (let at = 0; at < bytes.length; at += 1) bytes[at] = (at * 31 + (at >> 9)) & 0xff;
  return { kind: 'entries', entries: [{ kind: 'file', path: '/f', mode: 0o644, uid: 0, gid: 0, bytes }] };
}

async function pack(t: TestContext, source: LayerSource, level = 3): Promise<Layer> {
  const options = { compressions: [{ codec: 'zstd', level }], family: 'oci' } as const;
  return (await packLayer(source, fileStaging(temporaryDirectory(t)), testContext(t), options)).layers[0];
}

describe('packLayer: zstd', { skip }, () => {
  it('is frames of 4 MiB of tar, each with its size, that zstd and node accept (slipway-zstd-1)', async (t) => {
    assert.equal(FRAME_FORMAT, 'slipway-zstd-1');
    const hasProgram = spawnSync('zstd', ['--version']).status === 0;
    for (const size of [2048, MIB, MIB + 512, 4 * MIB, 4 * MIB + 512, 9 * MIB]) {
      const source = fileLayer(size);
      const layer = await pack(t, source);
      const bytes = await collect(layer.open(), 1e8, 'blob');
      assert.equal(digestOf(bytes), layer.descriptor.digest);
      assert.equal(bytes.length, layer.descriptor.size);
      assert.equal(layer.descriptor.mediaType, 'application/vnd.oci.image.layer.v1.tar+zstd');
      assert.equal(layer.diffId, await hashLayer(source, testContext(t)));
      const frames = bytes.toString('hex').split(MAGIC).length - 1;
      assert.equal(frames, Math.ceil(size / (4 * MIB)));
      const tar = await collect(openTar(layer, testContext(t)), 1e8, 'tar');
      assert.equal(tar.length, size);
      if (!hasProgram) continue;
      const plain = spawnSync('zstd', ['-dc'], { input: bytes, maxBuffer: 1e8 });
      assert.equal(digestOf(plain.stdout), String(layer.diffId));
    }
  });

  it('does not depend on other layers at the same time, and not on other compressions of the same tar', async (t) => {
    const source = fileLayer(10 * MIB + 1024);
    const { digest } = (await pack(t, source, 1)).descriptor;
    const all = await Promise.all([1, 2, 3].map(() => pack(t, source, 1)));
    assert.deepEqual([...new Set(all.map(({ descriptor }) => descriptor.digest))], [digest]);
    const compressions = [{ codec: 'gzip', level: 1 }, { codec: 'zstd', level: 1 }, { codec: 'none' }] as const;
    const staging = fileStaging(temporaryDirectory(t));
    const { layers } = await packLayer(source, staging, testContext(t), { compressions, family: 'oci' });
    assert.equal(layers[1]?.descriptor.digest, digest);
    assert.deepEqual(
      layers.map(({ descriptor }) => descriptor.mediaType.split('.').at(-1)),
      ['tar+gzip', 'tar+zstd', 'tar'],
    );
  });

  it('keeps what cannot be compressed about as large as it is', async (t) => {
    const bytes = randomBytes(5 * MIB);
    const entry = { kind: 'file', path: '/f', mode: 0o644, uid: 0, gid: 0, bytes } as const;
    const { descriptor } = await pack(t, { kind: 'entries', entries: [entry] });
    assert.ok(descriptor.size < 5 * MIB + 4096, String(descriptor.size));
  });
});
