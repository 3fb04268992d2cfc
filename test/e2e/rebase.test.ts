import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { after, describe, it, type TestContext } from 'node:test';
import { parseToml } from '../../src/cnb/files/toml-read.ts';
import { hexOf } from '../../src/oci/digest.ts';
import { parseLocation } from '../../src/oci/location.ts';
import { parseReference } from '../../src/oci/reference.ts';
import type { AssembledImage } from '../../src/store/copy.ts';
import { copyImage } from '../../src/store/copy.ts';
import { openArchiveSink } from '../../src/store/archive/archive-sink.ts';
import { openLayoutSink } from '../../src/store/layout/layout-sink.ts';
import { openLayout } from '../../src/store/layout/layout-source.ts';
import { parseObject } from '../support/build-runs.ts';
import { temporaryDirectory, testContext, type TestContextOf } from '../support/context.ts';
import { readDifferences } from '../support/differences.ts';
import { entryOf, fill, indexOf, layerOf } from '../support/images.ts';
import { locatorOf } from '../support/locator.ts';
import { lifecycle, slipway, type ProgramResult } from '../support/program.ts';
import { appImageOf, runImageOf, type AppSpec } from '../support/rebase-images.ts';
import { RecordedRoot, whyNoRecordedRoot } from '../support/recorded-root.ts';
import { startRegistry, testClient, type TestRegistry } from '../support/registry.ts';
import { judge } from '../support/verdicts.ts';

const PLATFORMS = ['linux/amd64', 'linux/arm64'] as const;

