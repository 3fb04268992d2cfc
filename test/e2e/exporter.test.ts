import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { parseToml } from '../../src/cnb/files/toml-read.ts';
import type { TomlValue } from '../../src/cnb/toml-value.ts';
import { hexOf } from '../../src/oci/digest.ts';
import { parseLocation } from '../../src/oci/location.ts';
import type { ServeOptions } from '../../src/registryd/serve.ts';
import { lifecycleBed, putRunImage, type LifecycleBed } from '../support/lifecycle-bed.ts';
import { locatorOf } from '../support/locator.ts';
import type { ProgramResult } from '../support/program.ts';
import { servedImage } from '../support/whole-builds.ts';

const TARGET = '  [run-image.target]\n    os = "linux"\n    arch = "amd64"\n';

interface Scene {
  readonly bed: LifecycleBed;
  readonly runImage: string;
  /** The exporter with an app and a launcher. */
  readonly run: (args: readonly string[], env?: Readonly<Record<string, string>>) => Promise<ProgramResult>;
  /** The same, exit 0. */
  readonly export: (args: readonly string[], env?: Readonly<Record<string, string>>) => Promise<string>;
}

/** A bed with what the phases before the exporter would have left: one buildpack without layers, one process. */
async function scene(t: TestContext, options: ServeOptions = {}): Promise<Scene> {
  const bed = await lifecycleBed(t, options);
  const { digest } = await putRunImage(bed);
  const runImage = `${bed.registry}/base/run@${digest}`;
  bed.write('layers/analyzed.toml', `[run-image]\n  reference = "${runImage}"\n${TARGET}`, 0o666);
  bed.write('layers/group.toml', '[[group]]\n  id = "test/hello"\n  version = "1.0.0"\n  api = "0.12"\n');
  bed.write(
    'layers/config/metadata.toml',
    '[[buildpacks]]\n  id = "test/hello"\n  version = "1.0.0"\n  api = "0.12"\n\n' +
      '[[processes]]\n  type = "web"\n  command = ["hello"]\n  direct = true\n  buildpack-id = "test/hello"\n',
  );
  const run: Scene['run'] = (args, env) =>
    bed.run('exporter', ['-app', 'app', '-launcher', './launcher', ...args], env);
  return {
    bed,
    runImage,
    run,
    export: async (args, env) => {
      const result = await run(args, env);
      assert.equal(result.code, 0, result.stdout + result.stderr);
      return result.stdout;
    },
  };
}

