import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { collect } from '../../src/core/bytes.ts';
import type { Blob } from '../../src/ports/blob.ts';
import type { Fault } from '../../src/registryd/fault.ts';
import { faultScript, type FaultRule } from '../../src/registryd/fault-script.ts';
import { patternBytes, startRegistry, testBlob, testClient, type TestRegistry } from '../support/registry.ts';

const SIZE = 2_000_000;
const UPLOAD = /\/blobs\/uploads/;
const status = (code: number): Fault => ({ kind: 'answer', status: code });

describe('upload', () => {
  it('a request that is cut goes on from where the registry stands, and only the rest is sent', async (t) => {
    for (const canSeek of [true, false]) {
      const registry = await startRegistry(t, {
        intercept: faultScript([
          { method: 'PUT', path: UPLOAD, nth: 1, fault: { kind: 'cut-request', afterBytes: 700_000 } },
          { method: 'PATCH', path: UPLOAD, nth: 1, fault: { kind: 'cut-request', afterBytes: 500_000 } },
        ]),
      });
      const offsets: number[] = [];
      const blob = canSeek ? seekable('cut', SIZE, offsets) : testBlob(patternBytes('cut', SIZE));
      await putAndCheck(t, registry, blob);
      assert.equal(bodyBytes(registry), SIZE);
      assert.deepEqual(shown(registry), [
        'POST 202 0',
        'PUT 0 700000',
        'GET 204 0',
        'PATCH 0 500000',
        'GET 204 0',
        'PATCH 202 800000',
        'PUT 201 0',
      ]);
      assert.deepEqual(offsets, canSeek ? [700_000, 1_200_000] : []);
      const { ctx } = registry;
      const steps = ctx.events.flatMap((event) =>
        event.type === 'blob.progress' && event.action === 'push' ? [event.bytes] : [],
      );
      assert.equal(steps.at(-1), SIZE);
    }
  });

  it('a blob larger than a chunk goes in chunks, as large as the registry asks for', async (t) => {
    for (const [minimum, chunks] of [
      ['', [600_000, 600_000, 600_000, 200_000]],
      ['900000', [900_000, 900_000, 200_000]],
    ] as const) {
      const fault: Fault = { kind: 'headers', headers: { 'oci-chunk-min-length': minimum } };
      const registry = await startRegistry(t, {
        intercept: faultScript([{ method: 'POST', path: UPLOAD, fault }]),
      });
      await putAndCheck(t, registry, testBlob(patternBytes('chunks', SIZE)), { chunkBytes: 600_000 });
      assert.deepEqual(
        registry.requests.filter(({ method }) => method === 'PATCH').map(({ bodyBytes: bytes }) => bytes),
        chunks,
      );
      await putAndCheck(t, registry, testBlob(patternBytes('small', 500_000)), { chunkBytes: 600_000 });
      assert.equal(registry.requests.at(-1)?.bodyBytes, 500_000);
    }
  });

  it('something on the way that takes no large bodies gets chunks', async (t) => {
    const size = 9 * 1024 * 1024;
    const registry = await startRegistry(t, {
      intercept: ({ method, headers }) =>
        method === 'PUT' && Number(headers['content-length']) > 1024 * 1024 ? status(413) : undefined,
    });
    await putAndCheck(t, registry, testBlob(patternBytes('large', size)));
    assert.deepEqual(
      registry.requests.filter(({ method }) => method === 'PATCH').map(({ bodyBytes: bytes }) => bytes),
      [8 * 1024 * 1024, 1024 * 1024],
    );
  });

  it('whatever a registry makes of its session ends right, or soon with the reason', async (t) => {
    const cut = { method: 'PUT', path: UPLOAD, nth: 1, fault: { kind: 'cut-request', afterBytes: 900_000 } } as const;
    const cases: readonly (readonly FaultRule[])[] = [
      // The session is gone; it was never there; its GET is not known.
      [cut, { method: 'GET', path: UPLOAD, fault: status(404) }],
      [cut, { method: 'PATCH', path: UPLOAD, nth: 1, fault: status(404) }],
      [cut, { method: 'GET', path: UPLOAD, fault: status(405) }],
      // It says another offset than it has.
      [cut, { method: 'GET', path: UPLOAD, nth: 1, fault: { kind: 'headers', headers: { range: '0-499' } } }],
      [cut, { method: 'GET', path: UPLOAD, nth: 1, fault: { kind: 'headers', headers: { range: '0-99999999' } } }],
      [cut, { method: 'GET', path: UPLOAD, nth: 1, fault: { kind: 'headers', headers: { range: 'nonsense' } } }],
      // Its range goes backwards after a chunk.
      [cut, { method: 'PATCH', path: UPLOAD, nth: 1, fault: { kind: 'headers', headers: { range: '0-99' } } }],
      // What it kept is not what was sent.
      [cut, { method: 'PUT', path: /digest=/, nth: 2, fault: status(400) }],
      [cut, { method: 'PATCH', path: UPLOAD, nth: 1, fault: status(503) }],
      [cut, { method: 'GET', path: UPLOAD, nth: 1, fault: { kind: 'close' } }],
    ];
    for (const rules of cases) {
      const registry = await startRegistry(t, { intercept: faultScript(rules) });
      await putAndCheck(t, registry, testBlob(patternBytes('odd', SIZE)));
      assert.ok(bodyBytes(registry) <= 3 * SIZE);
    }
    const always: FaultRule = { method: 'PUT', path: UPLOAD, fault: { kind: 'cut-request', afterBytes: 0 } };
    const registry = await startRegistry(t, { intercept: faultScript([always]) });
    await assert.rejects(() => putAndCheck(t, registry, testBlob(patternBytes('never', SIZE))), {
      code: 'REGISTRY_UNREACHABLE',
    });
    assert.equal(registry.requests.filter(({ method }) => method === 'PUT').length, 3);
  });

  it('a source that is shorter or longer than it promised is named, and nothing is stored', async (t) => {
    for (const length of [SIZE - 1, SIZE + 1]) {
      const registry = await startRegistry(t);
      const { descriptor } = testBlob(patternBytes('a', SIZE));
      const blob = { ...testBlob(patternBytes('a', length)), descriptor };
      const repository = testClient(t).repository(registry.name, 'app');
      await assert.rejects(() => repository.openSink('v1').put(blob, registry.ctx), { code: 'CONTENT_MISMATCH' });
      assert.equal(await repository.has(descriptor, registry.ctx), false);
    }
  });

  it('sha512 goes up and down', async (t) => {
    const registry = await startRegistry(t);
    const bytes = patternBytes('long', SIZE);
    const blob = testBlob(bytes, undefined, 'sha512');
    await putAndCheck(t, registry, blob);
  });

  it('a caller that is stopped leaves a shared upload to the others; the last one ends it', async (t) => {
    let release = (): void => undefined;
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    const { descriptor } = testBlob(patternBytes('shared', SIZE));
    const opened: (AbortSignal | undefined)[] = [];
    const blob: Blob = {
      descriptor,
      open: async function* (signal) {
        opened.push(signal);
        yield patternBytes('shared', SIZE).subarray(0, 1000);
        reached();
        await gate;
        yield patternBytes('shared', SIZE).subarray(1000);
      },
    };
    let reached = (): void => undefined;
    const underWay = new Promise<void>((resolve) => {
      reached = resolve;
    });
    const registry = await startRegistry(t);
    const sink = testClient(t).repository(registry.name, 'app').openSink('v1');
    const stops = [new AbortController(), new AbortController()];
    const puts = stops.map(({ signal }) => sink.put(blob, { ...registry.ctx, signal }));
    const third = sink.put(blob, registry.ctx);
    const refusals = puts.map((put) => assert.rejects(put, /changed my mind/));
    await underWay;
    for (const stop of stops) stop.abort(new Error('changed my mind'));
    await Promise.all(refusals);
    release();
    assert.equal(await third, 'existed');
    assert.equal(opened.length, 1);
    assert.equal(opened[0]?.aborted, false);
    assert.equal(registry.requests.filter(({ method }) => method === 'PUT').length, 1);
  });

  it('an upload that nobody waits for any more ends', async (t) => {
    let signalOf: AbortSignal | undefined;
    const { descriptor } = testBlob(patternBytes('left', SIZE));
    const stop = new AbortController();
    const blob: Blob = {
      descriptor,
      open: async function* (signal) {
        signalOf = signal;
        yield patternBytes('left', SIZE).subarray(0, 1000);
        stop.abort(new Error('changed my mind'));
        await new Promise(() => undefined);
      },
    };
    const registry = await startRegistry(t);
    const repository = testClient(t).repository(registry.name, 'app');
    await assert.rejects(
      repository.openSink('v1').put(blob, { ...registry.ctx, signal: stop.signal }),
      /changed my mind/,
    );
    assert.equal(signalOf?.aborted, true);
    assert.equal(await repository.openSink('v1').put(testBlob(patternBytes('left', SIZE)), registry.ctx), 'written');
  });
});