describe('slipway rebase in a registry', () => {
  it('moves manifests and configs only: base layers are mounted, the app’s are there', async (t) => {
    const { registry, run, app } = await registryScene(t);
    const before = registry.requests.length;
    const result = await slipway(['rebase', app('1'), '--json']);
    succeeded(result);
    const writes = registry.requests.slice(before).filter(({ method }) => method !== 'GET' && method !== 'HEAD');
    // One base layer is new to the repository: mounted. The config is the only blob that is sent.
    assert.deepEqual(
      writes.map(
        ({ method, path, status }) =>
          `${method} ${path.replace(/[?].*$/, '').replace(/uploads\/.+$/, 'uploads/…')} ${String(status)}`,
      ),
      [
        'POST /v2/acme/shop/blobs/uploads/ 201',
        'POST /v2/acme/shop/blobs/uploads/ 202',
        'PUT /v2/acme/shop/blobs/uploads/… 201',
        'PUT /v2/acme/shop/manifests/1 201',
      ],
    );
    const end = endOf(result);
    assert.equal(end['dryRun'], false);
    const facts = await inspect(app('1'));
    assert.equal(facts['manifest'], end['digest']);
    assert.deepEqual(
      diffIdsOf(facts),
      ['base 1', 'base 2', 'app 1', 'app 2'].map((text) => layerOf(text).diffId),
    );
    assert.ok(run.endsWith('/base/run:1'));
  });

  it('a dry run writes nothing and prints what would change', async (t) => {
    const { registry, app } = await registryScene(t);
    const before = registry.requests.length;
    const result = await slipway(['rebase', app('1'), '--dry-run']);
    succeeded(result);
    assert.ok(registry.requests.slice(before).every(({ method }) => method === 'GET' || method === 'HEAD'));
    assert.match(result.stdout, /^would be {3}127\.0\.0\.1:\d+\/acme\/shop:1 {2}sha256:/);
    assert.match(result.stdout, /\n {2}layers {2}1 of the old base go, 2 of the new one come, 2 stay\n/);
    assert.match(result.stdout, /\nnothing was written: this was a dry run\n$/);
  });

  it('rebases a whole index, each platform onto its own base', async (t) => {
    const { app } = await registryScene(t);
    const result = await slipway(['rebase', app('index'), '--json']);
    succeeded(result);
    for (const platform of PLATFORMS) {
      const facts = await inspect(app('index'), '--platform', platform);
      assert.equal(facts['index'], endOf(result)['digest']);
      assert.equal(diffIdsOf(facts)[1], layerOf(platform === 'linux/amd64' ? 'base 2' : 'base 2 of arm64').diffId);
    }
    const one = await slipway(['rebase', app('index'), '--platform', 'linux/arm64']);
    assert.equal(one.code, 3, one.stderr);
    assert.match(one.stderr, /one platform alone would replace the whole index/);
  });

  it('writes several names and a report; an image under another name stays (Z-02, Z-11, Z-14)', async (t) => {
    const { app, directory } = await registryScene(t);
    const old = await inspect(app('1'));
    const report = join(directory, 'report.toml');
    const args = ['--previous-image', app('1'), '--tag', app('3'), '--report', report];
    succeeded(await slipway(['rebase', app('2'), ...args]));
    assert.equal((await inspect(app('1')))['manifest'], old['manifest']);
    const { manifest } = await inspect(app('2'));
    assert.notEqual(manifest, old['manifest']);
    assert.equal((await inspect(app('3')))['manifest'], manifest);
    const image = parseObject(JSON.stringify(parseToml(readFileSync(report), report)['image'], bigintAsText));
    assert.deepEqual([image['tags'], image['digest']], [[app('2'), app('3')], manifest]);
    assert.ok(Number(image['manifest-size']) > 0);
  });

  it('another tag of the run image needs no force, another repository does; strict refuses both', async (t) => {
    const { app, registry } = await registryScene(t);
    const patched = `${registry.name}/base/run:2`;
    const strict = await slipway(['rebase', app('1'), '--run-image', patched, '--strict']);
    assert.equal(strict.code, 72);
    assert.match(strict.stderr, /\[REBASE_REFUSED\]/);
    assert.match(strict.stderr, /another --run-image, or --force to override/);
    succeeded(await slipway(['rebase', app('1'), '--run-image', patched]));
    const other = `${registry.name}/other/run:1`;
    assert.equal((await slipway(['rebase', app('1'), '--run-image', other])).code, 72);
    const forced = await slipway(['rebase', app('1'), '--run-image', other, '--force']);
    succeeded(forced);
    assert.match(
      forced.stderr,
      /warning: .*new base image '.*\/other\/run:1' not found in existing run image metadata/,
    );
  });

  it('an image or a run image that is not there: exits 72 and 32', async (t) => {
    const { app, registry } = await registryScene(t);
    const image = await slipway(['rebase', app('nowhere')]);
    assert.equal(image.code, 72, image.stderr);
    assert.match(image.stderr, /\[IMAGE_NOT_FOUND\]/);
    const run = await slipway(['rebase', app('1'), '--run-image', `${registry.name}/base/run:nowhere`]);
    assert.equal(run.code, 32, run.stderr);
    assert.match(run.stderr, /\[RUN_IMAGE_UNUSABLE\]/);
  });
});

