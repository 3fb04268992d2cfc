import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { layoutBackend, memoryBackend, serveRegistry } from '../../src/registryd/serve.ts';
import { openLayout } from '../../src/store/layout/layout-source.ts';
import { validateStore } from '../../src/store/validate.ts';
import { temporaryDirectory, testContext } from '../support/context.ts';
import { fill, imageOf } from '../support/images.ts';
import { startRegistry, testClient } from '../support/registry.ts';

describe('many clients at once', () => {
  it('fifty pushes of images that share layers leave a whole layout with all of them', async (t) => {
    const directory = join(temporaryDirectory(t), 'served');
    const registry = await startRegistry(t, { backend: layoutBackend(directory) });
    const names = Array.from({ length: 50 }, (_, index) => `team/app-${String(index % 5)}:v${String(index)}`);
    await Promise.all(
      names.map(async (name, index) => {
        const [repository = '', tag = ''] = name.split(':');
        const layers = [`shared by ten ${String(index % 5)}`, `own ${String(index)}`];
        await using sink = testClient(t).repository(registry.name, repository).openSink(tag);
        await fill(sink, [imageOf('linux/amd64', { layers })], registry.ctx);
        await sink.commit(registry.ctx);
      }),
    );
    const layout = openLayout(directory);
    assert.deepEqual(await validateStore(layout, registry.ctx), []);
    assert.deepEqual((await layout.list(registry.ctx)).map(({ name }) => name).sort(), [...names].sort());
  });

  it(
    'connections that say nothing, or half a line, do not keep the server from stopping',
    { timeout: 4000 },
    async (t) => {
      const server = await serveRegistry(memoryBackend(), testContext(t));
      const open = async (text: string): Promise<void> => {
        const socket = connect(server.port, '127.0.0.1');
        socket.on('error', () => undefined);
        t.after(() => socket.destroy());
        await once(socket, 'connect');
        if (text !== '') socket.write(text);
      };
      await open('');
      await open('GET /v2/ HTT');
      await open(
        'POST /v2/app/blobs/uploads/?digest=sha256:aa HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nhalf',
      );
      await server[Symbol.asyncDispose]();
    },
  );
});
