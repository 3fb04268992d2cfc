// Pulls an image and unpacks it as a build does with its builder: `unpack-image.mjs LOCATION STORE`. Compiled by compile.mjs.
import { createLimiter } from '../../../src/core/limiter.ts';
import { systemClock } from '../../../src/core/clock.ts';
import { createLocator } from '../../../src/locate/locator.ts';
import { parseLocation } from '../../../src/oci/location.ts';
import { openRootfs } from '../../../src/rootfs/open-rootfs.ts';

const [location, store] = process.argv.slice(2);
const ctx = {
  signal: new AbortController().signal,
  clock: systemClock,
  emit: () => undefined,
  tmp: store,
  limiter: createLimiter(4),
  product: { version: '', commit: '', repository: '' },
};
const registry = {
  insecure: [],
  credentials: { find: () => Promise.resolve({ trace: [] }) },
  userAgent: 'slipway-bench',
};
await using locator = createLocator({ registry, hostArchitecture: 'amd64' });
const image = await locator.find(parseLocation(location), 'build image', ctx);
await using rootfs = await openRootfs(image, store, ctx);
console.log(rootfs.path);