describe('slipway rebase on disk', () => {
  it('replaces the entry of a layout and leaves the others', async (t) => {
    const { directory, ctx } = diskScene(t);
    await putLayout(
      directory,
      'app',
      { shop: appImageOf('linux/amd64', NAMELESS), other: appImageOf('linux/arm64') },
      ctx,
    );
    await putLayout(directory, 'run', { new: runImageOf('linux/amd64', { layers: ['base 2'] }) }, ctx);
    const location = `oci:${join(directory, 'app')}:shop`;
    succeeded(await slipway(['rebase', location, '--run-image', `oci:${join(directory, 'run')}`]));
    const facts = await inspect(location);
    assert.deepEqual(
      diffIdsOf(facts),
      ['base 2', 'app 1', 'app 2'].map((text) => layerOf(text).diffId),
    );
    assert.ok(!JSON.stringify(facts['config']).includes(directory), 'a path of this machine in the label');
    assert.equal((await openLayout(join(directory, 'app')).list(ctx)).length, 2);
    succeeded(await slipway(['validate', `oci:${join(directory, 'app')}`]));
  });

  it('finds the only entry of a layout without its name, and writes it there', async (t) => {
    const { directory, ctx } = diskScene(t);
    await putLayout(directory, 'app', { shop: appImageOf('linux/amd64', NAMELESS) }, ctx);
    await putLayout(directory, 'run', { new: runImageOf('linux/amd64', { layers: ['base 2'] }) }, ctx);
    const run = `oci:${join(directory, 'run')}`;
    succeeded(await slipway(['rebase', `oci:${join(directory, 'app')}`, '--run-image', run]));
    const entries = await openLayout(join(directory, 'app')).list(ctx);
    assert.deepEqual(
      entries.map(({ name }) => name),
      ['shop'],
    );
  });

  it('rewrites an archive under the names that it has, or into another store (Z-14)', async (t) => {
    const { directory, ctx } = diskScene(t);
    const file = join(directory, 'shop.tar');
    await putArchive(file, appImageOf('linux/amd64', NAMELESS), ctx);
    await putLayout(directory, 'run', { new: runImageOf('linux/amd64', { layers: ['base 2'] }) }, ctx);
    const run = ['--run-image', `oci:${join(directory, 'run')}`];
    const out = `oci:${join(directory, 'out')}:shop`;
    const location = `docker-archive:${file}`;
    succeeded(await slipway(['rebase', location, ...run, '--output', out]));
    assert.equal(diffIdsOf(await inspect(location))[0], layerOf('base 1').diffId);
    const report = join(directory, 'report.toml');
    succeeded(await slipway(['rebase', location, ...run, '--report', report]));
    const [there, elsewhere] = [await inspect(`${location}:example.com/shop:1`), await inspect(out)];
    assert.equal(there['manifest'], elsewhere['manifest']);
    assert.equal(diffIdsOf(there)[0], layerOf('base 2').diffId);
    const written = await locatorOf(t).find(parseLocation(location), 'app image', ctx);
    const id = hexOf(written.manifest.config.digest);
    assert.ok(readFileSync(report, 'utf8').includes(`image-id = "${id}"`), readFileSync(report, 'utf8'));
    succeeded(await slipway(['validate', location]));
  });

  it('does not replace an archive that holds other images', async (t) => {
    const { directory, ctx } = diskScene(t);
    const file = join(directory, 'two.tar');
    await using sink = await openArchiveSink(file, ctx, { format: 'oci', names: [], refName: 'shop' });
    await fill(sink, [appImageOf('linux/amd64', NAMELESS)], ctx);
    const other = appImageOf('linux/amd64', { app: ['other'] });
    for (const blob of [...other.layers, other.config]) await sink.put(blob, ctx);
    await sink.putManifest(other.manifest, ctx);
    sink.tag('other', other.manifest.descriptor);
    await sink.commit(ctx);
    const bytes = readFileSync(file);
    await putLayout(directory, 'run', { new: runImageOf('linux/amd64') }, ctx);
    const run = ['--run-image', `oci:${join(directory, 'run')}`];
    const result = await slipway(['rebase', `oci-archive:${file}:shop`, ...run]);
    assert.equal(result.code, 3, result.stderr);
    assert.match(result.stderr, /holds other images, which would be gone with the archive/);
    assert.deepEqual(readFileSync(file), bytes);
  });
});

