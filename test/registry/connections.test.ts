import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { describe, it } from 'node:test';
import { testContext } from '../support/context.ts';
import { testClient, testImage } from '../support/registry.ts';

describe('connections', () => {
  it('few serve many questions, one after the other, whatever their methods', async (t) => {
    let connections = 0;
    const server = createServer((request, response) => {
      response.writeHead(404, { 'content-type': 'application/json', 'content-length': '2' });
      response.end(request.method === 'HEAD' ? undefined : '{}');
    });
    server.on('connection', () => (connections += 1));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    t.after(() => server.close());
    const address = server.address();
    const name = `127.0.0.1:${String(typeof address === 'object' ? address?.port : 0)}`;
    const repository = testClient(t).repository(name, 'app');
    const ctx = testContext(t);
    for (const seed of ['a', 'b', 'c', 'd', 'e'])
      assert.equal(await repository.has(testImage(seed).layer.descriptor, ctx), false);
    await assert.rejects(() => repository.resolve('v1', ctx), { code: 'IMAGE_NOT_FOUND' });
    // The answer to a HEAD may still be under way when the next question comes.
    assert.ok(connections <= 2, `${String(connections)} connections`);
  });
});
