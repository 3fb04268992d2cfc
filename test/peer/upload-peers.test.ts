import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, connect, type Socket } from 'node:net';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, it, type TestContext } from 'node:test';
import { temporaryDirectory, testContext } from '../support/context.ts';
import { debianRegistry, startDockerRegistry } from '../support/docker-registry.ts';
import { patternBytes, testBlob, testClient } from '../support/registry.ts';
import { buildUploadWriter, runUpload } from '../support/upload-run.ts';

const MEBIBYTE = 1024 * 1024;
const SIZE = 8 * MEBIBYTE;

describe("unfinished uploads at Debian's docker-registry", () => {
  before(buildUploadWriter);

  /**
   * This registry continues a session only where its last whole request ended: it refuses one whose last request was cut ("upload resumed
   * at wrong offset"), maybe only after a whole chunk, and the upload starts over.
   */
  for (const [what, killAt, mostSent] of [
    ['between two chunks is ended by the next run, which sends the rest', 6 * MEBIBYTE, 2.5 * MEBIBYTE],
    ['inside a chunk is begun anew by the next run', 5 * MEBIBYTE, 10.5 * MEBIBYTE],
  ] as const)
    it(`one that was killed ${what}`, async (t) => {
      const upstream = await startDockerRegistry(t, debianRegistry(t));
      if (upstream === undefined) return;
      const wire = await startWire(t, upstream);
      const directory = temporaryDirectory(t);
      const [file, memory] = [join(directory, 'blob'), join(directory, 'uploads')];
      writeFileSync(file, patternBytes('peer', SIZE));
      const run = { registry: wire.name, file, memory, chunkBytes: 2 * MEBIBYTE };
      assert.equal(await runUpload({ ...run, killAt }), 'killed');
      const before = wire.sent();
      assert.equal(await runUpload(run), 'written');
      const sent = wire.sent() - before;
      assert.ok(sent > SIZE - killAt && sent < mostSent, `${String(sent)} bytes were sent`);
      const { descriptor } = testBlob(patternBytes('peer', SIZE));
      let read = 0;
      for await (const chunk of testClient(t).repository(upstream, 'app').open(descriptor, testContext(t)))
        read += chunk.byteLength;
      assert.equal(read, SIZE);
    });
});

/** A port that passes everything on and counts what clients send. */
async function startWire(
  test: TestContext,
  upstream: string,
): Promise<{ readonly name: string; readonly sent: () => number }> {
  let sent = 0;
  const [host = '', port = ''] = upstream.split(':');
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const target = connect(Number(port), host);
    for (const [socket, other] of [
      [client, target],
      [target, client],
    ] as const) {
      sockets.add(socket);
      socket.on('error', () => other.destroy());
      socket.on('close', () => other.destroy());
      socket.pipe(other);
    }
    client.on('data', (chunk) => {
      sent += chunk.length;
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  test.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const address = server.address();
  assert.ok(typeof address === 'object' && address !== null);
  return { name: `127.0.0.1:${String(address.port)}`, sent: () => sent };
}
