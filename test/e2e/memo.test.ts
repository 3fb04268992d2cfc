import assert from 'node:assert/strict';
import { chmodSync, cpSync, mkdirSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { assertSucceeded, eventsOf, manifestDigest, parseObject } from '../support/build-runs.ts';
import { builderBed, type BuilderBed } from '../support/builder-bed.ts';
import { slipway, type ProgramResult } from '../support/program.ts';
import { startRegistry } from '../support/registry.ts';
import type { SampleBuildpack } from '../support/sample-buildpacks.ts';

/** Another layer each time that it runs. */
const NONCE: SampleBuildpack = {
  id: 'test/nonce',
  build: `mkdir -p "$1/nonce"; cat /proc/sys/kernel/random/uuid >"$1/nonce/id"
printf '[types]\\nlaunch = true\\n' >"$1/nonce.toml"
printf '[[processes]]\\ntype = "web"\\ncommand = ["true"]\\ndefault = true\\n' >"$1/launch.toml"
printf '{}' >"$1/launch.sbom.cdx.json"`,
  toml: 'sbom-formats = ["application/vnd.cyclonedx+json"]',
};

const MEMO = ['--memo', '--progress', 'json'];

describe('slipway build --memo', () => {
  it('takes the known image where nothing changed: no buildpack runs and no blob is written', async (t) => {
    const bed = await builderBed(t, { buildpacks: [NONCE] });
    if (bed === undefined) return;
    const args = ['--output', 'oci:out', '--report-output-dir', 'reports', '--sbom-output-dir', 'boms', ...MEMO];
    const [first, made] = [await bed.build(args), resultFiles(bed)];
    assert.deepEqual(findingOf(first), ['miss']);
    const before = filesBelow(bed, 'out');
    for (const name of ['reports', 'boms']) rmSync(join(bed.fixture.directory, name), { recursive: true });

    const second = await bed.build(args);
    assert.deepEqual(findingOf(second), ['hit']);
    assert.deepEqual([eventsOf(second, 'phase.start'), eventsOf(second, 'buildpack.start')], [[], []]);
    assert.deepEqual(filesBelow(bed, 'out'), before);
    assert.deepEqual(resultFiles(bed), made, 'report and SBOMs are those of the build');
    const [was, is] = [eventsOf(first, 'build.end')[0], eventsOf(second, 'build.end')[0]];
    assert.deepEqual([was?.['memo'], is?.['memo']], ['miss', 'hit']);
    for (const field of ['digest', 'platform', 'layers', 'size', 'image']) assert.deepEqual(is?.[field], was?.[field]);
    assert.deepEqual(is?.['outputs'], [{ ...objectOf(listOf(was?.['outputs'])[0]), blobsWritten: 0 }]);

    const without = await bed.build(['--output', 'oci:out', '--progress', 'json']);
    assert.notEqual(digestOf(without), digestOf(first), 'without the option it is built');
  });

  it('is a hit from a fresh checkout elsewhere, on another machine with the same cache, under a new name and for another output', async (t) => {
    const bed = await builderBed(t, { buildpacks: [NONCE] });
    if (bed === undefined) return;
    const registry = await startRegistry(t);
    const shop = `${registry.name}/apps/shop`;
    const first = await bed.build(['--output', `docker://${shop}:1`, ...MEMO]);
    assert.deepEqual(findingOf(first), ['miss']);

    const { directory } = bed.fixture;
    const app = join(directory, 'other', 'checkout');
    cpSync(bed.fixture.app, app, { recursive: true });
    for (const name of readdirSync(app)) utimesSync(join(app, name), 1, 1);
    mkdirSync(join(directory, 'job'));
    cpSync(join(directory, 'home/.cache/slipway/memo'), join(directory, 'job/memo'), { recursive: true });
    rmSync(join(directory, 'home'), { recursive: true });
    registry.requests.length = 0;
    const words = [
      'build',
      `${shop}:2`,
      '--path',
      app,
      '--builder',
      'oci:builder',
      '--publish',
      '--tag',
      `${shop}:latest`,
    ];
    const env = { ...bed.options.env, SLIPWAY_CACHE_DIR: join(directory, 'job') };
    const second = await slipway([...words, '--output', 'docker-archive:shop.tar', ...MEMO], { ...bed.options, env });
    assert.deepEqual(findingOf(second), ['hit']);
    assert.equal(digestOf(second), digestOf(first));
    const puts = registry.requests.filter(({ method }) => method === 'PUT').map(({ path }) => path);
    assert.deepEqual(puts.sort(), ['/v2/apps/shop/manifests/2', '/v2/apps/shop/manifests/latest']);
    assert.deepEqual(readdirSync(join(directory, 'job')), ['memo'], 'the builder was not unpacked');
    for (const place of [`${shop}:2`, `${shop}:latest`, 'docker-archive:shop.tar'])
      assert.equal(await manifestDigest(bed.fixture, place), digestOf(first));
    const third = await slipway([...words, '--output', 'docker-archive:shop.tar', ...MEMO], { ...bed.options, env });
    assert.deepEqual(findingOf(third), ['hit']);
  });

  it('is a miss that names what changed, and of a source its files', async (t) => {
    const bed = await builderBed(t, { buildpacks: [NONCE] });
    if (bed === undefined) return;
    const { app } = bed.fixture;
    const base = ['--output', 'oci:out', ...MEMO];
    assert.deepEqual(findingOf(await bed.build(base)), ['miss']);
    writeFileSync(join(app, 'index.html'), 'other');
    const changed = await bed.build(base);
    assert.deepEqual(findingOf(changed), ['miss', 'source tree']);
    assert.match(changed.stdout, /"note":"1 of 3: index\.html"/);
    chmodSync(join(app, 'index.html'), 0o664);
    const moded = await bed.build([...base, '--dry-run']);
    assert.match(moded.stdout, /"note":"1 of 3: index\.html \(mode\)"/);
    chmodSync(join(app, 'index.html'), 0o644);

    const planned = await bed.build(['--output', 'oci:out', '--memo', '--dry-run', '--default-process', 'web']);
    assert.match(planned.stdout, /^memo +miss .*\n +default process: not asked for \S+ web$/m);
    assert.deepEqual(findingOf(await bed.build(base)), ['hit'], 'a dry run changed nothing');
  });

  it('copies the image from another place that has it; where none has, it is built', async (t) => {
    const bed = await builderBed(t, { buildpacks: [NONCE] });
    if (bed === undefined) return;
    const { directory } = bed.fixture;
    const args = ['--output', 'oci:out', '--output', 'docker-archive:shop.tar', ...MEMO];
    const first = await bed.build(args);
    assert.deepEqual(findingOf(first), ['miss']);
    rmSync(join(directory, 'out'), { recursive: true });
    const second = await bed.build(args);
    assert.deepEqual(findingOf(second), ['hit']);
    assert.equal(await manifestDigest(bed.fixture, 'oci:out:shop'), digestOf(first));
    assertSucceeded(await slipway(['image', 'validate', 'oci:out'], bed.options));
    // A layer that is cut off is no layer.
    rmSync(join(directory, 'shop.tar'));
    const blobs = join(directory, 'out/blobs/sha256');
    const largest = readdirSync(blobs).sort((a, b) => sizeOf(join(blobs, b)) - sizeOf(join(blobs, a)))[0] ?? '';
    chmodSync(join(blobs, largest), 0o644);
    writeFileSync(join(blobs, largest), '');
    const third = await bed.build(args);
    assert.deepEqual(findingOf(third), ['miss']);
    assert.match(
      third.stdout,
      /"reason":"this was built at [^"]*, but its image sha256:[0-9a-f]* is in no place any more/,
    );
    assert.deepEqual(findingOf(await bed.build(args)), ['hit']);
  });

  it('looks nothing up with --clear-cache, and passes over what is damaged', async (t) => {
    const bed = await builderBed(t, { buildpacks: [NONCE] });
    if (bed === undefined) return;
    const base = ['--output', 'oci:out', ...MEMO];
    const first = await bed.build(base);
    assert.deepEqual(findingOf(first), ['miss']);
    const cleared = await bed.build([...base, '--clear-cache']);
    assert.deepEqual(findingOf(cleared), ['refresh']);
    const hit = await bed.build(base);
    assert.deepEqual([...findingOf(hit), digestOf(hit)], ['hit', digestOf(cleared)]);
    const area = join(bed.fixture.directory, 'home/.cache/slipway/memo');
    for (const name of readdirSync(area)) writeFileSync(join(area, name, 'record.json'), '{"version":1,');
    const damaged = await bed.build(base);
    assert.deepEqual(findingOf(damaged), ['miss']);
    assert.match(damaged.stdout, /"code":"CACHE_IGNORED"/);
    assert.deepEqual(findingOf(await bed.build(base)), ['hit']);
    const listed = await slipway(['cache', 'ls'], bed.options);
    assert.match(listed.stdout, /memo +sha256:[0-9a-f]{12} .* shop$/m);
    const missing = await bed.build([...base, '--run-image', 'oci:nowhere']);
    assert.equal(missing.code, 32, 'fails as any build');
  });

  it('needs no cache that can be written to', async (t) => {
    const bed = await builderBed(t, { buildpacks: [NONCE] });
    if (bed === undefined) return;
    const { directory } = bed.fixture;
    writeFileSync(join(directory, 'file'), '');
    const env = { SLIPWAY_CACHE_DIR: join(directory, 'file', 'cache') };
    const unwritable = await bed.build(['--output', 'oci:out', ...MEMO], env);
    assert.deepEqual(findingOf(unwritable), ['miss']);
    assert.match(unwritable.stdout, /this build is not remembered/);
  });
});

function findingOf(result: ProgramResult): readonly unknown[] {
  assertSucceeded(result);
  const finding = objectOf(eventsOf(result, 'memo')[0]?.['finding']);
  return [finding['verdict'], ...partsOf(finding)];
}

function partsOf(finding: Readonly<Record<string, unknown>>): readonly unknown[] {
  return listOf(finding['changed']).map((each) => objectOf(each)['part']);
}

function digestOf(result: ProgramResult): unknown {
  return eventsOf(result, 'build.end')[0]?.['digest'];
}

function objectOf(value: unknown): Readonly<Record<string, unknown>> {
  return parseObject(JSON.stringify(value ?? {}));
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function sizeOf(path: string): number {
  return readFileSync(path).length;
}

function filesBelow({ fixture }: BuilderBed, name: string): readonly string[] {
  return readdirSync(join(fixture.directory, name), { recursive: true, encoding: 'utf8' }).sort();
}

function resultFiles(bed: BuilderBed): readonly unknown[] {
  const report = readFileSync(join(bed.fixture.directory, 'reports/report.toml'), 'utf8');
  return [report, filesBelow(bed, 'boms')];
}
