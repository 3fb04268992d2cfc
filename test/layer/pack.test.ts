import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  cpSync,
  linkSync,
  mkdirSync,
  readdirSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { constants, crc32, deflateRawSync, gunzipSync } from 'node:zlib';
import { collect } from '../../src/core/bytes.ts';
import { encodeHere } from '../../src/layer/deflate/encoder.ts';
import { BLOCK_FORMAT, DEFAULT_COMPRESSION, type Compression } from '../../src/layer/compression.ts';
import { hashLayer } from '../../src/layer/hash.ts';
import type { LayerEntry, LayerSource } from '../../src/layer/layer-source.ts';
import { packLayer } from '../../src/layer/pack.ts';
import { digestOf } from '../../src/oci/digest.ts';
import type { Layer } from '../../src/ports/blob.ts';
import type { StagedBlob } from '../../src/ports/store.ts';
import { temporaryDirectory, testContext, type TestContextOf } from '../support/context.ts';
import { listing, tarOf, virtualPlace } from '../support/layer-tree.ts';
import { fileStaging } from '../support/staging.ts';

const MIB = 1024 * 1024;

async function pack(
  t: TestContext,
  source: LayerSource,
  compression: Compression = DEFAULT_COMPRESSION,
  ctx: TestContextOf = testContext(t),
): Promise<{ readonly layer: Layer; readonly tarSize: number }> {
  const options = { compressions: [compression], family: 'oci' } as const;
  const { layers, tarSize } = await packLayer(source, fileStaging(temporaryDirectory(t)), ctx, options);
  const [layer] = layers;
  assert.equal(await hashLayer(source, ctx), layer.diffId, 'hashLayer and packLayer agree');
  return { layer, tarSize };
}

function processTypes(...types: readonly string[]): LayerSource {
  const directory = (path: string): LayerEntry => ({ kind: 'directory', path, mode: 0o755, uid: 0, gid: 0 });
  const links = types.map((type): LayerEntry => {
    const target = '/cnb/lifecycle/launcher';
    return { kind: 'symlink', path: `/cnb/process/${type}`, target, mode: 0o755, uid: 0, gid: 0 };
  });
  return { kind: 'entries', entries: [directory('/cnb'), directory('/cnb/process'), ...links] };
}

/** A layer of one file whose tar has exactly `tarSize` bytes. */
function fileLayer(tarSize: number): LayerSource {
  const bytes = Buffer.alloc(tarSize - 512 - 1024);
  for (let at = 0; at < bytes.length; at += 1) bytes[at] = (at * 31 + (at >> 9)) & 0xff;
  return { kind: 'entries', entries: [{ kind: 'file', path: '/f', mode: 0o644, uid: 0, gid: 0, bytes }] };
}

describe('packLayer: the recorded diffIDs (contract §14.4)', () => {
  it('an empty slice', async (t) => {
    const source: LayerSource = { kind: 'slice', place: virtualPlace('/workspace', t.name), paths: [] };
    const { layer, tarSize } = await pack(t, source);
    assert.equal(layer.diffId, 'sha256:5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef');
    assert.equal(tarSize, 1024);
  });

  it('process types (E-25)', async (t) => {
    const web = await pack(t, processTypes('web'));
    assert.equal(web.layer.diffId, 'sha256:83d85471d9f8a3834b4e27cf701e3f0aef220cc816d9c173c7d32cd73909a590');
    const two = await pack(t, processTypes('web', 'worker'));
    assert.equal(two.layer.diffId, 'sha256:c32b6c6d08c5d84a980a518d1dd9093c22b9e003f2b6b468f12fe1e7cd918b3f');
  });

  it('the launcher (E-24)', async (t) => {
    const common = { mode: 0o755, uid: 0, gid: 0 };
    const { layer } = await pack(t, {
      kind: 'entries',
      entries: [
        { kind: 'directory', path: '/cnb', ...common },
        { kind: 'directory', path: '/cnb/lifecycle', ...common },
        { kind: 'file', path: '/cnb/lifecycle/launcher', bytes: Buffer.from('bin'), ...common },
      ],
    });
    assert.equal(layer.diffId, 'sha256:c90d064c7a6380e07f937ae21eb49893c07e47ddfb5f8130e1db6b26321ee9b2');
  });

  it('the config layer of registry-5phase, from any directory', async (t) => {
    const layers = temporaryDirectory(t);
    mkdirSync(join(layers, 'config'), { mode: 0o755 });
    chmodSync(join(layers, 'config'), 0o755);
    cpSync('testdata/golden/registry-5phase/layers-dir/config/metadata.toml', join(layers, 'config/metadata.toml'));
    chmodSync(join(layers, 'config/metadata.toml'), 0o644);
    const { layer } = await pack(t, { kind: 'dir', place: virtualPlace('/layers', layers), path: '/layers/config' });
    assert.equal(layer.diffId, 'sha256:7fa2cad0b8e3ad5b46ae72544d23b7b046803c5c010b68c0e841fbae1e38c1c5');
  });
});