describe('the exporter: inputs', () => {
  it('no image, and a run image that is given: exit 3 (E-01)', async (t) => {
    const { run } = await scene(t);
    for (const [args, says] of [
      [[], 'failed to parse arguments: at least one image argument is required'],
      [['-run-image', 'other', 'app'], 'failed to resolve inputs: -run-image is unsupported'],
      [['-image', 'other', 'app'], 'failed to resolve inputs: -image is unsupported'],
    ] as const) {
      const result = await run(args);
      assert.equal(result.code, 3, result.stdout + result.stderr);
      assert.ok(result.stdout.split('\n').includes(`ERROR: ${says}`), result.stdout);
    }
  });

  it('analyzed metadata without a run image: exit 3 (E-55, GAP-11)', async (t) => {
    const { bed, run } = await scene(t);
    for (const text of ['', '[image]\n  reference = ""\n', '[run-image]\n  reference = ""\n']) {
      bed.write('layers/analyzed.toml', text);
      const result = await run([`${bed.registry}/shop`]);
      assert.equal(result.code, 3, result.stdout + result.stderr);
      assert.ok(result.stdout.includes('ERROR: failed to resolve inputs: run image not found in analyzed metadata'));
    }
  });

  it('a relative app directory is made absolute (E-22)', async (t) => {
    const { bed, export: exported } = await scene(t);
    await exported(['-app', './app/../app', `${bed.registry}/shop`]);
    const { config } = await servedImage(bed);
    assert.ok(config.env.includes(`CNB_APP_DIR=${join(bed.directory, 'app')}`));
    const run = config.fields['config'];
    assert.ok(typeof run === 'object' && run !== null && 'WorkingDir' in run);
    assert.equal(run.WorkingDir, join(bed.directory, 'app'));
  });

  it('project metadata is a label; without the file the label is {} (E-28)', async (t) => {
    const { bed, export: exported } = await scene(t);
    const label = async (): Promise<string | undefined> =>
      (await servedImage(bed)).config.labels['io.buildpacks.project.metadata'];
    const said = await exported(['-log-level', 'debug', '-project-metadata', 'project.toml', `${bed.registry}/shop`]);
    const file = join(bed.directory, 'project.toml');
    const line = `No project metadata found at path "${file}", project metadata will not be exported`;
    assert.ok(said.split('\n').includes(line), said);
    assert.equal(await label(), '{}');
    bed.write(
      'project.toml',
      '[source]\n  type = "git"\n  [source.version]\n    commit = "1"\n  [source.metadata]\n    b = 2\n',
    );
    await exported(['-project-metadata', 'project.toml', `${bed.registry}/shop`]);
    assert.equal(await label(), '{"source":{"type":"git","version":{"commit":"1"},"metadata":{"b":2}}}');
  });

  it('a build.toml that cannot be read, where its BOM is reported: exit 62 and its name (E-37)', async (t) => {
    const { bed, run } = await scene(t);
    bed.write('layers/group.toml', '[[group]]\n  id = "test/hello"\n  version = "1.0.0"\n  api = "0.7"\n');
    bed.write('layers/test_hello/build.toml', '[[bom]\n');
    const api = (version: string): Promise<ProgramResult> =>
      run([`${bed.registry}/shop`], { CNB_PLATFORM_API: version });
    const old = await api('0.8');
    assert.equal(old.code, 62, old.stdout);
    assert.match(old.stdout, /^ERROR: .*test_hello\/build\.toml/m);
    assert.equal((await api('0.9')).code, 0);
  });
});

