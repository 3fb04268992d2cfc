import assert from 'node:assert/strict';
import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { decodeIndexRecord, encodeIndexRecord } from '../../src/cache/layer-index-record.ts';
import { openLayerIndex, type LayerIndexOptions } from '../../src/cache/layer-index.ts';
import { fromText } from '../../src/layer/byte-path.ts';
import { hasReliableTimes } from '../../src/layer/file-clock.ts';
import { parseDiffId } from '../../src/oci/digest.ts';
import type { ExportOutput } from '../../src/phases/export.ts';
import type { IndexRecord } from '../../src/ports/layer-index.ts';
import { temporaryDirectory } from '../support/context.ts';
import { exportWorld, type ExportWorld } from '../support/export-world.ts';
import { rejectionOf } from '../support/failure.ts';

interface Bed {
  readonly world: ExportWorld;
  readonly app: string;
  readonly layout: string;
  readonly index: string;
  /** Exports to the layout. */
  readonly run: (options?: LayerIndexOptions) => Promise<ExportOutput>;
  /** What the index said of the app in the last export: `hit`, or why it was read. */
  readonly said: () => string | undefined;
}

/** An app of a few files, exported once; its records say that everything was old then. */
async function exported(t: TestContext): Promise<Bed> {
  const world = await exportWorld(t);
  const app = world.input.app.real;
  const [layout, index] = [temporaryDirectory(t), join(temporaryDirectory(t), 'index')];
  mkdirSync(join(app, 'lib'));
  writeFileSync(join(app, 'lib/a.js'), 'one');
  writeFileSync(join(app, 'lib/b.js'), 'two');
  symlinkSync('a.js', join(app, 'lib/link'));
  const bed: Bed = {
    world,
    app,
    layout,
    index,
    run: (options = {}) => {
      world.ctx.events.length = 0;
      return world.export([`oci:${layout}:shop`], { index: openLayerIndex(index, world.ctx, options) });
    },
    said: () => {
      const event = world.ctx.events.find((each) => each.type === 'index' && each.id === 'slice-1');
      return event?.type !== 'index' ? undefined : (event.reason ?? event.verdict);
    },
  };
  await bed.run();
  age(index);
  return bed;
}

/** As if the files had been written well before they were looked at. */
function age(index: string): void {
  change(index, (record) => ({ ...record, newestNs: record.scannedNs - 3_000_000_000n }));
}

function change(index: string, edit: (record: IndexRecord) => IndexRecord): void {
  for (const name of readdirSync(index)) {
    const path = join(index, name);
    const record = decodeIndexRecord(readFileSync(path)) ?? assert.fail('no record');
    // Data was never on a disk.
    if (record.selector !== 'data') writeFileSync(path, encodeIndexRecord(edit(record)));
  }
}

function appBlob({ layout }: Bed, { layers }: ExportOutput): string {
  const digest = layers.find(({ id }) => id === 'slice-1')?.digest ?? assert.fail('no app layer');
  return join(layout, 'blobs', digest.replace(':', '/'));
}

/** Bytes that this process read so far. */
function bytesRead(): number {
  return Number(/^rchar: (\d+)/.exec(readFileSync('/proc/self/io', 'utf8'))?.[1]);
}

/** The index asks nothing where numbers of files do not last. */
const skip = hasReliableTimes(fromText(tmpdir()))
  ? false
  : 'the temporary directory is on no file system that the index trusts';