async function putAndCheck(
  test: Parameters<typeof testClient>[0],
  registry: TestRegistry,
  blob: Blob,
  uploads: { readonly chunkBytes?: number } = {},
): Promise<void> {
  const repository = testClient(test, { uploads }).repository(registry.name, 'app');
  assert.equal(await repository.openSink('v1').put(blob, registry.ctx), 'written');
  const { descriptor } = blob;
  const found = await collect(repository.open(descriptor, registry.ctx), descriptor.size, 'blob');
  assert.ok(found.equals(await collect(blob.open(), descriptor.size, 'blob')));
  // The read that checks is no part of the upload.
  registry.requests.splice(
    registry.requests.findLastIndex(({ path }) => path.includes(`/blobs/${descriptor.digest}`)),
    1,
  );
}

function seekable(seed: string, size: number, offsets: number[]): Blob {
  const blob = testBlob(patternBytes(seed, size));
  return {
    ...blob,
    openAt: (offset) => {
      offsets.push(offset);
      return testBlob(patternBytes(seed, size).subarray(offset)).open();
    },
  };
}

function bodyBytes(registry: TestRegistry): number {
  return registry.requests.reduce((sum, request) => sum + request.bodyBytes, 0);
}

function shown(registry: TestRegistry): readonly string[] {
  return registry.requests
    .filter(({ path }) => path.includes('/blobs/uploads/'))
    .map((request) => `${request.method} ${String(request.status)} ${String(request.bodyBytes)}`);
}
