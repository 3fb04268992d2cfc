import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { LIFECYCLE_METADATA_LABEL } from '../../src/cnb/labels.ts';
import { readRunImageRecord, type RunImageRecordOfLabel } from '../../src/cnb/run-image-record.ts';
import { parseLocation } from '../../src/oci/location.ts';
import { openLayout } from '../../src/store/layout/layout-source.ts';
import { selectImage } from '../../src/store/select.ts';
import { builderBed, type BuilderBed } from '../support/builder-bed.ts';
import { temporaryDirectory, testContext } from '../support/context.ts';
import { lifecycle, slipway } from '../support/program.ts';
import { pushImage, startRegistry, testClient, testImage, type TestRegistry } from '../support/registry.ts';

describe('what the config files say acts', () => {
  it('a build that names no buildpacks takes the default builder: ours, else pack’s; a flag wins', async (t) => {
    const bed = await builderBed(t);
    if (bed === undefined) return;
    const none = await bed.build(['--output', 'oci:none'], {}, []);
    assert.equal(none.code, 3, none.stderr);
    pack(bed, 'default-builder-image = "oci:builder"\n');
    const byPack = await bed.build(['--output', 'oci:one', '--verbose'], {}, []);
    assert.equal(byPack.code, 0, byPack.stderr);
    assert.match(byPack.stderr, /Builder oci:builder is the default one of ~\/\.pack\/config\.toml/);
    const set = await slipway(['config', 'default-builder', 'oci:no-such-builder'], bed.options);
    assert.equal(set.code, 0, set.stderr);
    const byOurs = await bed.build(['--output', 'oci:two'], {}, []);
    assert.notEqual(byOurs.code, 0);
    assert.match(byOurs.stderr, /no-such-builder/);
    const byFlag = await bed.build(['--output', 'oci:three', '--verbose']);
    assert.equal(byFlag.code, 0, byFlag.stderr);
    assert.equal(byFlag.stderr.includes('default one'), false);
  });

  it('a file that is broken stops a build that needs it, with line and column, and no other', async (t) => {
    const bed = await builderBed(t);
    if (bed === undefined) return;
    pack(bed, 'default-builder-image = oci:builder\n');
    const needs = await bed.build(['--output', 'oci:out'], {}, []);
    assert.notEqual(needs.code, 0);
    assert.match(needs.stderr, /~\/\.pack\/config\.toml:1:\d+/);
    const named = await bed.build(['--output', 'oci:out', '--run-image', 'oci:run']);
    assert.equal(named.code, 0, named.stderr);
    assert.match(named.stderr, /settings are passed over: ~\/\.pack\/config\.toml:1:\d+/);
  });

  it('an image is not put over a trusted builder', async (t) => {
    const home = temporaryDirectory(t);
    const options = { cwd: home, env: { HOME: home } };
    const add = await slipway(['config', 'trusted-builders', 'add', 'acme/builder'], options);
    assert.equal(add.code, 0, add.stderr);
    const args = ['build', 'acme/builder:mine', '--builder', 'oci:b', '--output', 'oci:out', '--path', '.'];
    const refused = await slipway(args, options);
    assert.deepEqual(
      [refused.code, refused.stderr.includes('trusted builder’s repository')],
      [3, true],
      refused.stderr,
    );
  });

  it('a run image is taken from the user’s own mirror by build and rebase, and recorded by its own name', async (t) => {
    const bed = await builderBed(t);
    if (bed === undefined) return;
    const [registry, mirror] = [await startRegistry(t), await startRegistry(t)];
    const run = (args: readonly string[]): ReturnType<typeof slipway> => slipway(args, bed.options);
    for (const place of [registry, mirror]) {
      const copied = await run(['image', 'copy', 'oci:run', `${place.name}/run:1`, '--quiet']);
      assert.equal(copied.code, 0, copied.stderr);
    }
    const { directory } = bed.fixture;
    const toml = readFileSync(join(directory, 'builder.toml'), 'utf8');
    writeFileSync(join(directory, 'builder.toml'), toml.replace('"oci:run"', `"${registry.name}/run:1"`));
    const made = await run(['builder', 'create', 'oci:builder', '--config', 'builder.toml', '--quiet']);
    assert.equal(made.code, 0, made.stderr);
    const image = `${registry.name}/run:1`;
    const add = await run(['config', 'run-image-mirrors', 'add', image, '--mirror', `${mirror.name}/run:1`]);
    assert.equal(add.code, 0, add.stderr);

    registry.requests.length = mirror.requests.length = 0;
    const built = await bed.build(['--output', 'oci:out']);
    assert.equal(built.code, 0, built.stderr);
    assert.deepEqual([paths(registry), paths(mirror).length > 0], [[], true]);
    const record = await recordOf(t, bed, 'out');
    assert.deepEqual(new Set(record.names), new Set([image]));
    assert.equal(record.reference.startsWith(`${mirror.name}/run@sha256:`), true, record.reference);

    registry.requests.length = mirror.requests.length = 0;
    const rebased = await run(['rebase', 'oci:out', '--output', 'oci:rebased']);
    assert.equal(rebased.code, 0, rebased.stderr);
    assert.deepEqual([paths(registry), paths(mirror).length > 0], [[], true]);
    assert.deepEqual(new Set((await recordOf(t, bed, 'rebased')).names), new Set([image]));
  });

  it('images of a registry are read from its mirror, by commands and not by the programs of the lifecycle', async (t) => {
    const [registry, mirror] = [await startRegistry(t), await startRegistry(t)];
    await pushImage(testClient(t).repository(mirror.name, 'app').openSink('latest'), testImage('one'), mirror.ctx);
    const home = temporaryDirectory(t);
    const options = { cwd: home, env: { HOME: home } };
    const add = await slipway(['config', 'registry-mirrors', 'add', registry.name, '--mirror', mirror.name], options);
    assert.equal(add.code, 0, add.stderr);
    mirror.requests.length = 0;
    const read = await slipway(['image', 'digest', `${registry.name}/app`], options);
    assert.equal(read.code, 0, read.stderr);
    assert.deepEqual([paths(registry), paths(mirror).length > 0], [[], true]);
    mkdirSync(join(home, 'layers'));
    mirror.requests.length = 0;
    await lifecycle('analyzer', ['-layers', 'layers', '-run-image', `${registry.name}/app`, `${registry.name}/shop`], {
      ...options,
      env: { ...options.env, CNB_USER_ID: '1000', CNB_GROUP_ID: '1000' },
    });
    assert.deepEqual([paths(registry).length > 0, paths(mirror)], [true, []]);
  });
});

function pack({ fixture }: BuilderBed, text: string): void {
  const directory = join(fixture.directory, 'home', '.pack');
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, 'config.toml'), text);
}

function paths({ requests }: TestRegistry): readonly string[] {
  return requests.map(({ path }) => path);
}

async function recordOf(t: TestContext, { fixture }: BuilderBed, layout: string): Promise<RunImageRecordOfLabel> {
  const ctx = testContext(t);
  const directory = join(fixture.directory, layout);
  const location = parseLocation(`oci:${directory}`);
  const image = await selectImage(openLayout(directory), location, ctx, { role: 'image', hostArchitecture: 'amd64' });
  const record = readRunImageRecord(image.config.labels[LIFECYCLE_METADATA_LABEL] ?? '');
  assert.ok(record !== undefined);
  return record;
}
