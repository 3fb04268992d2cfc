import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { parseOutput } from '../../../src/options/output.ts';
import { parseVolume } from '../../../src/options/build/volume.ts';
import { lookUp } from '../../../src/platform/memo/lookup.ts';
import { FIELD_TREATMENTS } from '../../../src/platform/memo/treatments.ts';
import { memoRequest } from '../../../src/platform/memo/with-memo.ts';
import { NO_MODULES } from '../../../src/platform/modules/module-requests.ts';
import { openProject } from '../../../src/platform/descriptor/open-project.ts';
import type { BuildOptions } from '../../../src/platform/build/options.ts';
import { readRequest } from '../../../src/platform/build/request.ts';
import { openStores } from '../../../src/platform/stores.ts';
import type { MemoFinding } from '../../../src/core/events.ts';
import { builderBed, type BuilderBed } from '../../support/builder-bed.ts';
import { assertSucceeded } from '../../support/build-runs.ts';
import { testContext } from '../../support/context.ts';
import { testMachine } from '../../support/machine.ts';
import { slipway } from '../../support/program.ts';

type Change = (directory: string) => Partial<BuildOptions>;

/** Another value of each option that counts, and the parts of the key that it changes. */
const CHANGES: Readonly<Record<string, readonly [Change, ...string[]]>> = {
  path: [(directory) => ({ path: join(directory, 'bps') }), 'source tree'],
  descriptor: [(directory) => ({ descriptor: join(directory, 'other.toml') }), 'project metadata'],
  builder: [() => ({ builder: 'oci:builder2' }), 'builder'],
  order: [(directory) => ({ order: join(directory, 'order.toml') }), 'order'],
  modules: [
    (directory) => ({
      modules: { ...NO_MODULES, pre: [{ kind: 'locator', text: './bps/test_hello/1.0.0', base: directory }] },
    }),
    'order',
    'given buildpacks',
  ],
  runImage: [() => ({ runImage: 'oci:base' }), 'run image'],
  runImageName: [() => ({ runImageName: 'registry.example/run' }), 'run image'],
  env: [() => ({ env: { BP_ONE: '1' } }), 'variables', 'values of variables'],
  network: [() => ({ network: 'none' }), 'network'],
  target: [() => ({ target: { os: 'linux', architecture: 'amd64' } }), 'platform'],
  launcher: [() => ({ launcher: 'none' }), 'launcher'],
  defaultProcess: [() => ({ defaultProcess: 'web' }), 'default process'],
  projectMetadata: [(directory) => ({ projectMetadata: join(directory, 'meta.toml') }), 'project metadata'],
  sourceDateEpoch: [() => ({ sourceDateEpoch: '1700000000' }), 'creation time'],
  execEnv: [() => ({ execEnv: 'test' }), 'execution environment'],
  uid: [() => ({ uid: 7 }), 'owner'],
  gid: [() => ({ gid: 7 }), 'owner'],
  volumes: [(directory) => ({ volumes: [parseVolume(`${directory}/db:/data`)] }), 'volumes'],
  bindings: [(directory) => ({ bindings: [{ name: 'db', directory: join(directory, 'db') }] }), 'bindings'],
  secrets: [() => ({ secrets: [{ id: 'npm', from: { kind: 'env', name: 'NPM' } }] }), 'secrets'],
  workspace: [() => ({ workspace: '/srv' }), 'workspace'],
  disablesSystemBuildpacks: [() => ({ disablesSystemBuildpacks: true }), 'system buildpacks'],
  lifecycleImage: [() => ({ lifecycleImage: 'oci:base' }), 'lifecycle image'],
  commandLimits: [() => ({ commandLimits: { processes: 50 } }), 'limits'],
};

