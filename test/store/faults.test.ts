import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmdirSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { openArchiveSink } from '../../src/store/archive/archive-sink.ts';
import { BlobDirectory } from '../../src/store/blob-directory.ts';
import { putImage } from '../../src/store/copy.ts';
import { openLayout } from '../../src/store/layout/layout-source.ts';
import { openLayoutSink } from '../../src/store/layout/layout-sink.ts';
import { validateStore } from '../../src/store/validate.ts';
import { temporaryDirectory, testContext, type TestContextOf } from '../support/context.ts';
import { blobOf, imageOf } from '../support/images.ts';

const IMAGE = imageOf('linux/amd64');
const BIG = imageOf('linux/amd64', { layers: ['x'.repeat(3 << 20)], compression: 'none' });

/** A file system of one megabyte; undefined, and the test skipped, where it cannot be mounted. */
function smallDisk(t: TestContext): string | undefined {
  const directory = mkdtempSync(join(tmpdir(), 'slipway-disk-'));
  t.after(() => {
    spawnSync('umount', [directory]);
    rmdirSync(directory);
  });
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', directory]);
  if (mounted.status !== 0) {
    t.skip('a tmpfs cannot be mounted here');
    return undefined;
  }
  return directory;
}

async function saveLayout(directory: string, image: typeof IMAGE, ctx: TestContextOf): Promise<void> {
  await using sink = await openLayoutSink(directory, 'one', ctx);
  await putImage(image, sink, ctx);
  await sink.commit(ctx);
}

describe('a full disk', () => {
  it('a layout stays what it was, nothing temporary is left, and the error names the place', async (t) => {
    const disk = smallDisk(t);
    if (disk === undefined) return;
    const ctx = testContext(t);
    const directory = join(disk, 'out');
    await saveLayout(directory, IMAGE, ctx);
    const before = readFileSync(join(directory, 'index.json'), 'utf8');
    await assert.rejects(saveLayout(directory, BIG, ctx), (error: Error & { code: string }) => {
      assert.equal(error.code, 'DISK_FULL');
      assert.ok(error.message.includes(directory), error.message);
      return true;
    });
    assert.equal(readFileSync(join(directory, 'index.json'), 'utf8'), before);
    const names = readdirSync(directory, { recursive: true, encoding: 'utf8' });
    assert.deepEqual(
      names.filter((name) => name.includes('.tmp')),
      [],
    );
    assert.deepEqual(await validateStore(openLayout(directory), ctx), []);
  });

  it('the old archive stays, nothing temporary is left', async (t) => {
    const disk = smallDisk(t);
    if (disk === undefined) return;
    const ctx = testContext(t);
    const file = join(disk, 'app.tar');
    const save = async (image: typeof IMAGE): Promise<void> => {
      await using sink = await openArchiveSink(file, ctx, { format: 'docker', names: [], refName: 'latest' });
      await putImage(image, sink, ctx);
      await sink.commit(ctx);
    };
    await save(IMAGE);
    const before = readFileSync(file);
    await assert.rejects(save(BIG), { code: 'DISK_FULL', message: `no space left to write ${file}` });
    assert.ok(readFileSync(file).equals(before));
    assert.deepEqual(readdirSync(disk), ['app.tar']);
  });
});

describe('a place that may not be written', () => {
  it('is named before any work', async (t) => {
    if (process.getuid?.() === 0) {
      const disk = smallDisk(t);
      if (disk === undefined) return;
      const readOnly = spawnSync('mount', ['-o', 'remount,ro', disk]);
      assert.equal(readOnly.status, 0);
      await refuses(t, disk);
      return;
    }
    const directory = temporaryDirectory(t);
    chmodSync(directory, 0o555);
    t.after(() => chmodSync(directory, 0o755));
    await refuses(t, directory);
  });

  async function refuses(t: TestContext, directory: string): Promise<void> {
    const ctx = testContext(t);
    const layout = join(directory, 'out');
    await assert.rejects(openLayoutSink(layout, 'one', ctx), (error: Error & { code: string }) => {
      assert.equal(error.code, 'WRITE_FAILED');
      assert.ok(error.message.startsWith(`cannot write ${layout}`), error.message);
      return true;
    });
  }
});

describe('a blob directory', () => {
  it('respects a strict umask', async (t) => {
    const mask = process.umask(0o077);
    t.after(() => process.umask(mask));
    const ctx = testContext(t);
    const blobs = new BlobDirectory(join(temporaryDirectory(t), 'out'));
    const blob = blobOf(Buffer.from('text'), 'text/plain');
    await blobs.put(blob, ctx);
    assert.equal(statSync(blobs.path(blob.descriptor.digest)).mode & 0o777, 0o600);
  });

  it('keeps nothing of a blob whose bytes are not what was promised', async (t) => {
    const ctx = testContext(t);
    const directory = join(temporaryDirectory(t), 'out');
    const blobs = new BlobDirectory(directory);
    const right = blobOf(Buffer.from('text'), 'text/plain');
    for (const bytes of ['texd', 'tex', 'text and more', '']) {
      const wrong = { ...right, open: blobOf(Buffer.from(bytes), '').open };
      await assert.rejects(blobs.put(wrong, ctx), { code: 'CONTENT_MISMATCH' });
    }
    assert.deepEqual(readdirSync(join(directory, 'blobs', 'sha256')), []);
  });

  it('the same blob put eight times at once is one file', async (t) => {
    const ctx = testContext(t);
    const directory = join(temporaryDirectory(t), 'out');
    const blobs = new BlobDirectory(directory);
    const blob = blobOf(Buffer.alloc(1 << 20, 7), 'text/plain');
    await Promise.all(Array.from({ length: 8 }, () => blobs.put(blob, ctx)));
    assert.equal(readdirSync(join(directory, 'blobs', 'sha256')).length, 1);
  });

  it('a staged blob of another size than promised does not count', async (t) => {
    const blobs = new BlobDirectory(join(temporaryDirectory(t), 'out'));
    const { descriptor } = blobOf(Buffer.from('text'), 'text/plain');
    const staged = blobs.begin();
    staged.write(Buffer.from('tex'));
    await assert.rejects(staged.commit(descriptor), { code: 'CONTENT_MISMATCH' });
    staged.abort();
    staged.abort();
    assert.equal(await blobs.has(descriptor), false);
  });
});
