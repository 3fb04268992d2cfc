import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { parseToml } from '../../src/cnb/files/toml-read.ts';
import type { TomlTable, TomlValue } from '../../src/cnb/toml-value.ts';
import { buildFixture, type BuildFixture } from '../support/build-fixture.ts';
import {
  assertFailure,
  assertSucceeded,
  manifestDigest,
  parseObject,
  runBuild,
  runOptions,
} from '../support/build-runs.ts';
import { slipway, type ProgramResult } from '../support/program.ts';
import { startRegistry, type TestRegistry } from '../support/registry.ts';
import { writeApp } from '../support/sample-buildpacks.ts';

describe('one layout, many images', () => {
  it('saving one image never drops another, and its own entry is replaced', async (t) => {
    const fixture = await buildFixture(t);
    const first = await digestOf(runBuild(fixture, ['--output', 'oci:out:one', '--quiet']));
    writeApp(fixture.app, { 'index.html': 'second' });
    const second = await digestOf(runBuild(fixture, ['--output', 'oci:out:two', '--quiet']));
    assert.notEqual(first, second);
    assert.equal(await manifestDigest(fixture, 'oci:out:one'), first);
    assert.equal(await manifestDigest(fixture, 'oci:out:two'), second);
    writeApp(fixture.app, { 'index.html': 'third' });
    const third = await digestOf(runBuild(fixture, ['--output', 'oci:out:one', '--quiet']));
    assert.equal(await manifestDigest(fixture, 'oci:out:one'), third);
    assert.equal(await manifestDigest(fixture, 'oci:out:two'), second);
    assertSucceeded(await slipway(['validate', 'oci:out'], runOptions(fixture)));
  });

  it('an image of another program and its annotations stay', async (t) => {
    const fixture = await buildFixture(t);
    await digestOf(runBuild(fixture, ['--output', 'oci:out:mine', '--quiet']));
    const file = join(fixture.directory, 'out/index.json');
    const index = JSON.stringify(parseObject(readFileSync(file, 'utf8')));
    const foreign = index
      .replace('"manifests":[', '"annotations":{"org.example":"kept"},"manifests":[')
      .replace('"org.opencontainers.image.ref.name":"mine"', '"org.opencontainers.image.ref.name":"theirs","x":"y"');
    assert.notEqual(foreign, index);
    writeFileSync(file, foreign);
    await digestOf(runBuild(fixture, ['--output', 'oci:out:mine', '--quiet']));
    const after = JSON.stringify(parseObject(readFileSync(file, 'utf8')));
    for (const text of ['"org.example":"kept"', '"theirs"', '"x":"y"', '"mine"'])
      assert.ok(after.includes(text), after);
  });

  it('four builds at once into one layout: all four are there', async (t) => {
    const fixture = await buildFixture(t);
    const names = ['a', 'b', 'c', 'd'];
    const digests = await Promise.all(
      names.map((name) =>
        digestOf(
          runBuild({ ...fixture, args: fixture.args.map((word) => (word === 'shop' ? `shop-${name}` : word)) }, [
            '--output',
            `oci:out:${name}`,
            '--quiet',
            '--env',
            `WHO=${name}`,
          ]),
        ),
      ),
    );
    for (const [index, name] of names.entries())
      assert.equal(await manifestDigest(fixture, `oci:out:${name}`), digests[index]);
    assertSucceeded(await slipway(['validate', 'oci:out'], runOptions(fixture)));
  });
});

