// A tar file that is there as the layer of an image, compressed beside it.
import { createHash } from 'node:crypto';
import {
  createReadStream,
  createWriteStream,
  existsSync,
  readFileSync,
  renameSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';

/** The layer of the tar at `tar`; its compressed form and its digests stay beside it for the next time. */
export async function tarLayer(tar, slipway) {
  const [blob, facts] = [`${tar}.gz`, `${tar}.json`];
  if (!existsSync(facts)) writeFileSync(facts, JSON.stringify(await compress(tar, blob)));
  const { diffId, digest } = JSON.parse(readFileSync(facts, 'utf8'));
  return {
    descriptor: {
      mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip',
      digest: slipway.parseDigest(digest),
      size: statSync(blob).size,
    },
    diffId: slipway.parseDiffId(diffId),
    origins: [],
    open: () => createReadStream(blob, { highWaterMark: 1 << 20 }),
  };
}

async function compress(tar, blob) {
  const [plain, packed] = [createHash('sha256'), createHash('sha256')];
  const staged = `${blob}.${process.pid}`;
  await pipeline(
    createReadStream(tar, { highWaterMark: 1 << 20 }),
    (chunks) => hashing(plain, chunks),
    createGzip({ level: 6 }),
    (chunks) => hashing(packed, chunks),
    createWriteStream(staged),
  );
  renameSync(staged, blob);
  return { diffId: `sha256:${plain.digest('hex')}`, digest: `sha256:${packed.digest('hex')}` };
}

async function* hashing(hash, chunks) {
  for await (const chunk of chunks) {
    hash.update(chunk);
    yield chunk;
  }
}