describe('bin/lifecycle/rebaser', () => {
  it('rebases, reports, and says what the Go lifecycle says (Z-01, Z-02, C-21)', async (t) => {
    const { app, directory } = await registryScene(t);
    const env = { CNB_LAYERS_DIR: directory, CNB_NO_COLOR: '1' };
    const result = await lifecycle('rebaser', ['-log-level', 'debug', app('1'), app('2')], { env });
    succeeded(result);
    const digest = String((await inspect(app('1')))['manifest']);
    const lines = result.stdout.split('\n').filter((line) => !line.startsWith('Timer:'));
    assert.deepEqual(lines.slice(0, -2), [
      'Starting rebaser...',
      'Parsing inputs...',
      'Ensuring privileges...',
      'Executing command...',
      `Saving ${app('1')}...`,
      `*** Images (${digest}):`,
      `      ${app('1')}`,
      `      ${app('2')}`,
      '',
      `*** Digest: ${digest}`,
      '',
    ]);
    assert.match(lines.at(-2) ?? '', /^\*\*\* Manifest Size: \d+$/);
    assert.ok(existsSync(join(directory, 'report.toml')));
  });

  for (const [what, args, code, says] of [
    ['no image', [], 3, /at least one image argument is required/],
    [
      'both run image flags',
      ['-image', 'a/b', '-run-image', 'a/c', 'app/x'],
      3,
      /supply only one of -run-image or \(deprecated\) -image/,
    ],
    ['a bad reference', ['UPPER/x:'], 3, /could not parse reference/],
    ['-daemon', ['-daemon', 'app/x'], 3, /docker-archive:/],
    ['an unknown flag', ['-layers', 'x', 'app/x'], 2, /flag provided but not defined: -layers/],
  ] as const)
    it(`${what} exits ${String(code)}`, async () => {
      const result = await lifecycle('rebaser', args);
      assert.equal(result.code, code, result.stdout + result.stderr);
      assert.match(result.stdout + result.stderr, says);
    });

  it('an app image that is missing exits 72, a run image 1, one that is refused 72 (Z-12)', async (t) => {
    const { app, registry, directory } = await registryScene(t);
    const env = { CNB_LAYERS_DIR: directory, CNB_NO_COLOR: '1' };
    const missing = await lifecycle('rebaser', [app('nowhere')], { env });
    assert.equal(missing.code, 72);
    assert.match(missing.stdout, /ERROR: failed to set app image: failed to access image to rebase '.*nowhere': /);
    const run = await lifecycle('rebaser', ['-run-image', `${registry.name}/base/run:nowhere`, app('1')], { env });
    assert.equal(run.code, 1);
    assert.match(run.stdout, /ERROR: failed to access run image: /);
    const other = await lifecycle('rebaser', ['-image', `${registry.name}/other/run:1`, app('1')], { env });
    assert.equal(other.code, 72);
    assert.match(
      other.stdout,
      /ERROR: failed to rebase: rebase app image: new base image '.*\/other\/run:1' not found in existing run image metadata: \{.*\}; please provide -force to override\n/,
    );
    assert.ok(!existsSync(join(directory, 'report.toml')));
  });
});

/** What the comparisons below leave out or do otherwise: rows of docs/reference/differences.md that name this file. */
const RECORDED = ['rebase-keeps-history', 'rebase-keeps-media-types', 'rebase-same-repository'] as const;
const usedRows = new Set<string>();

function allowed(id: (typeof RECORDED)[number]): void {
  const row = readDifferences().find((each) => each.id === id);
  assert.equal(row?.proof, 'test/e2e/rebase.test.ts', `docs/reference/differences.md has no row ${id} for this file`);
  usedRows.add(id);
}

const unable = whyNoRecordedRoot();
const skip = unable === undefined ? false : `recorded runs cannot be repeated: ${unable}`;