describe('packLayer: entries', () => {
  it('a directory: parents, then all of it in tree order with byte order of names, owners forced (E-23)', async (t) => {
    const root = temporaryDirectory(t);
    for (const path of ['bp/rt/bin', 'bp/rt/a', 'bp/rt/empty', 'bp/other']) {
      mkdirSync(join(root, path), { recursive: true });
    }
    writeFileSync(join(root, 'bp/rt/bin/tool'), '#!', { mode: 0o755 });
    writeFileSync(join(root, 'bp/rt/a/x'), 'x');
    writeFileSync(join(root, 'bp/rt/a-b'), '');
    writeFileSync(join(root, 'bp/rt/Z'), '');
    symlinkSync('bin/tool', join(root, 'bp/rt/tool'));
    symlinkSync('/nowhere', join(root, 'bp/rt/dangling'));
    chmodSync(join(root, 'bp/rt'), 0o750);
    chmodSync(join(root, 'bp/rt/bin/tool'), 0o4755);
    chmodSync(join(root, 'bp/rt/empty'), 0o1777);
    chmodSync(join(root, 'bp'), 0o700);
    for (const path of ['a', 'bin']) chmodSync(join(root, 'bp/rt', path), 0o755);
    for (const path of ['a/x', 'a-b', 'Z']) chmodSync(join(root, 'bp/rt', path), 0o644);
    const { layer } = await pack(t, { kind: 'dir', place: virtualPlace('/layers', root), path: '/layers/bp/rt' });
    assert.deepEqual(await listing(layer), [
      'directory 755 1000:1000 /layers',
      'directory 755 1000:1000 /layers/bp',
      'directory 750 1000:1000 /layers/bp/rt',
      'file 644 1000:1000 /layers/bp/rt/Z',
      'directory 755 1000:1000 /layers/bp/rt/a',
      'file 644 1000:1000 /layers/bp/rt/a/x',
      'file 644 1000:1000 /layers/bp/rt/a-b',
      'directory 755 1000:1000 /layers/bp/rt/bin',
      'file 4755 1000:1000 /layers/bp/rt/bin/tool',
      'symlink 777 1000:1000 /layers/bp/rt/dangling->/nowhere',
      'directory 1777 1000:1000 /layers/bp/rt/empty',
      'symlink 777 1000:1000 /layers/bp/rt/tool->bin/tool',
    ]);
  });

  it('a slice of all: byte order of full paths, where "a-b" comes before what is in "a"', async (t) => {
    const app = temporaryDirectory(t);
    for (const path of ['a', 'a-b', 'a/b', 'a b']) mkdirSync(join(app, path));
    for (const path of ['a/x', 'a/b/y', 'a-b/z', 'a.txt', 'a0', 'a b/w', 'é']) writeFileSync(join(app, path), '');
    const { layer } = await pack(t, { kind: 'slice', place: virtualPlace('/w', app), paths: 'all' });
    const names = (await listing(layer)).map((line) => line.split(':1000 ')[1] ?? '');
    const sorted = [...names].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    assert.deepEqual(names, sorted);
    assert.equal(names.length, 12);
    assert.ok(names.indexOf('/w/a-b/z') < names.indexOf('/w/a/x'));
  });

  it('gives one diffID from any directory and one mode to the app directory', async (t) => {
    const digests = await Promise.all(
      [0o700, 0o777].map(async (mode) => {
        const app = temporaryDirectory(t);
        writeFileSync(join(app, 'f'), 'same');
        chmodSync(join(app, 'f'), 0o644);
        chmodSync(app, mode);
        const source: LayerSource = { kind: 'slice', place: virtualPlace('/workspace', app), paths: 'all' };
        return (await pack(t, source)).layer.diffId;
      }),
    );
    assert.equal(digests[0], digests[1]);
  });

  it("reads the parents' owner and mode from disk, through links, when the place says so", async (t) => {
    const root = temporaryDirectory(t);
    mkdirSync(join(root, 'real/layers/bp/rt'), { recursive: true });
    symlinkSync('real', join(root, 'link'));
    chmodSync(join(root, 'real'), 0o711);
    chmodSync(join(root, 'real/layers/bp'), 0o2755);
    const real = join(root, 'link/layers');
    const place = { logical: real, real, owner: { uid: 5, gid: 6 }, parents: 'from-disk' } as const;
    const lines = await listing((await pack(t, { kind: 'dir', place, path: `${real}/bp/rt` })).layer);
    const me = `${String(process.getuid?.())}:${String(process.getgid?.())}`;
    assert.ok(lines.includes(`directory 711 ${me} ${join(root, 'link')}`));
    assert.ok(lines.includes(`directory 2755 ${me} ${real}/bp`));
    assert.match(lines.at(-1) ?? '', /^directory \d+ 5:6 .*\/link\/layers\/bp\/rt$/);
  });

  it('keeps names of any bytes, and what links point to (E-23)', async (t) => {
    const app = temporaryDirectory(t);
    const names = [
      Buffer.from([0xff, 0xfe]),
      Buffer.from('a\nb'),
      Buffer.from('back\\slash'),
      Buffer.from('x'.repeat(255)),
    ];
    for (const name of names) writeFileSync(Buffer.concat([Buffer.from(`${app}/`), name]), 'x');
    symlinkSync(Buffer.from([0x80, 0x2f]), join(app, 'link'));
    const { layer } = await pack(t, { kind: 'slice', place: virtualPlace('/w', app), paths: 'all' });
    const tar = await tarOf(layer);
    for (const name of names) assert.ok(tar.includes(name), name.toString('hex'));
    assert.ok(tar.includes(Buffer.from([0x3d, 0x80, 0x2f, 0x0a])));
  });

  it('has one time and no user names in every header, and names of any length and script in full (E-23)', async (t) => {
    const app = temporaryDirectory(t);
    const deep = ['d'.repeat(200), 'e'.repeat(120)].join('/');
    mkdirSync(join(app, deep), { recursive: true });
    const files = [`${deep}/${'f'.repeat(250)}`, 'naïve/日本語 🎉.txt', `${'ü'.repeat(60)}.txt`, 'short'];
    mkdirSync(join(app, 'naïve'));
    for (const file of files) writeFileSync(join(app, file), file, { mode: 0o640 });
    symlinkSync(files[0] ?? '', join(app, 'to-long'));
    const { layer } = await pack(t, { kind: 'slice', place: virtualPlace('/w', app), paths: 'all' });
    const tar = await tarOf(layer);
    const listed = spawnSync('tar', ['-tf', '-', '--quoting-style=literal'], { input: tar, encoding: 'utf8' });
    for (const file of files) assert.ok(listed.stdout.split('\n').includes(`/w/${file}`), `${file}: ${listed.stderr}`);
    const long = spawnSync('tar', ['-tvf', '-', '--full-time', '--utc'], { input: tar, encoding: 'utf8' }).stdout;
    const lines = long.trimEnd().split('\n');
    assert.equal(lines.length, files.length + 5);
    // Without names tar shows the numbers.
    for (const line of lines) assert.match(line, /^\S{10} 1000\/1000 +\d+ 1980-01-01 00:00:01 /);
    assert.ok(lines.some((line) => line.endsWith(` /w/to-long -> ${files[0] ?? ''}`)));
  });

  it('writes hard links as full copies and fifos as entries, and leaves sockets out with a warning', async (t) => {
    const ctx = testContext(t);
    const app = temporaryDirectory(t);
    writeFileSync(join(app, 'one'), 'body');
    linkSync(join(app, 'one'), join(app, 'two'));
    assert.equal(spawnSync('mkfifo', [join(app, 'pipe')]).status, 0);
    const server = createServer().listen(join(app, 'sock'));
    t.after(() => server.close());
    await new Promise((resolve) => server.once('listening', resolve));
    const { layer } = await pack(
      t,
      { kind: 'slice', place: virtualPlace('/w', app), paths: 'all' },
      DEFAULT_COMPRESSION,
      ctx,
    );
    const types = (await listing(layer)).map((line) => `${line.split(' ')[0] ?? ''} ${line.split(':1000 ')[1] ?? ''}`);
    assert.deepEqual(types, ['directory /w', 'file /w/one', 'fifo /w/pipe', 'file /w/two']);
    const warnings = ctx.events.filter((event) => event.type === 'warning');
    assert.equal(warnings[0]?.code, 'SOCKET_SKIPPED');
    assert.match(warnings[0].message, /\/w\/sock/);
  });

  it('is listed by GNU tar as it was packed', async (t) => {
    const app = temporaryDirectory(t);
    mkdirSync(join(app, 'd'.repeat(90)));
    writeFileSync(join(app, 'd'.repeat(90), 'f'.repeat(90)), 'long');
    writeFileSync(join(app, 'name-é漢'), '');
    const { layer } = await pack(t, { kind: 'slice', place: virtualPlace('/w', app), paths: 'all' });
    const result = spawnSync('tar', ['tP', '--quoting-style=literal', '--show-transformed-names'], {
      input: await tarOf(layer),
      env: { ...process.env, LC_ALL: 'C.UTF-8' },
    });
    assert.equal(String(result.stderr), '');
    const expected = ['/w', `/w/${'d'.repeat(90)}`, `/w/${'d'.repeat(90)}/${'f'.repeat(90)}`, '/w/name-é漢', ''];
    assert.deepEqual(String(result.stdout).split('\n'), expected);
  });
});