describe('several outputs', () => {
  it('one that fails leaves the others: exit 62, and report.toml says which and why', async (t) => {
    const fixture = await buildFixture(t);
    const registry = await startRegistry(t, {
      intercept: ({ method, path }) =>
        method === 'PUT' && path.includes('/manifests/')
          ? { kind: 'answer', status: 403, body: '{"errors":[{"code":"DENIED","message":"quota is used up"}]}' }
          : undefined,
    });
    const outputs = ['oci:out', `docker://${registry.name}/acme/shop:1`, 'docker-archive:shop.tar'];
    const flags = outputs.flatMap((output) => ['--output', output]);
    const result = await runBuild(fixture, [...flags, '--report', 'report.toml']);
    assertFailure(result, {
      code: 62,
      error: 'OUTPUT_FAILED',
      says: [`${registry.name}/acme/shop:1`, 'quota is used up'],
    });
    const report = reportOf(fixture);
    const entries = tablesOf(report['outputs']);
    assert.deepEqual(
      entries.map((entry) => [entry['location'], entry['error'] === undefined]),
      [
        ['oci:out:shop', true],
        [`${registry.name}/acme/shop:1`, false],
        ['docker-archive:shop.tar:shop', true],
      ],
      result.stderr,
    );
    assert.match(JSON.stringify(entries[1]?.['error']), new RegExp(registry.name));
    for (const location of ['oci:out', 'docker-archive:shop.tar']) {
      assertSucceeded(await slipway(['validate', location], runOptions(fixture)));
      assert.equal(await manifestDigest(fixture, location), report['digest']);
    }
  });

  it('the first that fails does not hide the others', async (t) => {
    const fixture = await buildFixture(t);
    mkdirSync(join(fixture.directory, 'broken'));
    writeFileSync(join(fixture.directory, 'broken/index.json'), 'not an index');
    const result = await runBuild(fixture, [
      '--output',
      'oci:broken',
      '--output',
      'oci:out',
      '--report',
      'report.toml',
    ]);
    assertFailure(result, { code: 62, error: 'OUTPUT_FAILED', says: ['broken'] });
    assert.equal(readFileSync(join(fixture.directory, 'broken/index.json'), 'utf8'), 'not an index');
    const entries = tablesOf(reportOf(fixture)['outputs']);
    assert.deepEqual(
      entries.map((entry) => entry['error'] === undefined),
      [false, true],
    );
    assertSucceeded(await slipway(['validate', 'oci:out'], runOptions(fixture)));
  });

  it('an output named twice is refused before any buildpack runs', async (t) => {
    const fixture = await buildFixture(t);
    const result = await runBuild(fixture, ['--output', 'oci-archive:a.tar', '--output', 'docker-archive:./a.tar']);
    assert.doesNotMatch(result.stderr, /\nbuild/);
    assertFailure(result, { code: 3, error: 'ARGUMENT_INVALID', says: ['a.tar'] });
    assert.equal(existsSync(join(fixture.directory, 'a.tar')), false);
  });

  it('an archive that is replaced stays readable under its old name, and a link to it stays a link or is replaced whole', async (t) => {
    const fixture = await buildFixture(t);
    const first = await digestOf(runBuild(fixture, ['--output', 'oci-archive:a.tar', '--quiet']));
    renameSync(join(fixture.directory, 'a.tar'), join(fixture.directory, 'old.tar'));
    symlinkSync('old.tar', join(fixture.directory, 'a.tar'));
    writeApp(fixture.app, { 'index.html': 'second' });
    const second = await digestOf(runBuild(fixture, ['--output', 'oci-archive:a.tar', '--quiet']));
    assert.notEqual(second, first);
    assert.equal(await manifestDigest(fixture, 'oci-archive:a.tar'), second);
    for (const file of ['a.tar', 'old.tar'])
      assertSucceeded(await slipway(['validate', `oci-archive:${file}`], runOptions(fixture)));
  });
});

describe('what a build says', () => {
  it('--report has tags, digest, sizes and media type of the image that was saved', async (t) => {
    const fixture = await buildFixture(t);
    const digest = await digestOf(runBuild(fixture, ['--output', 'oci:out', '--quiet', '--report', 'report.toml']));
    const report = reportOf(fixture);
    assert.equal(report['digest'], digest);
    const manifest = readFileSync(join(fixture.directory, 'out/blobs/sha256', digest.slice('sha256:'.length)));
    assert.equal(report['manifest-size'], BigInt(manifest.byteLength));
    const [output] = tablesOf(report['outputs']);
    assert.equal(output?.['digest'], digest);
    assert.equal(output['media-type'], 'application/vnd.oci.image.manifest.v1+json');
  });

  it('--json is JSON lines with v 1 from build.start to build.end, and nothing else is printed', async (t) => {
    const fixture = await buildFixture(t);
    const result = await runBuild(fixture, ['--output', 'oci:out', '--json']);
    assertSucceeded(result);
    assert.equal(result.stderr, '');
    assert.ok(result.stdout.endsWith('\n'));
    const events = result.stdout.trimEnd().split('\n').map(parseObject);
    for (const event of events) {
      assert.equal(event['v'], 1);
      assert.equal(typeof event['type'], 'string');
      assert.match(String(event['time']), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/);
    }
    assert.ok(events.some((event) => event['type'] === 'build.start'));
    const phases = events.filter((event) => event['type'] === 'phase.end').map((event) => event['phase']);
    assert.deepEqual(phases, ['analyze', 'detect', 'restore', 'build', 'export']);
    const last = events.at(-1);
    assert.equal(last?.['type'], 'build.end');
    assert.equal(last['digest'], await manifestDigest(fixture, 'oci:out'));
    assert.equal(JSON.stringify(last['outputs']).includes('oci:out'), true);
  });

  it('--quiet prints the digest on stdout and nothing on stderr', async (t) => {
    const fixture = await buildFixture(t);
    const result = await runBuild(fixture, ['--output', 'oci:out', '--quiet']);
    assert.match(result.stdout, /^sha256:[0-9a-f]{64}\n$/);
    assert.equal(result.stderr.replace(/^warning: nothing is isolated.*\n/, ''), '');
  });
});

