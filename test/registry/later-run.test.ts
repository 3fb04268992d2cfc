import assert from 'node:assert/strict';
import { readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import type { RequestLine } from '../../src/registryd/serve.ts';
import { temporaryDirectory } from '../support/context.ts';
import { patternBytes, startRegistry, testBlob, testClient } from '../support/registry.ts';
import { buildUploadWriter, runUpload } from '../support/upload-run.ts';

const SIZE = 16 * 1024 * 1024;
const MEBIBYTE = 1024 * 1024;

describe('an upload that a killed process began', () => {
  before(buildUploadWriter);

  it('is ended by the next run, which sends only the rest', async (t) => {
    const directory = temporaryDirectory(t);
    const [file, memory] = [join(directory, 'blob'), join(directory, 'cache', 'uploads')];
    writeFileSync(file, patternBytes('killed', SIZE));
    let told: (request: RequestLine) => void = () => undefined;
    const broken = new Promise<RequestLine>((resolve) => {
      told = resolve;
    });
    const registry = await startRegistry(t, {
      onRequest: (request) => {
        if (request.method === 'PUT') told(request);
      },
    });
    assert.equal(await runUpload({ registry: registry.name, file, memory, killAt: 12 * MEBIBYTE }), 'killed');
    const { bodyBytes: arrived } = await broken;
    assert.ok(arrived > 8 * MEBIBYTE && arrived <= 12 * MEBIBYTE);
    const [note = ''] = readdirSync(memory);
    assert.equal(statSync(memory).mode & 0o777, 0o700);
    assert.equal(statSync(join(memory, note)).mode & 0o777, 0o600);
    registry.requests.length = 0;

    assert.equal(await runUpload({ registry: registry.name, file, memory }), 'written');
    assert.equal(
      registry.requests.reduce((sum, request) => sum + request.bodyBytes, 0),
      SIZE - arrived,
    );
    assert.deepEqual(
      registry.requests.map(({ method, status }) => `${method} ${String(status)}`),
      ['HEAD 404', 'GET 204', 'PATCH 202', 'PUT 201'],
    );
    assert.deepEqual(readdirSync(memory), []);
    const { descriptor } = testBlob(patternBytes('killed', SIZE));
    for await (const chunk of testClient(t).repository(registry.name, 'app').open(descriptor, registry.ctx))
      assert.ok(chunk.byteLength > 0);
  });
});