describe('golden rebases', { skip }, () => {
  after(() => assert.deepEqual([...usedRows].sort(), RECORDED, 'differences that nothing needs'));

  it('rebase: a moved tag, again, and another tag', async (t) => {
    const { root, ctx } = await recordedRoot(t);
    root.app('app-v1.tar');
    root.shell(
      'printf \'[[images]]\\nimage = "127.0.0.1:5910/base/run:stable"\\nmirrors = ["127.0.0.1:5910/mirror/run:stable"]\\n\' >"$ROOT/io/run-stable.toml"',
    );
    const image = '127.0.0.1:5910/app/rebase';
    create(root, ['-run', '/io/run-stable.toml', '-run-image', '127.0.0.1:5910/base/run:stable', image]);
    keep(root, 'before');
    root.shell(
      `"$node" -e 'const fs=require("node:fs"),f=process.argv[1],d=JSON.parse(fs.readFileSync(f)),n="org.opencontainers.image.ref.name",v2=d.manifests.find(m=>m.annotations[n]==="base/run:v2");d.manifests=d.manifests.map(m=>m.annotations[n]==="base/run:stable"?{...v2,annotations:m.annotations}:m);fs.writeFileSync(f,JSON.stringify(d))' ${root.registry}/index.json`,
    );
    rebaser(root, [image]);
    keep(root, 'after');
    rebaser(root, [image]);
    keep(root, 'again');
    const other = ['-run-image', '127.0.0.1:5910/base/run:v2'];
    rebaser(root, ['-strict', ...other, image]);
    rebaser(root, [...other, image]);
    const [created, moved, again, strict, patched] = await root.finish();
    assert.deepEqual([created?.exitCode, moved?.exitCode, again?.exitCode], [0, 0, 0], moved?.output);
    assert.equal(await configIn(root, 'before', 'app/rebase', ctx), goldenText('rebase/image-before/config.json'));
    const { config, manifest } = await imageIn(root, 'after', 'app/rebase', ctx);
    const recorded = goldenText('rebase/image-after/config.json');
    assert.deepEqual(historyTexts(config).slice(0, 3), [
      'base files',
      'second',
      "Layer: 'all', Created by buildpack: oracle/layers@2.1.0",
    ]);
    allowed('rebase-keeps-history');
    judge({ table: 'images', case: 'rebase', check: 'config' }, ({ rows }) => {
      rows.add('rebase-keeps-history');
      assert.equal(withoutHistory(config), withoutHistory(recorded));
    });
    allowed('rebase-keeps-media-types');
    judge({ table: 'images', case: 'rebase', check: 'manifest' }, ({ rows }) => {
      rows.add('rebase-keeps-media-types');
      assert.equal(manifest['mediaType'], 'application/vnd.oci.image.manifest.v1+json');
    });
    assert.equal((await imageIn(root, 'again', 'app/rebase', ctx)).config, config);
    assert.equal(strict?.exitCode, 72);
    const known = /"runImage":(\{"topLayer".*?\}),"stack"/.exec(recordedLabel(recorded))?.[1] ?? '';
    assert.ok(
      strict.output.includes(
        `ERROR: failed to rebase: rebase app image: new base image '127.0.0.1:5910/base/run:v2' not found in existing run image metadata: ${known}; please provide -force to override`,
      ),
      strict.output,
    );
    allowed('rebase-same-repository');
    judge({ table: 'images', case: 'rebase', check: 'exit code' }, ({ rows }) => {
      rows.add('rebase-same-repository');
      assert.equal(patched?.exitCode, 0, patched?.output);
    });
    const report = parseToml(readFileSync(join(root.directory, 'layers/report.toml')), 'report.toml');
    assert.deepEqual(parseObject(JSON.stringify(report['image'], bigintAsText))['tags'], [image]);
  });

  it('rebase-force: another name without and with -force, and an index that lacks the platform', async (t) => {
    const { root, ctx } = await recordedRoot(t);
    root.app('app-v1.tar');
    const image = '127.0.0.1:5910/app/rebase-force';
    create(root, ['-project-metadata', '/io/project-metadata.toml', '-run-image', '127.0.0.1:5910/base/run:v1', image]);
    const other = ['-run-image', '127.0.0.1:5910/base/run:v2'];
    rebaser(root, ['-strict', ...other, image]);
    rebaser(root, ['-strict', '-force', ...other, image]);
    rebaser(root, ['-force', '-run-image', '127.0.0.1:5910/base/run:arm64-only', image]);
    const [created, refused, forced, arm] = await root.finish();
    judge({ table: 'images', case: 'rebase-force', check: 'exit code' }, () =>
      assert.deepEqual([created?.exitCode, refused?.exitCode, forced?.exitCode, arm?.exitCode], [0, 72, 0, 1]),
    );
    const said =
      "rebase app image: new base image '127.0.0.1:5910/base/run:v2' not found in existing run image metadata: {}";
    assert.ok(refused?.output.includes(`ERROR: failed to rebase: ${said}; please provide -force to override\n`));
    assert.ok(forced?.output.includes(`Warning: ${said}\n`), forced?.output);
    assert.match(arm?.output ?? '', /ERROR: failed to access run image: .*no linux\/amd64 image/);
    const config = await configIn(root, '', 'app/rebase-force', ctx);
    judge({ table: 'images', case: 'rebase-force', check: 'config' }, ({ rows }) => {
      rows.add('rebase-keeps-history');
      assert.equal(withoutHistory(config), withoutHistory(goldenText('rebase-force/image/config.json')));
    });
  });
});

