// One blob to or from a registry: `transfer-blob.mjs up|down REGISTRY MEGABYTES`. Its bytes are made on the way. Compiled by compile.mjs.
import { digester } from '../../../src/oci/digest.ts';
import { withContext } from '../../../src/core/with-context.ts';
import { createRegistryClient } from '../../../src/registry/client.ts';

const [direction, registry, megabytes] = process.argv.slice(2);
const MEGABYTE = 1024 * 1024;
const block = Buffer.alloc(MEGABYTE + 4096, 'slipway ');

async function* bytes(offset = 0) {
  for (let index = offset / MEGABYTE; index < Number(megabytes); index += 1) {
    await Promise.resolve();
    // Every megabyte another one: a window that slides over the block.
    yield block.subarray(index % 4096, (index % 4096) + MEGABYTE);
  }
}

const hash = digester();
for await (const chunk of bytes()) hash.update(chunk);
const descriptor = {
  mediaType: 'application/octet-stream',
  digest: hash.digest(),
  size: Number(megabytes) * MEGABYTE,
};

await withContext({}, async (ctx) => {
  await using client = createRegistryClient({
    insecure: [],
    credentials: { find: () => Promise.resolve({ trace: [] }) },
    userAgent: 'slipway-bench',
  });
  const repository = client.repository(registry, 'bench');
  const start = performance.now();
  let read = 0;
  if (direction === 'up') await repository.openSink('latest').put({ descriptor, open: () => bytes() }, ctx);
  else for await (const chunk of repository.open(descriptor, ctx)) read += chunk.byteLength;
  console.log(JSON.stringify({ seconds: (performance.now() - start) / 1000, read }));
});
