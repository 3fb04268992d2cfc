// Packs a directory as a layer with the product's own parts: `pack-layer.mjs DIR [OUT]`; prints {diffId, digest, size, tarSize} as JSON.
// Without OUT only the diffID is made. Compiled by compile.mjs.
import { createLimiter } from '../../../src/core/limiter.ts';
import { systemClock } from '../../../src/core/clock.ts';
import { DEFAULT_COMPRESSION } from '../../../src/layer/compression.ts';
import { hashLayer } from '../../../src/layer/hash.ts';
import { packLayer } from '../../../src/layer/pack.ts';
import { fileStaging } from '../../../test/support/staging.ts';

const [directory, out] = process.argv.slice(2);
const ctx = {
  signal: new AbortController().signal,
  clock: systemClock,
  emit: () => undefined,
  tmp: out,
  limiter: createLimiter(4),
  product: { version: '', commit: '', repository: '' },
};
const owner = { uid: process.getuid(), gid: process.getgid() };
const place = { logical: directory, real: directory, owner, parents: 'from-disk' };
const source = { kind: 'dir', place, path: directory };
if (out === undefined) console.log(JSON.stringify({ diffId: await hashLayer(source, ctx) }));
else {
  const options = { compressions: [DEFAULT_COMPRESSION], family: 'oci' };
  const {
    layers: [layer],
    tarSize,
  } = await packLayer(source, fileStaging(out), ctx, options);
  const { digest, size } = layer.descriptor;
  console.log(JSON.stringify({ digest, diffId: layer.diffId, size, tarSize }));
}
