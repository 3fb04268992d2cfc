import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, it, type TestContext } from 'node:test';
import { parseToml } from '../../src/cnb/files/toml-read.ts';
import type { TomlTable, TomlValue } from '../../src/cnb/toml-value.ts';
import { parseLocation } from '../../src/oci/location.ts';
import { openLayout } from '../../src/store/layout/layout-source.ts';
import { openLayoutSink } from '../../src/store/layout/layout-sink.ts';
import { copyImage } from '../../src/store/copy.ts';
import type { Image } from '../../src/ports/image.ts';
import { selectImage } from '../../src/store/select.ts';
import { testContext, temporaryDirectory, type TestContextOf } from '../support/context.ts';
import { AllowedDifferences } from '../support/differences.ts';
import { RecordedRoot, whyNoRecordedRoot, type RunResult } from '../support/recorded-root.ts';

const GOLDEN = 'testdata/golden';
const RUN_IMAGE = '127.0.0.1:5910/base/run:v1';
const unable = whyNoRecordedRoot();
if (unable !== undefined && process.env['SLIPWAY_REQUIRE_PEERS'] === '1')
  throw new Error(`golden runs are required here: ${unable}`);
const skip = unable === undefined ? false : `recorded runs cannot be repeated: ${unable}`;

interface Phases {
  readonly image: string;
  readonly order: string;
  readonly projectMetadata?: boolean;
  readonly layout?: boolean;
}

const differences = new AllowedDifferences();
const runs = { planned: 0, passed: 0 };

/** Each exception of a comparison is a row of docs/reference/differences.md. */
function allowed(id: string): void {
  differences.use(id);
}

function golden(name: string, task: (t: TestContext) => Promise<void>): void {
  runs.planned += 1;
  it(name, async (t) => {
    await task(t);
    runs.passed += 1;
  });
}