describe('the exporter: where an image goes', () => {
  it('a registry: the launcher is the entrypoint, the report has digest and manifest size (E-02)', async (t) => {
    const { bed, export: exported } = await scene(t);
    const said = await exported([`${bed.registry}/shop`]);
    const image = await servedImage(bed);
    assert.deepEqual(image.config.entrypoint, ['/cnb/lifecycle/launcher']);
    const ids = [...said.matchAll(/^Adding layer '(.*)'$/gm)].map(([, id]) => id);
    assert.deepEqual(ids, [
      'buildpacksio/lifecycle:launcher',
      'buildpacksio/lifecycle:config',
      'buildpacksio/lifecycle:process-types',
    ]);
    assert.deepEqual(
      image.config.history.slice(1).map(({ createdBy }) => createdBy),
      [
        'Application Layer',
        'Buildpacks Application Launcher',
        'Buildpacks Launcher Config',
        'Buildpacks Process Types',
      ],
    );
    const report = reportOf(bed);
    assert.deepEqual(report['tags'], [`${bed.registry}/shop`]);
    assert.equal(report['digest'], image.manifestDigest);
    assert.equal(report['manifest-size'], BigInt(image.rawManifest.descriptor.size));
    assert.equal(report['image-id'], undefined);
  });

  it('a docker archive: the report has the image id, the tar has all layers (E-05)', async (t) => {
    const { bed, export: exported } = await scene(t);
    await exported(['docker-archive:shop.tar:example.com/shop:1']);
    const archive = `docker-archive:${join(bed.directory, 'shop.tar')}`;
    const image = await locatorOf(t).find(parseLocation(archive), 'app image', bed.ctx);
    assert.equal(reportOf(bed)['image-id'], hexOf(image.manifest.config.digest));
    assert.equal(image.layers.length, 5);
    for (const layer of image.layers) for await (const chunk of layer.open()) assert.ok(chunk.byteLength > 0);
  });

  it('-layout: a directory by the image’s name, an annotated index, a report; every other name beside it (E-03, E-52, GAP-7)', async (t) => {
    const { bed, runImage, export: exported } = await scene(t);
    const layout = join(bed.directory, 'out');
    const pinned = `oci:${join(bed.directory, 'registry')}@${runImage.split('@')[1] ?? ''}`;
    bed.write('layers/analyzed.toml', `[run-image]\n  reference = "${pinned}"\n${TARGET}`);
    await exported(['-layout', '-layout-dir', layout, 'my/app:one', 'my/app:two', 'other.example/app'], QUIET);
    const digests: string[] = [];
    for (const [path, ref] of [
      ['index.docker.io/my/app/one', 'one'],
      ['index.docker.io/my/app/two', 'two'],
      ['other.example/app/latest', 'latest'],
    ] as const) {
      const directory = join(layout, path);
      assert.equal(readFileSync(join(directory, 'oci-layout'), 'utf8').includes('"imageLayoutVersion"'), true);
      const index = readFileSync(join(directory, 'index.json'), 'utf8');
      assert.equal(/"org\.opencontainers\.image\.ref\.name":\s*"(.*?)"/.exec(index)?.[1], ref);
      digests.push(/"digest":\s*"(sha256:[0-9a-f]{64})"/.exec(index)?.[1] ?? '');
    }
    assert.equal(new Set(digests).size, 1);
    const report = reportOf(bed);
    assert.ok(Array.isArray(report['tags']) && report['tags'].length === 3, JSON.stringify(report['tags']));
    assert.equal(report['digest'], digests[0]);
    for (const name of ['my', 'other.example']) assert.ok(!existsSync(join(bed.directory, name)), name);
  });

  it('-layout with experimental features off: exit 1 (E-04)', async (t) => {
    const { run } = await scene(t);
    const result = await run(['-layout', '-layout-dir', 'out', 'my/app']);
    assert.equal(result.code, 1);
    assert.match(result.stdout, /^ERROR: Platform requested experimental feature 'export to OCI layout format'$/m);
  });

  it('a registry that is no loopback name is asked over HTTP only when it is listed insecure (E-06)', async (t) => {
    const { bed, run } = await scene(t);
    const name = bed.registry.replace('127.0.0.1', '0.0.0.0');
    const refused = await run([`${name}/shop`]);
    assert.notEqual(refused.code, 0);
    assert.equal(bed.requests.filter(({ method }) => method === 'PUT').length, 0);
    const allowed = await run(['-insecure-registry', name, `${name}/shop`]);
    assert.equal(allowed.code, 0, allowed.stdout);
    assert.ok(bed.requests.some(({ method, path }) => method === 'PUT' && path === '/v2/shop/manifests/latest'));
  });

  it('several names: one that fails is told, the others are written, exit 62 (E-34)', async (t) => {
    const { bed, run } = await scene(t, {
      intercept: ({ method, path }) =>
        method === 'PUT' && path.endsWith('/manifests/bad')
          ? { kind: 'answer', status: 403, body: '{"errors":[{"code":"DENIED","message":"not this one"}]}' }
          : undefined,
    });
    const [first, bad, last] = ['one', 'bad', 'two'].map((tag) => `${bed.registry}/shop:${tag}`);
    assert.ok(first !== undefined && bad !== undefined && last !== undefined);
    const result = await run([first, bad, last]);
    assert.equal(result.code, 62, result.stdout);
    assert.match(
      result.stdout,
      /^ERROR: failed to export: failed to write image to the following tags: \[.*shop:bad: /m,
    );
    const lines = result.stdout.split('\n');
    for (const name of [first, last]) assert.ok(lines.includes(`      ${name}`), result.stdout);
    assert.ok(lines.some((line) => line.startsWith(`      ${bad} - `)));
    const digest = (await servedImage(bed, 'shop:one')).manifestDigest;
    assert.equal((await servedImage(bed, 'shop:two')).manifestDigest, digest);
    await assert.rejects(servedImage(bed, 'shop:bad'));
    assert.deepEqual(reportOf(bed)['tags'], [first, last]);
  });
});

const QUIET = { CNB_EXPERIMENTAL_MODE: 'quiet' };

function reportOf(bed: LifecycleBed): Readonly<Record<string, TomlValue | undefined>> {
  const image = parseToml(Buffer.from(bed.text('layers/report.toml')), 'report.toml')['image'];
  if (
    image === undefined ||
    image === null ||
    typeof image !== 'object' ||
    Array.isArray(image) ||
    image instanceof Date
  )
    return assert.fail('no [image]');
  return Object.fromEntries(Object.entries(image));
}
