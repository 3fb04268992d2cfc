import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { streamOf } from '../../../src/core/bytes.ts';
import { openArchiveSink, type ArchiveSinkOptions } from '../../../src/store/archive/archive-sink.ts';
import { openStandardArchive, openStandardSink } from '../../../src/store/archive/standard-archive.ts';
import { putImage } from '../../../src/store/copy.ts';
import { validateStore } from '../../../src/store/validate.ts';
import { temporaryDirectory, testContext, type TestContextOf } from '../../support/context.ts';
import { imageOf } from '../../support/images.ts';
import { standardStreams } from '../../support/standard-streams.ts';

const IMAGE = imageOf('linux/amd64', { layers: ['one', 'two'] });
const NAMED: ArchiveSinkOptions = { format: 'docker', names: ['docker.io/library/app:1'], refName: '1' };

async function save(file: string, ctx: TestContextOf): Promise<Buffer> {
  await using sink = await openArchiveSink(file, ctx, NAMED);
  await putImage(IMAGE, sink, ctx);
  await sink.commit(ctx);
  return readFileSync(file);
}

function systemError(code: string): Error {
  return Object.assign(new Error(`${code}: it failed`), { code });
}

describe('an archive on standard output', () => {
  it('is the file’s bytes, and begins at commit', async (t) => {
    const ctx = testContext(t);
    const expected = await save(join(temporaryDirectory(t), 'app.tar'), ctx);
    const streams = standardStreams();
    await using sink = openStandardSink(streams.output, ctx, NAMED);
    await putImage(IMAGE, sink, ctx);
    assert.equal(streams.written().byteLength, 0);
    const { bytes } = await sink.commit(ctx);
    assert.ok(streams.written().equals(expected));
    assert.equal(bytes, expected.byteLength);
  });

  it('a reader that went away is exit 141, a full disk says so', async (t) => {
    const ctx = testContext(t);
    const cases = [
      ['EPIPE', { code: 'WRITE_FAILED', exit: 141 }],
      ['ENOSPC', { code: 'DISK_FULL', message: 'no space left to write standard output' }],
      ['EIO', { code: 'WRITE_FAILED', exit: undefined }],
    ] as const;
    for (const [code, expected] of cases) {
      const { output } = standardStreams({ failure: systemError(code) });
      await using sink = openStandardSink(output, ctx, NAMED);
      await putImage(IMAGE, sink, ctx);
      await assert.rejects(sink.commit(ctx), expected);
    }
  });
});

describe('an archive on standard input', () => {
  it('is read like a file’s, and its copy has no name', async (t) => {
    const ctx = testContext(t);
    const bytes = await save(join(temporaryDirectory(t), 'app.tar'), ctx);
    const { input } = standardStreams({ input: streamOf(bytes) });
    await using source = await openStandardArchive(input, ctx);
    assert.deepEqual(readdirSync(ctx.tmp), []);
    assert.deepEqual(await validateStore(source, ctx), []);
    const raw = await source.resolve('docker.io/library/app:1', ctx);
    assert.equal(raw.descriptor.digest, IMAGE.manifest.descriptor.digest);
  });

  it('longer than what is kept is refused, naming the limit', async (t) => {
    const ctx = testContext(t);
    const bytes = await save(join(temporaryDirectory(t), 'app.tar'), ctx);
    const open = (maxBytes: number): Promise<unknown> =>
      openStandardArchive(standardStreams({ input: streamOf(bytes) }).input, ctx, { maxBytes });
    await assert.rejects(open(bytes.byteLength - 1), {
      code: 'STORE_INVALID',
      message: `standard input is longer than ${String(bytes.byteLength - 1)} bytes, the most that is kept`,
    });
    assert.deepEqual(readdirSync(ctx.tmp), []);
    await using source = await openStandardArchive(standardStreams({ input: streamOf(bytes) }).input, ctx, {
      maxBytes: bytes.byteLength,
    });
    assert.equal((await source.list(ctx)).length, 1);
  });

  it('that is empty, damaged or unreadable is told as standard input', async (t) => {
    const ctx = testContext(t);
    const bytes = await save(join(temporaryDirectory(t), 'app.tar'), ctx);
    async function* failing(): AsyncGenerator<Uint8Array, void, undefined> {
      yield bytes.subarray(0, 512);
      await Promise.reject(systemError('EIO'));
    }
    const cases = [
      [streamOf(new Uint8Array(0)), { code: 'STORE_INVALID', message: 'standard input is empty' }],
      [streamOf(bytes.subarray(0, bytes.byteLength - 3000)), { code: 'ARCHIVE_INVALID', message: /standard input/ }],
      [failing(), { code: 'FILE_NOT_READABLE', message: /^cannot read standard input: EIO/ }],
    ] as const;
    for (const [source, expected] of cases)
      await assert.rejects(openStandardArchive(standardStreams({ input: source }).input, ctx), expected);
    assert.deepEqual(readdirSync(ctx.tmp), []);
  });

  it('that never comes is given up when the command is stopped', async (t) => {
    const controller = new AbortController();
    const ctx = testContext(t, { signal: controller.signal });
    const reason = new Error('stopped');
    const read = async function* (signal: AbortSignal): AsyncGenerator<Uint8Array, void, undefined> {
      yield new Uint8Array(512);
      await new Promise((_, fail) => signal.addEventListener('abort', () => fail(reason), { once: true }));
    };
    const opening = openStandardArchive({ isTerminal: () => false, read }, ctx);
    setImmediate(() => controller.abort(reason));
    await assert.rejects(opening, reason);
  });
});