describe('golden', { skip }, () => {
  after(() => {
    // A run of some of the tests proves nothing about the rows that the others use.
    if (runs.passed === runs.planned) assert.deepEqual(differences.unused(), [], 'differences that nothing needs');
  });

  golden('registry-5phase: diffIDs and config bytes are equal, files equal as data', async (t) => {
    const { root, ctx } = await begin(t);
    root.app('app-v1.tar');
    fivePhases(root, { image: '127.0.0.1:5910/app/five', order: 'order.toml', projectMetadata: true });
    allZero(await root.finish());
    await compareImage(root, 'registry-5phase', 'app/five', ctx);
    compareFiles(root, 'registry-5phase', { ignorePrevious: true });
    compareCache(root, 'registry-5phase');
  });

  golden('creator: one process gives the same image', async (t) => {
    const { root, ctx } = await begin(t);
    root.app('app-v1.tar');
    root.run({
      program: 'creator',
      user: 'root',
      args: [
        ...[
          '-log-level',
          'debug',
          '-uid',
          '1000',
          '-gid',
          '1000',
          '-order',
          '/io/order.toml',
          '-launcher',
          '/io/launcher-stub',
        ],
        ...[
          '-project-metadata',
          '/io/project-metadata.toml',
          '-run-image',
          RUN_IMAGE,
          '-cache-dir',
          '/cache',
          '127.0.0.1:5910/app/creator',
        ],
      ],
    });
    allZero(await root.finish());
    await compareImage(root, 'creator', 'app/creator', ctx);
    compareFiles(root, 'creator');
    assert.equal(
      readFileSync(`${GOLDEN}/creator/image/config.json`, 'utf8'),
      readFileSync(`${GOLDEN}/registry-5phase/image/config.json`, 'utf8'),
    );
  });

  golden('minimal: one-file app, nothing but the app layer is the buildpacks’', async (t) => {
    const { root, ctx } = await begin(t);
    root.app();
    root.shell(
      `printf hi >"$ROOT/workspace/hi.txt"; chmod 644 "$ROOT/workspace/hi.txt"; chown 1000:1000 "$ROOT/workspace/hi.txt"`,
    );
    fivePhases(root, { image: '127.0.0.1:5910/app/minimal', order: 'order-min.toml' });
    allZero(await root.finish());
    await compareImage(root, 'minimal', 'app/minimal', ctx);
    compareFiles(root, 'minimal', { ignorePrevious: true });
  });

  golden('empty-workspace: an app without files is a layer with its directory', async (t) => {
    const { root, ctx } = await begin(t);
    root.app();
    fivePhases(root, { image: '127.0.0.1:5910/app/empty', order: 'order-min.toml' });
    allZero(await root.finish());
    await compareImage(root, 'empty-workspace', 'app/empty', ctx);
    compareFiles(root, 'empty-workspace', { ignorePrevious: true });
  });

  for (const [name, app] of [
    ['rebuild-same', 'app-v1.tar'],
    ['rebuild-changed', 'app-v2.tar'],
  ] as const) {
    golden(`${name}: a second build over image and cache`, async (t) => {
      const { root, ctx } = await begin(t);
      const phases: Phases = { image: `127.0.0.1:5910/app/${name}`, order: 'order.toml', projectMetadata: true };
      root.app('app-v1.tar');
      fivePhases(root, phases);
      root.clearLayers();
      root.app(app);
      fivePhases(root, phases);
      allZero(await root.finish());
      await compareImage(root, name, `app/${name}`, ctx);
      compareFiles(root, name, { ignorePrevious: true });
      compareCache(root, name);
    });
  }

  golden('layout: the same through -layout, with the true digest of the run image (GAP-5)', async (t) => {
    const { root, ctx } = await begin(t);
    root.app('app-v1.tar');
    root.shell(
      'mkdir -p "$ROOT/layout/registry.example/base/run"; cp -r ' +
        `${process.cwd()}/${GOLDEN}/fixtures/base/run-single` +
        ' "$ROOT/layout/registry.example/base/run/v1"; chown -R 1000:1000 "$ROOT/layout"',
    );
    fivePhases(root, {
      image: 'registry.example/app/layout',
      order: 'order.toml',
      projectMetadata: true,
      layout: true,
    });
    allZero(await root.finish());
    const directory = join(root.directory, 'layout/registry.example/app/layout/latest');
    const location = parseLocation(`oci:${directory}`);
    const image = await selectImage(openLayout(directory), location, ctx, { role: 'image', hostArchitecture: 'amd64' });
    allowed('layout-run-image-digest');
    const expected = readFileSync(`${GOLDEN}/layout/image/config.json`, 'utf8');
    const recorded =
      /\/layout\/registry\.example\/base\/run\/v1@sha256:[0-9a-f]{64}/.exec(expected)?.[0] ??
      assert.fail('no run image in the recorded label');
    const truth =
      '/layout/registry.example/base/run/v1@sha256:092667d145d743cf2377c69d8b1359ac6f59ebf616814b6c929a53322ff5a6f3';
    compareConfig(Buffer.from(image.rawConfig).toString(), expected.replaceAll(recorded, truth));
    compareManifest(image, 'layout');
    compareFiles(root, 'layout');
  });

  golden('seed-894: the three layers of the report that need nothing foreign', async (t) => {
    const { root, ctx } = await begin(t);
    seedTree(root);
    const common = ['-layers=./layers'];
    const cwd = '/tmp/tutorial';
    const user = '501:20';
    root.run({
      program: 'analyzer',
      user,
      cwd,
      api: '0.14',
      args: [...common, '-uid', '501', '-gid', '20', '-run-image', RUN_IMAGE, '127.0.0.1:5910/apps/bash-script'],
    });
    root.run({
      program: 'detector',
      user,
      cwd,
      api: '0.14',
      args: [...common, '-order=./order.toml', '-buildpacks=./buildpacks', '-app', 'workspace'],
    });
    root.run({
      program: 'restorer',
      user,
      cwd,
      api: '0.14',
      args: [...common, '-cache-dir=./cache', '-uid', '501', '-gid', '20'],
    });
    root.run({
      program: 'builder',
      user,
      cwd,
      api: '0.14',
      args: [...common, '-buildpacks=./buildpacks', '-app', 'workspace'],
    });
    // New files took their parent's group on the reporter's machine: the SBOM directory was 501:0.
    root.shell('chown 501:0 "$ROOT/tmp/tutorial/layers/sbom"');
    root.run({
      program: 'exporter',
      user,
      cwd,
      api: '0.14',
      args: [
        ...common,
        '-app',
        'workspace',
        '-cache-dir=./cache',
        '-launch-cache=./cache',
        '-launcher',
        '/io/launcher-stub',
        '-uid',
        '501',
        '-gid',
        '20',
        '127.0.0.1:5910/apps/bash-script',
      ],
    });
    allZero(await root.finish());
    const image = await appImage(root, 'apps/bash-script', ctx);
    const diffIds = image.config.diffIds.map((diffId) => diffId.slice('sha256:'.length));
    assert.ok(diffIds.includes('76d9fd4935578553e1d1c0d1b08c2229850891f54b384b32d16090d0cb5f15f3'), 'launch.sbom');
    assert.ok(diffIds.includes('6b9ee88e7f2acdb40092aceaa8b3ff47774e6330e71fb512156228957f2626cc'), 'config');
    assert.ok(diffIds.includes('e598f2ee7e8b980b4a96ba60481a083f241c970d4c6960ce0f4a200e985f996f'), 'process-types');
  });
});

