import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { createUploadMemory, type UploadKey } from '../../src/registry/upload-memory.ts';
import { temporaryDirectory, testContext } from '../support/context.ts';
import { testBlob } from '../support/registry.ts';

const URL_OF_SESSION = new URL('https://registry.example.com/v2/app/blobs/uploads/1?_state=a%2Bb%3D');
const { digest } = testBlob(Buffer.from('a')).descriptor;
const KEY: UploadKey = { registry: 'registry.example.com', repository: 'app', digest };
/** Above every number that Linux gives to a process. */
const GONE = '"pid":9999999';

describe('remembered uploads', () => {
  it('are known when their process is gone, as they were, until they are forgotten', async (t) => {
    const ctx = testContext(t);
    const { directory, memory, note } = await remembered(t);
    writeFileSync(note, readFileSync(note, 'utf8').replace(/"pid":\d+/, GONE));
    assert.equal((await memory.recall(KEY, ctx))?.href, URL_OF_SESSION.href);
    assert.equal(await memory.recall({ ...KEY, repository: 'other' }, ctx), undefined);
    await memory.forget(KEY);
    await memory.forget(KEY);
    assert.deepEqual(readdirSync(directory), []);
    assert.equal(await memory.recall(KEY, ctx), undefined);
  });

  it('are not used while their process lives, after an hour, or when their note is damaged', async (t) => {
    const ctx = testContext(t);
    const { memory, note } = await remembered(t);
    assert.equal(await memory.recall(KEY, ctx), undefined, 'its process lives');
    const text = readFileSync(note, 'utf8').replace(/"pid":\d+/, GONE);
    const hourAgo = new Date(ctx.clock.now().getTime() - 61 * 60 * 1000).toISOString();
    for (const changed of [
      text.replace(/"at":"[^"]*"/, `"at":"${hourAgo}"`),
      text.replace(/"at":"[^"]*"/, '"at":"yesterday"'),
      text.replace('"repository":"app"', '"repository":"other"'),
      text.replace(/"url":"[^"]*"/, '"url":"/v2/app"'),
      text.slice(0, 40),
      '[]',
      '',
    ]) {
      writeFileSync(note, changed);
      assert.equal(await memory.recall(KEY, ctx), undefined, changed);
    }
  });

  it('are removed after an hour, when another one is noted; no credentials are noted', async (t) => {
    const ctx = testContext(t);
    const { directory, note } = await remembered(t);
    const past = new Date(ctx.clock.now().getTime() - 61 * 60 * 1000);
    utimesSync(note, past, past);
    const memory = createUploadMemory(directory);
    const other = { ...KEY, repository: 'other' };
    await memory.remember(other, new URL('https://ann:secret@registry.example.com/upload'), ctx);
    assert.ok(existsSync(note));
    await memory.remember(other, URL_OF_SESSION, ctx);
    assert.ok(!existsSync(note));
    assert.equal(readdirSync(directory).length, 1);
  });

  it('a place that cannot be written to is as if there was none', async (t) => {
    const ctx = testContext(t);
    const file = join(temporaryDirectory(t), 'file');
    writeFileSync(file, '');
    const memory = createUploadMemory(join(file, 'uploads'));
    await memory.remember(KEY, URL_OF_SESSION, ctx);
    assert.equal(await memory.recall(KEY, ctx), undefined);
    await memory.forget(KEY);
  });
});

async function remembered(test: Parameters<typeof testContext>[0]): Promise<{
  readonly directory: string;
  readonly memory: ReturnType<typeof createUploadMemory>;
  readonly note: string;
}> {
  const directory = join(temporaryDirectory(test), 'uploads');
  const memory = createUploadMemory(directory);
  await memory.remember(KEY, URL_OF_SESSION, testContext(test));
  return { directory, memory, note: join(directory, readdirSync(directory)[0] ?? '') };
}