describe('the key of a build', () => {
  it('is another one for another value of each option that counts, and says which part is', async (t) => {
    const bed = await bedWithFiles(t);
    if (bed === undefined) return;
    const counted = Object.entries(FIELD_TREATMENTS).filter(([, treatment]) => treatment === 'key');
    assert.deepEqual(Object.keys(CHANGES).sort(), counted.map(([name]) => name).sort());
    const before = await find(t, bed, {});
    assert.equal(before.verdict, 'miss', before.reason);
    for (const [name, [change, ...parts]] of Object.entries(CHANGES)) {
      const after = await find(t, bed, change(bed.fixture.directory));
      assert.equal(after.verdict, 'miss', `${name}: ${after.reason}`);
      assert.notEqual(after.key, before.key, name);
      assert.deepEqual(othersIn(before, after), parts, name);
    }
  });

  it('is the same whatever the image is called, wherever it goes, and with another value of a secret', async (t) => {
    const bed = await bedWithFiles(t);
    if (bed === undefined) return;
    const { key } = await find(t, bed, {});
    for (const options of [
      { image: 'other', outputs: [parseOutput('oci-archive:x.tar;compression=none')], tags: ['other:2'] },
      { report: 'r.toml', sbomOutputDir: 'boms', cacheDir: 'cache', previousImage: 'oci:run', sandbox: 'unshare' },
    ] as const)
      assert.equal((await find(t, bed, options)).key, key);
    const secrets = [{ id: 'npm', from: { kind: 'env', name: 'NPM' } }] as const;
    const keys = await Promise.all(
      ['a first secret', 'another secret'].map(async (NPM) => {
        const machine = { ...testMachine(bed.fixture.directory), env: { NPM } };
        return (await find(t, bed, { secrets, machine })).key;
      }),
    );
    assert.equal(keys[0], keys[1]);
  });

  it('gives no value of a variable away, nor its plain digest', async (t) => {
    const bed = await bedWithFiles(t);
    if (bed === undefined) return;
    const { parts } = await find(t, bed, { env: { PASSWORD: 'hunter2' } });
    const text = JSON.stringify(parts);
    assert.ok(text.includes('PASSWORD'));
    for (const value of ['hunter2', createHash('sha256').update('hunter2').digest('hex')])
      assert.equal(text.includes(value), false);
  });

  it('is no key where buildpacks use the machine, may write to it, or leave something that was asked for', async (t) => {
    const bed = await bedWithFiles(t);
    if (bed === undefined) return;
    for (const [options, reason] of [
      [{ volumes: [parseVolume('cache:/cache:rw')] }, /may write to the volume cache:\/cache:rw/],
      [{ volumes: [parseVolume('cache:/cache')] }, /the volume cache:\/cache changes from build to build/],
      [{ volumes: [parseVolume('./db:/workspace/db')] }, /lies in the app/],
      [{ layersDir: 'layers' }, /--layers-dir/],
    ] as const) {
      const { verdict, reason: said, key } = await find(t, bed, options);
      assert.deepEqual([verdict, key], ['off', undefined]);
      assert.match(said, reason);
    }
  });
});

async function bedWithFiles(t: TestContext): Promise<BuilderBed | undefined> {
  const bed = await builderBed(t);
  if (bed === undefined) return undefined;
  const { directory } = bed.fixture;
  mkdirSync(join(directory, 'db'));
  writeFileSync(join(directory, 'db', 'type'), 'postgresql');
  writeFileSync(join(directory, 'other.toml'), '[_]\nschema-version = "0.2"\nversion = "7"\n');
  writeFileSync(join(directory, 'meta.toml'), '[source]\ntype = "git"\n[source.version]\ncommit = "abc"\n');
  const toml = readFileSync(join(directory, 'builder.toml'), 'utf8');
  writeFileSync(join(directory, 'builder2.toml'), `description = "another"\n${toml}`);
  assertSucceeded(await slipway(['builder', 'create', 'oci:builder2', '--config', 'builder2.toml'], bed.options));
  return bed;
}

async function find(t: TestContext, { fixture }: BuilderBed, options: Partial<BuildOptions>): Promise<MemoFinding> {
  const ctx = testContext(t);
  // Locations are looked up where this process is.
  const here = (location: string): string => location.replace(/^oci:(?=\w)/, `oci:${fixture.directory}/`);
  const all: BuildOptions = {
    image: 'shop',
    path: fixture.app,
    builder: 'oci:builder',
    runImage: 'oci:run',
    outputs: [parseOutput(`oci:${fixture.directory}/out`)],
    machine: testMachine(fixture.directory),
    ...options,
  };
  const { builder, runImage, lifecycleImage } = all;
  await using project = await openProject(
    {
      ...all,
      ...(builder === undefined ? {} : { builder: here(builder) }),
      ...(runImage === undefined ? {} : { runImage: here(runImage) }),
      ...(lifecycleImage === undefined ? {} : { lifecycleImage: here(lifecycleImage) }),
    },
    ctx,
  );
  await using locator = openStores(all.machine, ctx.product, { insecure: [] });
  const request = readRequest(project.options);
  const found = await lookUp(memoRequest({ options: project.options, request, project }), locator, ctx);
  return found.finding;
}

function othersIn(before: MemoFinding, after: MemoFinding): readonly string[] {
  return after.parts.flatMap(({ name, value }, index) => (before.parts[index]?.value === value ? [] : [name]));
}
