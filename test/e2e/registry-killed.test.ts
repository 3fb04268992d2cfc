import assert from 'node:assert/strict';
import { once } from 'node:events';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { openLayout } from '../../src/store/layout/layout-source.ts';
import { validateStore } from '../../src/store/validate.ts';
import { temporaryDirectory, testContext } from '../support/context.ts';
import { startSlipway } from '../support/program.ts';
import { patternBytes, pushImage, testBlob, testClient, testImage } from '../support/registry.ts';

describe('slipway registry serve, killed', () => {
  it('in the middle of a push leaves a whole layout, and takes the push after the next start', async (t) => {
    const directory = temporaryDirectory(t);
    const ctx = testContext(t);
    const first = await serve(t, directory);
    const client = testClient(t, { retry: { attempts: 1, baseDelayMs: 1 } });
    await pushImage(client.repository(first.name, 'app').openSink('v1'), testImage('old'), ctx);
    const bytes = patternBytes('large', 20_000_000);
    const blob = testBlob(bytes);
    async function* dying(): AsyncIterable<Uint8Array> {
      yield bytes.subarray(0, 10_000_000);
      first.kill();
      await first.ended;
      yield bytes.subarray(10_000_000);
    }
    const push = client
      .repository(first.name, 'app')
      .openSink('v2')
      .put({ ...blob, open: dying }, ctx);
    await assert.rejects(() => push, { code: 'REGISTRY_UNREACHABLE' });
    const layout = openLayout(join(directory, 'images'));
    assert.deepEqual(await validateStore(layout, ctx), []);
    const second = await serve(t, directory);
    const repository = client.repository(second.name, 'app');
    assert.equal(await repository.has(blob.descriptor, ctx), false);
    assert.equal(await repository.openSink('v2').put(blob, ctx), 'written');
    await pushImage(repository.openSink('v2'), testImage('new'), ctx);
    assert.deepEqual(await repository.tags(ctx), ['v1', 'v2']);
    assert.deepEqual(await validateStore(layout, ctx), []);
  });
});

async function serve(
  t: TestContext,
  directory: string,
): Promise<{ readonly name: string; readonly kill: () => void; readonly ended: Promise<unknown> }> {
  const child = startSlipway(['registry', 'serve', 'images', '--listen', '127.0.0.1:0'], { cwd: directory });
  const ended = once(child, 'close');
  t.after(() => child.kill('SIGKILL'));
  assert.ok(child.stdout !== null);
  let said = '';
  child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
  while (!said.includes('\n')) await Promise.race([once(child.stdout, 'data'), ended]);
  return { name: said.trim().slice('http://'.length), kill: () => void child.kill('SIGKILL'), ended };
}
