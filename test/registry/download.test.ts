import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { collect } from '../../src/core/bytes.ts';
import { faultScript, type FaultRule } from '../../src/registryd/fault-script.ts';
import { patternBytes, startRegistry, testBlob, testClient } from '../support/registry.ts';

const SIZE = 1_000_000;
const BLOB = /\/blobs\/sha256/;

describe('download', () => {
  it('a part that begins behind the asked one, or belongs to another blob, is refused', async (t) => {
    for (const range of ['bytes 500001-999999/1000000', 'bytes 500000-999999/1000001', 'bytes */1000000', 'all']) {
      const { registry, repository, descriptor } = await startWithBlob(t, [
        { method: 'GET', path: BLOB, nth: 1, fault: { kind: 'cut', afterBytes: 500_000 } },
        { method: 'GET', path: BLOB, nth: 2, fault: { kind: 'headers', headers: { 'content-range': range } } },
      ]);
      await assert.rejects(() => collect(repository.open(descriptor, registry.ctx), SIZE, 'blob'), {
        code: 'REGISTRY_ERROR',
        details: { asked: 'bytes=500000- of 1000000', answered: range },
      });
    }
  });

  it('after a cut the registry is asked again, not the address that it redirected to', async (t) => {
    const store = await startWithBlob(t, [
      { method: 'GET', path: BLOB, nth: 1, fault: { kind: 'cut', afterBytes: 400_000 } },
    ]);
    let asked = 0;
    const redirecting = await startRegistry(t, {
      intercept: ({ method, path }) => {
        if (method !== 'GET' || !path.includes('/blobs/')) return undefined;
        asked += 1;
        const location = `${store.registry.url}${path}?signature=${String(asked)}`;
        return { kind: 'answer', status: 307, headers: { location } };
      },
    });
    const repository = testClient(t).repository(redirecting.name, 'app');
    const found = await collect(repository.open(store.descriptor, redirecting.ctx), SIZE, 'blob');
    assert.ok(found.equals(patternBytes('down', SIZE)));
    assert.deepEqual(
      store.registry.requests
        .filter(({ method }) => method === 'GET')
        .map(({ path, status }) => `${path.split('?')[1] ?? ''} ${String(status)}`),
      ['signature=1 200', 'signature=2 206'],
    );
  });

  it('a blob can be read from an offset on, across cuts', async (t) => {
    const { registry, repository, descriptor } = await startWithBlob(t, [
      { method: 'GET', path: BLOB, nth: 1, fault: { kind: 'cut', afterBytes: 100_000 } },
    ]);
    const found = await collect(repository.openAt(descriptor, 300_000, registry.ctx), SIZE, 'blob');
    assert.ok(found.equals(patternBytes('down', SIZE).subarray(300_000)));
    assert.equal(registry.requests.filter(({ method, status }) => method === 'GET' && status === 206).length, 2);
  });
});

async function startWithBlob(test: Parameters<typeof startRegistry>[0], rules: readonly FaultRule[]) {
  const registry = await startRegistry(test, { intercept: faultScript(rules) });
  const repository = testClient(test).repository(registry.name, 'app');
  const blob = testBlob(patternBytes('down', SIZE));
  await repository.openSink('v1').put(blob, registry.ctx);
  return { registry, repository, descriptor: blob.descriptor };
}
