import { createReadStream } from 'node:fs';
import { digester } from '../../src/oci/digest.ts';
import { withContext } from '../../src/core/with-context.ts';
import type { Blob } from '../../src/ports/blob.ts';
import { createRegistryClient } from '../../src/registry/client.ts';

/**
 * A process that pushes a file as a blob: `node upload-writer.mjs REGISTRY FILE MEMORY [CHUNK_BYTES [PAUSE_AT]]`. It prints `paused` when
 * it has given PAUSE_AT bytes away, and hangs there; else the outcome.
 */
const [registry = '', file = '', memory = '', chunk = '0', pauseAt = 'never'] = process.argv.slice(2);

async function fileBlob(): Promise<Blob> {
  const hash = digester();
  let size = 0;
  for await (const bytes of read(0)) {
    hash.update(bytes);
    size += bytes.byteLength;
  }
  const descriptor = { mediaType: 'application/octet-stream', digest: hash.digest(), size };
  return { descriptor, open: () => pausing(0), openAt: (offset) => pausing(offset) };
}

async function* read(start: number): AsyncIterable<Uint8Array> {
  for await (const chunk of createReadStream(file, { start })) if (chunk instanceof Uint8Array) yield chunk;
}

async function* pausing(start: number): AsyncIterable<Uint8Array> {
  let position = start;
  for await (const bytes of read(start)) {
    const left = Number(pauseAt) - position;
    position += bytes.byteLength;
    if (position < Number(pauseAt) || pauseAt === 'never') yield bytes;
    else {
      if (left > 0) yield bytes.subarray(0, left);
      process.stdout.write('paused\n');
      await new Promise(() => setInterval(() => undefined, 1000));
    }
  }
}

await withContext({}, async (ctx) => {
  await using client = createRegistryClient({
    insecure: [],
    credentials: { find: () => Promise.resolve({ trace: [] }) },
    userAgent: 'slipway-test',
    uploads: { memory, ...(chunk === '0' ? {} : { chunkBytes: Number(chunk) }) },
  });
  const outcome = await client
    .repository(registry, 'app')
    .openSink('v1')
    .put(await fileBlob(), ctx);
  process.stdout.write(`${outcome}\n`);
});