const NAMELESS: AppSpec = { runImage: { reference: `sha256:${'0'.repeat(64)}` } };

function diskScene(t: TestContext): { readonly directory: string; readonly ctx: TestContextOf } {
  return { directory: temporaryDirectory(t), ctx: testContext(t) };
}

interface RegistryScene {
  readonly registry: TestRegistry;
  readonly directory: string;
  readonly run: string;
  readonly app: (tag: string) => string;
}

/** `acme/shop:1` and `:index` on `base/run:1`, which is another one now; `base/run:2` and `other/run:1` are the same. */
async function registryScene(t: TestContext): Promise<RegistryScene> {
  const registry = await startRegistry(t);
  const client = testClient(t);
  const run = `${registry.name}/base/run:1`;
  const push = async (repository: string, tag: string, images: readonly AssembledImage[]): Promise<void> => {
    await using sink = client.repository(registry.name, repository).openSink(tag);
    await fill(sink, images, registry.ctx, images.length === 1 ? [] : [indexOf(images.map(entryOf))]);
    await sink.commit(registry.ctx);
  };
  const [amd64, arm64] = PLATFORMS;
  const bases = [
    runImageOf(amd64, { layers: ['base 1', 'base 2'] }),
    runImageOf(arm64, { layers: ['base 1', 'base 2 of arm64'] }),
  ];
  for (const [repository, tag] of [
    ['base/run', '1'],
    ['base/run', '2'],
    ['other/run', '1'],
  ] as const)
    await push(repository, tag, bases);
  const apps = PLATFORMS.map((platform) => appImageOf(platform, { runImage: { image: run } }));
  await push('acme/shop', '1', apps.slice(0, 1));
  await push('acme/shop', 'index', apps);
  return { registry, run, directory: temporaryDirectory(t), app: (tag) => `${registry.name}/acme/shop:${tag}` };
}

async function putLayout(
  directory: string,
  name: string,
  ...[images, ctx]: readonly [Readonly<Record<string, AssembledImage>>, TestContextOf]
): Promise<void> {
  for (const [ref, image] of Object.entries(images)) {
    await using sink = await openLayoutSink(join(directory, name), ref, ctx);
    await fill(sink, [image], ctx);
    await sink.commit(ctx);
  }
}

async function putArchive(file: string, image: AssembledImage, ctx: TestContextOf): Promise<void> {
  const { tag = '' } = parseReference('example.com/shop:1');
  const names = { names: ['example.com/shop:1'], refName: tag };
  await using sink = await openArchiveSink(file, ctx, { format: 'docker', ...names });
  await fill(sink, [image], ctx);
  await sink.commit(ctx);
}

function succeeded(result: ProgramResult): void {
  assert.equal(result.code, 0, result.stdout + result.stderr);
}

async function inspect(location: string, ...args: readonly string[]): Promise<Readonly<Record<string, unknown>>> {
  const result = await slipway(['inspect', location, ...args]);
  succeeded(result);
  return parseObject(result.stdout);
}