async function begin(t: TestContext): Promise<{ readonly root: RecordedRoot; readonly ctx: TestContextOf }> {
  const ctx = testContext(t);
  const root = new RecordedRoot(temporaryDirectory(t));
  await using sink = await openLayoutSink(root.registry, 'base/run:v1', ctx);
  await copyImage({ source: openLayout(`${GOLDEN}/fixtures/base/run-v1`), name: undefined }, sink, ctx);
  await sink.commit(ctx);
  return { root, ctx };
}

function fivePhases(root: RecordedRoot, phases: Phases): void {
  const owner = ['-uid', '1000', '-gid', '1000'];
  const layout = phases.layout === true ? ['-layout', '-layout-dir', '/layout'] : [];
  const runImage = phases.layout === true ? 'registry.example/base/run:v1' : RUN_IMAGE;
  const project = phases.projectMetadata === true ? ['-project-metadata', '/io/project-metadata.toml'] : [];
  const debug = ['-log-level', 'debug'];
  const env = phases.layout === true ? ['CNB_EXPERIMENTAL_MODE=quiet'] : [];
  root.run({
    env,
    program: 'analyzer',
    user: 'root',
    args: [...debug, ...owner, ...layout, '-run-image', runImage, phases.image],
  });
  root.run({ env, program: 'detector', user: '1000:1000', args: [...debug, '-order', `/io/${phases.order}`] });
  root.run({ env, program: 'restorer', user: 'root', args: [...debug, ...owner, ...layout, '-cache-dir', '/cache'] });
  root.run({ env, program: 'builder', user: '1000:1000', args: debug });
  root.run({
    env,
    program: 'exporter',
    user: 'root',
    args: [
      ...debug,
      ...owner,
      ...layout,
      '-cache-dir',
      '/cache',
      '-launcher',
      '/io/launcher-stub',
      ...project,
      phases.image,
    ],
  });
}

function allZero(results: readonly RunResult[]): void {
  for (const [index, result] of results.entries())
    assert.equal(result.exitCode, 0, `run ${String(index)} ended with ${String(result.exitCode)}:\n${result.output}`);
}

async function appImage(root: RecordedRoot, repository: string, ctx: TestContextOf) {
  const location = parseLocation(`oci:${root.registry}:${repository}:latest`);
  return selectImage(openLayout(root.registry), location, ctx, { role: 'image', hostArchitecture: 'amd64' });
}

/** Whole config bytes, and the manifest. */
async function compareImage(root: RecordedRoot, name: string, repository: string, ctx: TestContextOf): Promise<void> {
  const image = await appImage(root, repository, ctx);
  const recorded = readFileSync(`${GOLDEN}/${name}/image/config.json`, 'utf8');
  compareConfig(Buffer.from(image.rawConfig).toString(), recorded);
  const [{ config }, { config: recordedConfig }] = [manifestOf(image), recordedManifest(name)];
  assert.deepEqual(config, recordedConfig);
  compareManifest(image, name);
}

