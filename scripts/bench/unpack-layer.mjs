// Unpacks one gzip layer: `unpack-layer.mjs FILE.tar.gz DIGEST DIFFID DIRECTORY`. Compiled by compile.mjs.
import { createReadStream, mkdirSync, statSync } from 'node:fs';
import { systemClock } from '../../src/core/clock.ts';
import { createLimiter } from '../../src/core/limiter.ts';
import { unpackLayers } from '../../src/rootfs/unpack.ts';

const [file, digest, diffId, directory] = process.argv.slice(2);
const ctx = {
  signal: new AbortController().signal,
  clock: systemClock,
  emit: () => undefined,
  tmp: directory,
  limiter: createLimiter(4),
  product: { version: '', commit: '', repository: '' },
};
const layer = {
  descriptor: { mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip', digest, size: statSync(file).size },
  diffId,
  origins: [],
  open: () => createReadStream(file, { highWaterMark: 256 * 1024 }),
};
mkdirSync(directory, { recursive: true });
await unpackLayers([layer], directory, ctx);