function diffIdsOf(facts: Readonly<Record<string, unknown>>): readonly string[] {
  const { layers } = facts;
  assert.ok(Array.isArray(layers));
  return layers.map((layer: unknown) => String(parseObject(JSON.stringify(layer))['diffId']));
}

function endOf(result: ProgramResult): Readonly<Record<string, unknown>> {
  const events = result.stdout.trim().split('\n').map(parseObject);
  return events.find((event) => event['type'] === 'rebase.end') ?? assert.fail(result.stdout);
}

function bigintAsText(_: string, value: unknown): unknown {
  return typeof value === 'bigint' ? String(value) : value;
}

/** A root whose registry has the bases of the recorded runs. */
async function recordedRoot(t: TestContext): Promise<{ readonly root: RecordedRoot; readonly ctx: TestContextOf }> {
  const ctx = testContext(t);
  const root = new RecordedRoot(temporaryDirectory(t));
  for (const [tag, fixture] of [
    ['v1', 'run-v1'],
    ['stable', 'run-v1'],
    ['v2', 'run-v2'],
    ['arm64-only', 'run-arm64-only'],
  ] as const) {
    await using sink = await openLayoutSink(root.registry, `base/run:${tag}`, ctx);
    await copyImage({ source: openLayout(`testdata/golden/fixtures/base/${fixture}`), name: undefined }, sink, ctx);
    await sink.commit(ctx);
  }
  return { root, ctx };
}

const OWNER = ['-uid', '1000', '-gid', '1000'] as const;

function create(root: RecordedRoot, args: readonly string[]): void {
  const fixed = [...OWNER, '-order', '/io/order.toml', '-launcher', '/io/launcher-stub', '-cache-dir', '/cache'];
  root.run({ program: 'creator', user: 'root', args: [...fixed, ...args] });
}

function rebaser(root: RecordedRoot, args: readonly string[]): void {
  const fixed = ['-no-color', '-log-level', 'debug', ...OWNER, '-report', '/layers/report.toml'];
  root.run({ program: 'rebaser', user: 'root', args: [...fixed, ...args] });
}

/** A copy of the registry's index as it is at this step. */
function keep(root: RecordedRoot, name: string): void {
  root.shell(`mkdir -p ${root.registry}-${name}; cp -r ${root.registry}/. ${root.registry}-${name}`);
}

interface StoredImage {
  readonly config: string;
  readonly manifest: Readonly<Record<string, unknown>>;
}

async function imageIn(
  root: RecordedRoot,
  kept: string,
  ...[repository, ctx]: readonly [string, TestContextOf]
): Promise<StoredImage> {
  const directory = resolve(kept === '' ? root.registry : `${root.registry}-${kept}`);
  const source = openLayout(directory);
  const raw = await source.resolve(`${repository}:latest`, ctx);
  const manifest = parseObject(Buffer.from(raw.bytes).toString());
  const digest = String(parseObject(JSON.stringify(manifest['config']))['digest']);
  return { manifest, config: readFileSync(join(directory, 'blobs', ...digest.split(':')), 'utf8') };
}

async function configIn(
  root: RecordedRoot,
  kept: string,
  ...[repository, ctx]: readonly [string, TestContextOf]
): Promise<string> {
  return (await imageIn(root, kept, repository, ctx)).config;
}

function goldenText(path: string): string {
  return readFileSync(join('testdata/golden', path), 'utf8');
}

/** The config's bytes with dates only in its history, as recorded. */
function withoutHistory(config: string): string {
  return config.replace(/"history":\[.*?\],"os"/, '"history":[],"os"');
}

function historyTexts(config: string): readonly string[] {
  const history: unknown = parseObject(config)['history'];
  assert.ok(Array.isArray(history));
  return history.map((entry: unknown) => String(parseObject(JSON.stringify(entry))['created_by']));
}

function recordedLabel(config: string): string {
  const run = parseObject(JSON.stringify(parseObject(config)['config']));
  return String(parseObject(JSON.stringify(run['Labels']))['io.buildpacks.lifecycle.metadata']);
}
