// OCI layouts out of layers that are there as files or in memory.
import { createHash } from 'node:crypto';
import { closeSync, copyFileSync, mkdirSync, openSync, readSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createGunzip, gzipSync } from 'node:zlib';
import { createReadStream, statSync } from 'node:fs';
import { randomBytes, randomOf } from '../data/random.mjs';

const MEDIA = 'application/vnd.oci.image';

/** An image named v1 of gzip files. */
export async function writeFileLayout(directory, files) {
  const layers = [];
  for (const file of files) {
    const digest = fileDigest(file);
    mkdirSync(join(directory, 'blobs/sha256'), { recursive: true });
    copyFileSync(file, join(directory, 'blobs/sha256', digest.slice(7)));
    layers.push({ digest, size: statSync(file).size, diffId: await tarDigest(file) });
  }
  writeImage(directory, layers);
}

/** An image named v1 of layers that do not compress, each a tar of one file of `bytes`. */
export function writeRandomLayout(directory, { count, bytes }) {
  const random = randomOf(77);
  const layers = [];
  for (let index = 0; index < count; index += 1) {
    const tar = tarOf(randomBytes(random, bytes));
    const content = gzipSync(tar, { level: 0 });
    layers.push({ ...putBlob(directory, content), diffId: sha256(tar) });
  }
  writeImage(directory, layers);
}

function writeImage(directory, layers) {
  const json = (value) => Buffer.from(JSON.stringify(value));
  const typed = (mediaType, { digest, size }) => ({ mediaType: `${MEDIA}.${mediaType}`, digest, size });
  const rootfs = { type: 'layers', diff_ids: layers.map(({ diffId }) => diffId) };
  const config = putBlob(directory, json({ architecture: 'amd64', os: 'linux', config: {}, rootfs }));
  const manifest = putBlob(
    directory,
    json({
      schemaVersion: 2,
      mediaType: `${MEDIA}.manifest.v1+json`,
      config: typed('config.v1+json', config),
      layers: layers.map((layer) => typed('layer.v1.tar+gzip', layer)),
    }),
  );
  const annotations = { 'org.opencontainers.image.ref.name': 'v1' };
  const platform = { architecture: 'amd64', os: 'linux' };
  const entry = { ...typed('manifest.v1+json', manifest), platform, annotations };
  writeFileSync(join(directory, 'index.json'), json({ schemaVersion: 2, manifests: [entry] }));
  writeFileSync(join(directory, 'oci-layout'), json({ imageLayoutVersion: '1.0.0' }));
}

function putBlob(directory, content) {
  const digest = sha256(content);
  mkdirSync(join(directory, 'blobs/sha256'), { recursive: true });
  writeFileSync(join(directory, 'blobs/sha256', digest.slice(7)), content);
  return { digest, size: content.byteLength };
}

function sha256(bytes) {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

function fileDigest(path) {
  const hash = createHash('sha256');
  const buffer = Buffer.alloc(2 ** 20);
  const file = openSync(path, 'r');
  for (let count = readSync(file, buffer); count > 0; count = readSync(file, buffer))
    hash.update(buffer.subarray(0, count));
  closeSync(file);
  return `sha256:${hash.digest('hex')}`;
}

async function tarDigest(path) {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path).pipe(createGunzip())) hash.update(chunk);
  return `sha256:${hash.digest('hex')}`;
}

function tarOf(content) {
  const header = Buffer.alloc(512);
  const field = (text, at) => header.write(text, at, 'latin1');
  field('file', 0);
  field('0000644\0', 100);
  field('0000000\0', 108);
  field('0000000\0', 116);
  field(`${content.length.toString(8).padStart(11, '0')}\0`, 124);
  field('00000000000\0', 136);
  field('        0', 148);
  field('ustar\x0000', 257);
  const sum = header.reduce((total, byte) => total + byte, 0);
  field(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return Buffer.concat([header, content, Buffer.alloc(1024 + ((512 - (content.length % 512)) % 512))]);
}
