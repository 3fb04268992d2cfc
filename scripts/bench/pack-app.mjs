// Packs a directory as an app layer: `pack-app.mjs APP OUT`; prints {digest, diffId, size} as JSON. Compiled by compile.mjs.
import { createLimiter } from '../../src/core/limiter.ts';
import { systemClock } from '../../src/core/clock.ts';
import { DEFAULT_COMPRESSION } from '../../src/layer/compression.ts';
import { packLayer } from '../../src/layer/pack.ts';
import { virtualParents } from '../../src/layer/place.ts';
import { planSlices } from '../../src/layer/slices.ts';
import { fileStaging } from '../../test/support/staging.ts';

const [app, out] = process.argv.slice(2);
const owner = { uid: 1000, gid: 1000 };
const place = { logical: '/workspace', real: app, owner, parents: virtualParents('/workspace', owner) };
const ctx = {
  signal: new AbortController().signal,
  clock: systemClock,
  emit: () => undefined,
  tmp: out,
  limiter: createLimiter(4),
  product: { version: '', commit: '', repository: '' },
};
const [source] = await planSlices(place, [], ctx);
const options = { compressions: [DEFAULT_COMPRESSION], family: 'oci' };
const {
  layers: [layer],
} = await packLayer(source, fileStaging(out), ctx, options);
const { digest, size } = layer.descriptor;
console.log(JSON.stringify({ digest, diffId: layer.diffId, size }));