/** The manifest but for its config, layer by layer. */
function compareManifest(image: Image, name: string): void {
  const { layers: ours, annotations, ...rest } = manifestOf(image);
  const { layers: recorded, annotations: recordedAnnotations, ...recordedRest } = recordedManifest(name);
  assert.deepEqual({ ...rest, config: null }, { ...recordedRest, config: null });
  if (recordedAnnotations !== undefined) {
    allowed('tag-annotation-not-in-manifest');
    assert.deepEqual(recordedAnnotations, { 'org.opencontainers.image.ref.name': 'latest' });
  }
  assert.equal(annotations, undefined);
  assert.ok(Array.isArray(ours) && Array.isArray(recorded));
  assert.equal(ours.length, recorded.length);
  for (const index of ours.keys()) compareLayer(record(ours[index]), record(recorded[index]));
}

function compareLayer(ours: Record<string, unknown>, recorded: Record<string, unknown>): void {
  assert.deepEqual(Object.keys(ours), Object.keys(recorded));
  if (ours['digest'] !== recorded['digest']) allowed('layer-gzip-bytes');
  else assert.equal(ours['size'], recorded['size']);
  if (ours['mediaType'] === recorded['mediaType']) return;
  allowed('layer-media-type-family');
  assert.deepEqual(
    [recorded['mediaType'], ours['mediaType']],
    ['application/vnd.docker.image.rootfs.diff.tar.gzip', 'application/vnd.oci.image.layer.v1.tar+gzip'],
  );
}

function manifestOf(image: Image): Record<string, unknown> {
  return record(JSON.parse(Buffer.from(image.rawManifest.bytes).toString()));
}

function recordedManifest(name: string): Record<string, unknown> {
  return record(JSON.parse(readFileSync(`${GOLDEN}/${name}/image/manifest.json`, 'utf8')));
}

function record(value: unknown): Record<string, unknown> {
  assert.ok(typeof value === 'object' && value !== null);
  return Object.fromEntries(Object.entries(value));
}

/** Byte for byte; when that fails, data first, so that the report names the field. */
function compareConfig(ours: string, recorded: string): void {
  if (ours !== recorded) assert.deepEqual(JSON.parse(ours), JSON.parse(recorded));
  assert.equal(ours, recorded);
}

interface FileOptions {
  /** The recorded run was made over an image that existed already, so analyzed.toml differs in its previous image. */
  readonly ignorePrevious?: boolean;
}

/** The TOML files of the layers directory as data; metadata.toml byte for byte. */
function compareFiles(root: RecordedRoot, name: string, options: FileOptions = {}): void {
  const recorded = `${GOLDEN}/${name}/layers-dir`;
  const ours = join(root.directory, 'layers');
  assert.equal(
    readFileSync(join(ours, 'config/metadata.toml'), 'utf8'),
    readFileSync(join(recorded, 'config/metadata.toml'), 'utf8'),
  );
  assert.deepEqual(toml(join(ours, 'group.toml')), toml(join(recorded, 'group.toml')));
  assert.deepEqual(sortedEntries(toml(join(ours, 'plan.toml'))), sortedEntries(toml(join(recorded, 'plan.toml'))));
  const [analyzed, analyzedRecorded] = [toml(join(ours, 'analyzed.toml')), toml(join(recorded, 'analyzed.toml'))];
  assert.deepEqual(withoutOurs(table(analyzed['run-image'])), analyzedRecorded['run-image']);
  if (options.ignorePrevious !== true)
    assert.deepEqual({ ...analyzed, 'run-image': null }, { ...analyzedRecorded, 'run-image': null });
  compareReports(table(toml(join(ours, 'report.toml'))['image']), table(toml(join(recorded, 'report.toml'))['image']));
  for (const file of filesBelow(recorded).filter((path) => !/^(analyzed|group|plan|report)\.toml$/.test(path))) {
    assert.equal(existsSync(join(ours, file)), true, `${file} is missing`);
    if (!file.endsWith('.toml'))
      assert.deepEqual(readFileSync(join(ours, file)), readFileSync(join(recorded, file)), file);
    else assert.deepEqual(toml(join(ours, file)), toml(join(recorded, file)), file);
  }
}