describe('packLayer: the blob', () => {
  it('is one gzip member of any length that gzip and node accept', async (t) => {
    for (const size of [2048, MIB - 512, MIB, MIB + 512, 2 * MIB, 3 * MIB + 1536]) {
      const { layer, tarSize } = await pack(t, fileLayer(size));
      assert.equal(tarSize, size);
      const bytes = await collect(layer.open(), 1e8, 'blob');
      assert.equal(digestOf(bytes), layer.descriptor.digest);
      assert.equal(bytes.length, layer.descriptor.size);
      assert.equal(digestOf(gunzipSync(bytes)), String(layer.diffId));
      assert.equal(bytes.subarray(0, 10).toString('hex'), '1f8b08000000000004ff');
      const check = spawnSync('gzip', ['-t'], { input: bytes });
      assert.equal(String(check.stderr), '');
      assert.equal(check.status, 0);
    }
  });

  it('has the bytes that slipway-gzip-3 is described by', async (t) => {
    assert.equal(BLOCK_FORMAT, 'slipway-gzip-3');
    for (const [level, speed] of [
      [1, 4],
      [6, 0],
      [9, 2],
    ] as const) {
      const { layer } = await pack(t, fileLayer(2 * MIB + 512), { codec: 'gzip', level });
      const tar = await tarOf(layer);
      const blocks = [0, MIB, 2 * MIB].map((at) => {
        const data = tar.subarray(at, at + MIB);
        const dictionary = tar.subarray(Math.max(0, at - 32 * 1024), at);
        if (level === 1) return encodeHere({ data, dictionary, isLast: at === 2 * MIB });
        return deflateRawSync(data, {
          level,
          memLevel: 9,
          finishFlush: at === 2 * MIB ? constants.Z_FINISH : constants.Z_SYNC_FLUSH,
          ...(at === 0 ? {} : { dictionary }),
        });
      });
      const trailer = Buffer.alloc(8);
      trailer.writeUInt32LE(crc32(tar), 0);
      trailer.writeUInt32LE(tar.length, 4);
      const header = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, speed, 0xff]);
      const expected = digestOf(Buffer.concat([header, ...blocks, trailer]));
      assert.equal(layer.descriptor.digest, expected);
    }
  });

  it('is the tar itself with codec none', async (t) => {
    const { layer } = await pack(t, fileLayer(MIB + 512), { codec: 'none' });
    assert.equal(layer.descriptor.digest, String(layer.diffId));
    assert.equal(layer.descriptor.mediaType, 'application/vnd.oci.image.layer.v1.tar');
    assert.equal(layer.descriptor.size, MIB + 512);
  });

  it('is the same for many layers at once as for one after the other', async (t) => {
    const sources = [1, 2, 3, 4, 5].map((count) => fileLayer(count * MIB + 512 * count));
    const one: string[] = [];
    for (const source of sources) one.push((await pack(t, source)).layer.descriptor.digest);
    const all = await Promise.all(sources.map(async (source) => (await pack(t, source)).layer.descriptor.digest));
    assert.deepEqual(all, one);
  });

  it('is the same in several compressions at once as in each alone, of one walk', async (t) => {
    const compressions = [{ codec: 'gzip', level: 1 }, { codec: 'none' }, { codec: 'gzip', level: 6 }] as const;
    const tree = temporaryDirectory(t);
    writeFileSync(join(tree, 'file'), Buffer.alloc(5 * MIB, 'abc'));
    // It is left out with a warning, each time that somebody reads the tree.
    assert.equal(spawnSync('mkfifo', [join(tree, 'pipe')]).status, 0);
    const source = { kind: 'trees', places: [virtualPlace('/tree', tree)] } as const;
    const out = temporaryDirectory(t);
    const ctx = testContext(t);
    const together = await packLayer(source, fileStaging(out), ctx, { compressions, family: 'docker' });
    assert.equal(ctx.events.filter((event) => event.type === 'warning').length, 1);
    const alone = [];
    for (const compression of compressions) {
      const options = { compressions: [compression], family: 'docker' } as const;
      alone.push((await packLayer(source, fileStaging(out), testContext(t), options)).layers[0]);
    }
    const facts = ({ diffId, descriptor }: Layer): unknown => ({ diffId, ...descriptor });
    assert.deepEqual(together.layers.map(facts), alone.map(facts));
    assert.equal(new Set(alone.map(({ descriptor }) => descriptor.digest)).size, 3);
    for (const layer of together.layers)
      assert.equal(digestOf(await collect(layer.open(), 1e8, 'blob')), layer.descriptor.digest);
  });

  it('fails for all compressions when one of them cannot be written, and leaves nothing behind', async (t) => {
    const source = fileLayer(30 * MIB);
    const options = { compressions: [DEFAULT_COMPRESSION, { codec: 'gzip', level: 2 }], family: 'oci' } as const;
    for (const failing of [0, 1]) {
      const out = temporaryDirectory(t);
      const staging = fileStaging(out);
      let begun = -1;
      const begin = (): StagedBlob => {
        begun += 1;
        return begun === failing ? { ...staging.begin(), write: failAfter(4) } : staging.begin();
      };
      await assert.rejects(packLayer(source, { begin }, testContext(t), options), /disk full/);
      assert.deepEqual(readdirSync(out), []);
    }
    // Every place on the thread pool is free again, or this would wait for ever.
    await Promise.all([1, 2, 3, 4].map(() => pack(t, fileLayer(4 * MIB))));
  });

  it('leaves nothing behind when it is aborted or the disk fails', async (t) => {
    const app = temporaryDirectory(t);
    for (let index = 0; index < 100; index += 1) writeFileSync(join(app, String(index)), Buffer.alloc(100_000, index));
    const source: LayerSource = { kind: 'slice', place: virtualPlace('/w', app), paths: 'all' };
    const out = temporaryDirectory(t);
    const options = { compressions: [DEFAULT_COMPRESSION], family: 'oci' } as const;
    const ctx = testContext(t, { signal: AbortSignal.abort(new Error('stop')) });
    await assert.rejects(packLayer(source, fileStaging(out), ctx, options), /stop/);
    assert.deepEqual(readdirSync(out), []);
    const staging = fileStaging(out);
    const full = { begin: () => ({ ...staging.begin(), write: failAfter(3) }) };
    await assert.rejects(packLayer(source, full, testContext(t), options), /disk full/);
    assert.deepEqual(readdirSync(out), []);
    await pack(t, source);
  });
});

