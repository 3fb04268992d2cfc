import { gzipSync } from 'node:zlib';
import { digestOf } from '../../src/oci/digest.ts';
import { encodeManifest } from '../../src/oci/manifest.ts';
import { OCI_CONFIG, OCI_LAYER, OCI_MANIFEST } from '../../src/oci/media-types.ts';
import { patternBytes, testBlob, type TestImage } from './registry.ts';

/** An image whose layer is a gzipped (empty but for its padding) tar that other tools accept. */
export function gzipImage(seed: string, size: number): TestImage {
  const tar = Buffer.concat([
    tarHeader('file', size),
    patternBytes(seed, size),
    Buffer.alloc(1024 + ((512 - (size % 512)) % 512)),
  ]);
  const layer = testBlob(gzipSync(tar, { level: 1 }), `${OCI_LAYER}+gzip`);
  const config = testBlob(
    Buffer.from(
      JSON.stringify({
        architecture: 'amd64',
        os: 'linux',
        config: {},
        rootfs: { type: 'layers', diff_ids: [digestOf(tar)] },
        history: [{ created: '1980-01-01T00:00:01Z' }],
      }),
    ),
    OCI_CONFIG,
  );
  const manifest = encodeManifest({
    mediaType: OCI_MANIFEST,
    config: config.descriptor,
    layers: [layer.descriptor],
    annotations: {},
  });
  return { layer, config, manifest };
}

function tarHeader(name: string, size: number): Uint8Array {
  const header = Buffer.alloc(512);
  header.write(name, 0);
  header.write('0000644\0', 100);
  header.write('0000000\0', 108);
  header.write('0000000\0', 116);
  header.write(`${size.toString(8).padStart(11, '0')}\0`, 124);
  header.write('00000000001\0', 136);
  header.write('        0', 148);
  header.write('ustar\x0000', 257);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return header;
}