/** What is recorded is there; digest and size of a manifest over other blobs are others. */
function compareReports(ours: TomlTable, recorded: TomlTable): void {
  allowed('report-outputs');
  const more = Object.keys(ours).filter((key) => !(key in recorded));
  assert.deepEqual(
    more.filter((key) => !['digest', 'outputs', 'slipway'].includes(key)),
    [],
  );
  allowed('layer-gzip-bytes');
  for (const [key, value] of Object.entries(recorded)) {
    if (key === 'digest' || key === 'manifest-size') assert.equal(typeof ours[key], typeof value);
    else assert.deepEqual(ours[key], value);
  }
}

/** The metadata of the cache's newest root. */
function compareCache(root: RecordedRoot, name: string): void {
  const recorded: unknown = JSON.parse(
    readFileSync(`${GOLDEN}/${name}/cache/io.buildpacks.lifecycle.cache.metadata`, 'utf8'),
  );
  allowed('cache-folder-layout');
  const roots = readdirSync(join(root.directory, 'cache/roots'));
  const [file] = roots;
  assert.ok(file !== undefined);
  const stored: unknown = JSON.parse(readFileSync(join(root.directory, 'cache/roots', file), 'utf8'));
  assert.ok(typeof stored === 'object' && stored !== null && 'metadata' in stored);
  assert.deepEqual(stored.metadata, recorded);
}

function toml(file: string): TomlTable {
  return parseToml(readFileSync(file), file);
}

function table(value: TomlValue | undefined): TomlTable {
  assert.ok(typeof value === 'object' && value !== null && !Array.isArray(value) && !('text' in value));
  return Object.fromEntries(Object.entries(value));
}

function withoutOurs(runImage: TomlTable): TomlTable {
  allowed('analyzed-slipway-table');
  return Object.fromEntries(Object.entries(runImage).filter(([key]) => key !== 'slipway'));
}

/** plan.toml in an order of its own. */
function sortedEntries(plan: TomlTable): readonly string[] {
  allowed('plan-order');
  const entries = plan['entries'];
  if (entries === undefined) return [];
  assert.ok(Array.isArray(entries));
  return entries
    .map((entry: unknown) =>
      JSON.stringify(entry, (_, value: unknown) => (typeof value === 'bigint' ? `${String(value)}n` : value)),
    )
    .sort();
}

function filesBelow(directory: string): readonly string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(directory.length + 1))
    .sort();
}

/** The reporter's paths and owners; two buildpacks of ours stand where the report's were, with the names that its labels hold. */
function seedTree(root: RecordedRoot): void {
  const homepage = (name: string): string => `https://github.com/buildpacks/samples/tree/main/buildpacks/${name}`;
  const script = [
    'T="$ROOT/tmp/tutorial"',
    'mkdir -p "$T/layers" "$T/workspace" "$T/cache"',
    'printf "#!/bin/sh\\necho ok\\n" >"$T/workspace/app.sh"; chmod 755 "$T/workspace/app.sh"',
  ];
  for (const name of ['hello-world', 'hello-moon']) {
    script.push(
      `B="$T/buildpacks/samples_${name}/0.0.2"; mkdir -p "$B/bin"`,
      `printf 'api = "0.11"\\n[buildpack]\\nid = "samples/${name}"\\nversion = "0.0.2"\\nhomepage = "${homepage(name)}"\\n' >"$B/buildpack.toml"`,
      'printf "#!/bin/sh\\nexit 0\\n" >"$B/bin/detect"; cp "$B/bin/detect" "$B/bin/build"; chmod 755 "$B/bin/detect" "$B/bin/build"',
    );
  }
  script.push(
    'printf \'[[order]]\\n[[order.group]]\\nid = "samples/hello-world"\\nversion = "0.0.2"\\n[[order.group]]\\nid = "samples/hello-moon"\\nversion = "0.0.2"\\n\' >"$T/order.toml"',
    'mkdir -p "$T/layers/samples_hello-moon"; printf \'[[processes]]\\ntype = "shell"\\ncommand = ["./app.sh"]\\n\' >"$T/layers/samples_hello-moon/launch.toml"',
    'chown -R 501:0 "$T"; chown -R 501:20 "$T/workspace"; find "$T" -type d -exec chmod 755 {} +; chmod 755 "$T"',
  );
  root.shell(script.join('\n'));
}