describe('publishing', () => {
  it('a second push of the same image uploads no blob', async (t) => {
    const fixture = await buildFixture(t);
    const registry = await startRegistry(t);
    const published = publish(fixture, registry, 'acme/shop:1');
    const digest = await digestOf(runBuild(published, ['--publish', '--quiet']));
    assert.equal(uploads(registry).length > 0, true);
    registry.requests.length = 0;
    assert.equal(await digestOf(runBuild(published, ['--publish', '--quiet'])), digest);
    assert.deepEqual(uploads(registry), []);
    assert.ok(
      registry.requests.some(
        ({ method, path, status }) => method === 'HEAD' && path.includes('/blobs/') && status === 200,
      ),
      'blobs are asked for by HEAD',
    );
  });

  it('another repository of the registry gets the run image’s blobs by mount (G-08)', async (t) => {
    const fixture = await buildFixture(t);
    const registry = await startRegistry(t);
    const base = publish(fixture, registry, 'base/run:1');
    await digestOf(runBuild(base, ['--publish', '--quiet']));
    registry.requests.length = 0;
    const app = publish(fixture, registry, 'acme/shop:1');
    const args = app.args.map((word) => (word === 'oci:run' ? `${registry.name}/base/run:1` : word));
    await digestOf(runBuild({ ...app, args }, ['--publish', '--quiet']));
    const mounted = registry.requests.filter(
      ({ method, path, status }) => method === 'POST' && path.includes('mount=') && status === 201,
    );
    assert.equal(mounted.length > 0, true, JSON.stringify(registry.requests));
    for (const { path } of mounted) assert.match(path, /from=base%2Frun/);
  });

  it('an app layer that changed is the only new blob beside config and manifest', async (t) => {
    const fixture = await buildFixture(t);
    const registry = await startRegistry(t);
    const published = publish(fixture, registry, 'acme/shop:1');
    const first = await digestOf(runBuild(published, ['--publish', '--quiet']));
    registry.requests.length = 0;
    writeApp(fixture.app, { 'index.html': 'changed' });
    assert.notEqual(await digestOf(runBuild(published, ['--publish', '--quiet'])), first);
    assert.equal(uploads(registry).length, 2, 'app layer and config');
  });
});

function publish(fixture: BuildFixture, registry: TestRegistry, repository: string): BuildFixture {
  return { ...fixture, args: fixture.args.map((word) => (word === 'shop' ? `${registry.name}/${repository}` : word)) };
}

/** Uploads that were completed, by path. */
function uploads(registry: TestRegistry): readonly string[] {
  return registry.requests
    .filter(({ method, path, status }) => method === 'PUT' && path.includes('/blobs/uploads/') && status === 201)
    .map(({ path }) => path);
}

async function digestOf(running: Promise<ProgramResult>): Promise<string> {
  const result = await running;
  assertSucceeded(result);
  return result.stdout.trim();
}

function reportOf(fixture: BuildFixture): TomlTable {
  const file = join(fixture.directory, 'report.toml');
  const image = parseToml(readFileSync(file), file)['image'];
  return isTable(image) ? image : assert.fail('report.toml has no [image]');
}

function tablesOf(value: TomlValue | undefined): readonly TomlTable[] {
  return Array.isArray(value) ? value.filter(isTable) : [];
}

function isTable(value: TomlValue | undefined): value is TomlTable {
  return typeof value === 'object' && !Array.isArray(value) && !(value instanceof Date);
}