describe('exportImage: what did not change is not read', { skip }, () => {
  it('an unchanged layer is taken as it was, and gives the same image with and without an index', async (t) => {
    const bed = await exported(t);
    const big = join(bed.app, 'big');
    writeFileSync(big, Buffer.alloc(16 << 20));
    const first = await bed.run();
    age(bed.index);
    const before = bytesRead();
    const second = await bed.run();
    assert.equal(bed.said(), 'hit');
    assert.ok(bytesRead() - before < 4 << 20, 'the layer was read');
    const plain = await bed.world.export([`oci:${temporaryDirectory(t)}:shop`]);
    assert.deepEqual([second.digest, second.layers], [first.digest, first.layers]);
    assert.equal(plain.digest, first.digest);
  });

  const changes: readonly (readonly [string, (app: string) => void, RegExp])[] = [
    [
      'contents of the same size under the same time',
      (app) => {
        const { atime, mtime } = statSync(join(app, 'lib/a.js'));
        writeFileSync(join(app, 'lib/a.js'), 'ONE');
        utimesSync(join(app, 'lib/a.js'), atime, mtime);
      },
      /^times or numbers/,
    ],
    [
      'a file that took its place',
      (app) => {
        writeFileSync(join(app, 'new'), 'ONE');
        renameSync(join(app, 'new'), join(app, 'lib/a.js'));
      },
      /^times or numbers/,
    ],
    ['a mode', (app) => chmodSync(join(app, 'lib/a.js'), 0o755), /^names, modes/],
    [
      'the target of a link',
      (app) => {
        unlinkSync(join(app, 'lib/link'));
        symlinkSync('b.js', join(app, 'lib/link'));
      },
      /^names, modes/,
    ],
    ['a new file', (app) => writeFileSync(join(app, 'lib/c.js'), ''), /^names, modes/],
    ['a file that is gone', (app) => rmSync(join(app, 'lib/b.js')), /^names, modes/],
    [
      'the directory itself, copied',
      (app) => {
        renameSync(join(app, 'lib'), join(app, 'old'));
        mkdirSync(join(app, 'lib'));
        for (const name of ['a.js', 'b.js'])
          writeFileSync(join(app, 'lib', name), readFileSync(join(app, 'old', name)));
        symlinkSync('a.js', join(app, 'lib/link'));
        rmSync(join(app, 'old'), { recursive: true });
      },
      /^times or numbers/,
    ],
  ];
  for (const [what, edit, reason] of changes) {
    it(`is seen: ${what}`, async (t) => {
      const bed = await exported(t);
      edit(bed.app);
      const { digest } = await bed.run();
      assert.match(bed.said() ?? '', reason);
      assert.equal(digest, (await bed.world.export([`oci:${temporaryDirectory(t)}:shop`])).digest);
    });
  }

  it('files that were written just before they were looked at are read again, and trusted when they are old', async (t) => {
    const bed = await exported(t);
    writeFileSync(join(bed.app, 'lib/a.js'), '1');
    await bed.run();
    await bed.run();
    assert.match(bed.said() ?? '', /^files had just been written/);
    age(bed.index);
    await bed.run();
    assert.equal(bed.said(), 'hit');
  });

  it('a time in the future, and a clock that went back, are not trusted', async (t) => {
    const bed = await exported(t);
    change(bed.index, (record) => ({ ...record, scannedNs: record.scannedNs + 10n ** 12n }));
    await bed.run();
    assert.match(bed.said() ?? '', /^the clock went back/);
    utimesSync(join(bed.app, 'lib/a.js'), new Date(), new Date('2100-01-01'));
    await bed.run();
    assert.match(bed.said() ?? '', /^the time of a file lies in the future/);
  });

  it('a layer whose blob is gone or cut off is packed again', async (t) => {
    const bed = await exported(t);
    const first = await bed.run();
    const blob = appBlob(bed, first);
    const bytes = readFileSync(blob);
    for (const damage of [() => rmSync(blob), () => truncateSync(blob, 3)]) {
      age(bed.index);
      damage();
      assert.equal((await bed.run()).digest, first.digest);
      assert.match(bed.said() ?? '', /^nobody has a blob/);
      assert.deepEqual(readFileSync(blob), bytes);
    }
  });

  it('a record that is wrong is found by reading the layer, removed, and named', async (t) => {
    const bed = await exported(t);
    const right = (await bed.run()).digest;
    change(bed.index, (record) => ({ ...record, diffId: parseDiffId(`sha256:${'1'.repeat(64)}`) }));
    const error = await rejectionOf(bed.run({ isVerified: true }));
    assert.deepEqual([error.code, error.message.includes("layer '")], ['INDEX_WRONG', true]);
    await bed.run({ isVerified: true }).catch(() => undefined);
    assert.equal((await bed.run({ isVerified: true })).digest, right);
  });

  it('where the index cannot be kept, layers are read', async (t) => {
    const bed = await exported(t);
    rmSync(bed.index, { recursive: true });
    writeFileSync(bed.index, 'a file');
    await bed.run();
    assert.match(bed.said() ?? '', /^it was not seen before/);
  });

  it('a damaged record is none, and is replaced', async (t) => {
    const bed = await exported(t);
    for (const name of readdirSync(bed.index)) {
      const path = join(bed.index, name);
      writeFileSync(path, readFileSync(path, 'utf8').replace(/"diffId":"sha256:./, '"diffId":"sha256:0'));
    }
    await bed.run();
    assert.match(bed.said() ?? '', /^it was not seen before/);
    age(bed.index);
    await bed.run();
    assert.equal(bed.said(), 'hit');
  });

  it('two exports at once share an index', async (t) => {
    const bed = await exported(t);
    const index = (): ReturnType<typeof openLayerIndex> => openLayerIndex(bed.index, bed.world.ctx);
    const layouts = [temporaryDirectory(t), temporaryDirectory(t), bed.layout];
    const all = await Promise.all(
      layouts.map((layout) => bed.world.export([`oci:${layout}:shop`], { index: index() })),
    );
    assert.equal(new Set(all.map(({ digest }) => digest)).size, 1);
    assert.deepEqual(
      readdirSync(bed.index).filter((name) => !name.endsWith('.json')),
      [],
    );
  });
});