describe('packLayer: files that will not be read', () => {
  for (const [what, change, sizes] of [
    [
      'grew',
      (file: string) => appendFileSync(file, 'more'),
      `${String(3 * MIB)} bytes before, ${String(3 * MIB + 4)} bytes after`,
    ],
    ['shrank', (file: string) => truncateSync(file, 5), `${String(3 * MIB)} bytes before, 5 bytes after`],
    [
      'was written to',
      (file: string) => utimesSync(file, 1, 1),
      `${String(3 * MIB)} bytes before, ${String(3 * MIB)} bytes after`,
    ],
  ] as const) {
    it(`names a file that ${what} while it was read, with both sizes`, async (t) => {
      const app = temporaryDirectory(t);
      const file = join(app, 'big');
      writeFileSync(file, Buffer.alloc(3 * MIB));
      const source: LayerSource = { kind: 'slice', place: virtualPlace('/w', app), paths: 'all' };
      const staged = fileStaging(temporaryDirectory(t)).begin();
      // The first block is written while most of the file is still to be read.
      const write = once(() => change(file));
      const options = { compressions: [{ codec: 'none' }], family: 'oci' } as const;
      const packing = packLayer(source, { begin: () => ({ ...staged, write }) }, testContext(t), options);
      await assert.rejects(packing, { code: 'FILE_CHANGED', message: `${file} changed while it was packed: ${sizes}` });
    });
  }

  it('names a file that was removed', async (t) => {
    const app = temporaryDirectory(t);
    const source: LayerSource = { kind: 'slice', place: virtualPlace('/w', app), paths: ['gone'] };
    const message = `${app}/gone was removed or replaced while it was packed`;
    await assert.rejects(hashLayer(source, testContext(t)), { code: 'FILE_CHANGED', message });
  });

  it('names a directory that does not exist', async (t) => {
    const root = temporaryDirectory(t);
    const source: LayerSource = { kind: 'dir', place: virtualPlace('/layers', root), path: '/layers/bp' };
    await assert.rejects(hashLayer(source, testContext(t)), {
      code: 'FILE_NOT_FOUND',
      message: `${root}/bp does not exist`,
    });
  });

  for (const [what, path] of [
    ['file', 'secret'],
    ['directory', 'closed'],
  ] as const) {
    it(`names a ${what} that may not be read`, async (t) => {
      const app = temporaryDirectory(t);
      chmodSync(app, 0o755);
      if (what === 'file') writeFileSync(join(app, path), 'x', { mode: 0o000 });
      else mkdirSync(join(app, path), { mode: 0o000 });
      const source: LayerSource = { kind: 'slice', place: virtualPlace('/w', app), paths: 'all' };
      await asNobody(() =>
        assert.rejects(hashLayer(source, testContext(t)), {
          code: 'FILE_NOT_READABLE',
          message: `cannot read ${app}/${path}: permission denied`,
        }),
      );
    });
  }
});

function once(action: () => void): () => void {
  let isDone = false;
  return () => {
    if (!isDone) action();
    isDone = true;
  };
}

function failAfter(count: number): () => void {
  let calls = 0;
  return () => {
    calls += 1;
    if (calls > count) throw new Error('disk full');
  };
}

/** Runs a task without root's right to read everything. */
async function asNobody(task: () => Promise<void>): Promise<void> {
  if (process.getuid?.() !== 0) {
    await task();
    return;
  }
  process.seteuid?.(65534);
  try {
    await task();
  } finally {
    process.seteuid?.(0);
  }
}
