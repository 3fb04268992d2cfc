import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { digestOf } from '../../src/oci/digest.ts';
import { layoutBackend } from '../../src/registryd/layout-backend.ts';
import { openLayoutSink } from '../../src/store/layout/layout-sink.ts';
import { putBase } from '../support/base-images.ts';
import { buildFixture, type BuildFixture } from '../support/build-fixture.ts';
import {
  assertFailure,
  assertSucceeded,
  manifestDigest,
  runBuild,
  runCreator,
  runOptions,
} from '../support/build-runs.ts';
import { testContext } from '../support/context.ts';
import { damage, documentsWith, gzipBlobs, layerWith, swapLayer } from '../support/layout-layers.ts';
import { slipway } from '../support/program.ts';
import { startRegistry } from '../support/registry.ts';
import { archive, entry } from '../support/tar.ts';
import type { SampleBuildpack } from '../support/sample-buildpacks.ts';

/** A cache-only layer that says whether it came back, and an SBOM of the launch. */
const KEEPER: SampleBuildpack = {
  id: 'test/keeper',
  toml: 'sbom-formats = ["application/spdx+json"]\n',
  build: `if [ -f "$1/kept/file" ]; then echo "kept: $(cat "$1/kept/file")"; else echo "kept: nothing"; fi
mkdir -p "$1/kept"; echo content >"$1/kept/file"; printf '[types]\\ncache = true\\n' >"$1/kept.toml"
printf '{"spdxVersion":"SPDX-2.3"}' >"$1/launch.sbom.spdx.json"`,
};

/** Entries that would be written outside of any directory they are unpacked into. */
function attack(outside: string): Buffer {
  return archive(
    entry({ name: '../../../../../../../../../../../..' + join(outside, 'dots'), body: 'evil' }),
    entry({ name: join(outside, 'absolute'), body: 'evil' }),
    entry({ name: '/layers/link', type: 'symlink', linkname: outside }),
    entry({ name: '/layers/link/through', body: 'evil' }),
  );
}

describe('a run image in a layout that is damaged', () => {
  for (const [what, harm, says] of [
    ['a layer with a wrong byte', damage, 'does not have the promised digest'],
    ['a layer that is cut off', (path: string) => truncateSync(path, 40), 'does not have the promised size'],
    ['a layer that is missing', (path: string) => rmSync(path), 'is missing'],
  ] as const) {
    it(`${what}: exit 62 with the blob, and no image`, async (t) => {
      const fixture = await buildFixture(t);
      const [layer = ''] = gzipBlobs(join(fixture.directory, 'run'));
      harm(layer);
      const expected = { code: 62, says: [basename(layer), says] };
      assertFailure(await runBuild(fixture, ['--output', 'oci:out']), { ...expected, error: 'OUTPUT_FAILED' });
      noImage(fixture);
      rmSync(join(fixture.directory, 'out'), { recursive: true, force: true });
      assertFailure(await runCreator(fixture, ['oci:out']), expected);
      noImage(fixture);
    });
  }

  for (const [what, text] of [
    ['config', '"rootfs"'],
    ['manifest', '"layers":['],
  ] as const) {
    it(`${what} with a wrong byte: exit 32 before any buildpack runs`, async (t) => {
      const fixture = await buildFixture(t);
      const [document = ''] = documentsWith(join(fixture.directory, 'run'), text);
      damage(document);
      const expected = { code: 32, says: [basename(document), 'does not have the promised digest', 'oci:run'] };
      const built = await runBuild(fixture, ['--output', 'oci:out']);
      assertFailure(built, { ...expected, error: 'RUN_IMAGE_UNUSABLE' });
      assert.doesNotMatch(built.stderr, /\ndetect/);
      assertFailure(await runCreator(fixture, ['oci:out']), expected);
      noImage(fixture);
    });
  }
});

describe('a run image in an archive that is cut off', () => {
  for (const scheme of ['oci-archive', 'docker-archive']) {
    it(`${scheme}: exit 32 with the place, wherever it ends`, async (t) => {
      const fixture = await buildFixture(t);
      assertSucceeded(await runBuild(fixture, ['--output', `${scheme}:whole.tar`]));
      const whole = readFileSync(join(fixture.directory, 'whole.tar'));
      const args = fixture.args.map((word) => (word === 'oci:run' ? `${scheme}:cut.tar` : word));
      for (const size of [0, 100, 512, 700, whole.byteLength >> 1, whole.byteLength - 1500]) {
        writeFileSync(join(fixture.directory, 'cut.tar'), whole.subarray(0, size));
        const result = await runBuild({ ...fixture, args }, ['--output', 'oci:out']);
        assertFailure(result, { code: 32, error: 'RUN_IMAGE_UNUSABLE', says: ['cut.tar', 'truncated'] });
      }
      noImage(fixture);
    });
  }
});

describe('a registry that sends other bytes than it promised', () => {
  for (const [what, code, says] of [
    ['manifests', 32, 'digest'],
    ['config', 32, 'digest'],
    ['layer', 62, 'digest'],
  ] as const) {
    it(`${what}: exit ${String(code)}, nothing of it is kept`, async (t) => {
      const fixture = await buildFixture(t);
      const base = await registryBase(t, fixture);
      const wrong = what === 'manifests' ? base.manifest : what === 'config' ? base.config : base.layer;
      const bytes = Buffer.from(base.read(wrong));
      bytes.writeUInt8(bytes.readUInt8(bytes.byteLength - 3) ^ 1, bytes.byteLength - 3);
      const registry = await startRegistry(t, {
        backend: layoutBackend(join(fixture.directory, 'registry')),
        intercept: ({ method, path }) =>
          method === 'GET' && (path.includes(wrong) || (what === 'manifests' && path.includes('/manifests/')))
            ? { kind: 'body', body: bytes }
            : undefined,
      });
      const args = fixture.args.map((word) => (word === 'oci:run' ? `${registry.name}/base/run:1` : word));
      const result = await runBuild({ ...fixture, args }, ['--output', 'oci:out']);
      assertFailure(result, { code, says: [says, registry.name] });
      noImage(fixture);
    });
  }
});

describe('a previous image that is damaged', () => {
  for (const [what, text] of [
    ['config', '"rootfs"'],
    ['manifest', '"layers":['],
  ] as const) {
    it(`${what} with a wrong byte: written again, not taken for sound`, async (t) => {
      const fixture = await buildFixture(t);
      assertSucceeded(await runBuild(fixture, ['--output', 'oci:out']));
      const [document = ''] = documentsWith(join(fixture.directory, 'out'), text);
      damage(document);
      assertSucceeded(await runBuild(fixture, ['--output', 'oci:out']));
      assertSucceeded(await slipway(['validate', 'oci:out'], runOptions(fixture)));
    });
  }

  it('a layer that is cut off is written again', async (t) => {
    const fixture = await buildFixture(t);
    assertSucceeded(await runBuild(fixture, ['--output', 'oci:out']));
    const digest = await manifestDigest(fixture, 'oci:out');
    for (const blob of gzipBlobs(join(fixture.directory, 'out'))) truncateSync(blob, 60);
    assertSucceeded(await runBuild(fixture, ['--output', 'oci:out']));
    assert.equal(await manifestDigest(fixture, 'oci:out'), digest);
    assertSucceeded(await slipway(['validate', 'oci:out'], runOptions(fixture)));
  });
});

describe('layers that would write outside', () => {
  it('an SBOM layer of the previous image: a warning, nothing outside, and the build goes on', async (t) => {
    for (const run of [buildInto, createInto]) {
      const fixture = await buildFixture(t, { buildpacks: [KEEPER] });
      assertSucceeded(await run(fixture));
      const out = join(fixture.directory, 'out');
      const blob = layerWith(out, 'sbom.spdx.json');
      const outside = join(fixture.directory, 'home');
      swapLayer(out, blob, attack(outside), [
        ...documentsWith(out, '"rootfs"'),
        ...documentsWith(out, '"layers":['),
        join(out, 'index.json'),
      ]);
      const result = await run(fixture);
      assertSucceeded(result);
      assert.match(result.stdout + result.stderr, /[Ww]arning: .*Skipping restore of the SBOM/);
      nothingOutside(outside);
    }
  });

  it('a cached layer: a warning, nothing outside, and the buildpack finds nothing of it', async (t) => {
    for (const run of [buildInto, createInto]) {
      const fixture = await buildFixture(t, { buildpacks: [KEEPER] });
      assertSucceeded(await run(fixture, 'cache'));
      const again = await run(fixture, 'cache');
      assert.match(again.stdout + again.stderr, /kept: content/, 'an honest cache is used');
      const cache = join(fixture.directory, 'cache');
      const outside = join(fixture.directory, 'home');
      swapLayer(cache, layerWith(cache, 'kept/file'), attack(outside), [join(cache, 'roots/build.json')]);
      const result = await run(fixture, 'cache');
      assertSucceeded(result);
      assert.match(result.stdout + result.stderr, /[Ww]arning: .*Skipping restore for layer test\/keeper:kept/);
      assert.match(result.stdout + result.stderr, /kept: nothing/);
      nothingOutside(outside);
      const healed = await run(fixture, 'cache');
      assert.match(healed.stdout + healed.stderr, /kept: content/, 'the build has put a sound layer into the cache');
    }
  });

  it('a run image: its layers are passed on, never unpacked', async (t) => {
    const fixture = await buildFixture(t);
    const run = join(fixture.directory, 'run');
    const [layer = ''] = gzipBlobs(run);
    const outside = join(fixture.directory, 'home');
    swapLayer(run, layer, attack(outside), [
      ...documentsWith(run, '"rootfs"'),
      ...documentsWith(run, '"layers":['),
      join(run, 'index.json'),
    ]);
    const args = [...fixture.args.slice(0, fixture.args.indexOf('--launcher')), '--launcher', 'shell'];
    const result = await runBuild({ ...fixture, args }, ['--output', 'oci:out']);
    assertFailure(result, { code: 62, error: 'LAUNCHER_UNUSABLE', says: ['launcher'] });
    assertSucceeded(await runBuild(fixture, ['--output', 'oci:out']));
    nothingOutside(outside);
  });
});

function buildInto(fixture: BuildFixture, cache?: string): ReturnType<typeof runBuild> {
  return runBuild(fixture, [
    ...['--output', 'oci:out', '--verbose'],
    ...(cache === undefined ? [] : ['--cache-dir', cache]),
  ]);
}

function createInto(fixture: BuildFixture, cache?: string): ReturnType<typeof runBuild> {
  rmSync(join(fixture.directory, 'layers'), { recursive: true, force: true });
  return runCreator(fixture, [...(cache === undefined ? [] : ['-cache-dir', cache]), 'oci:out']);
}

function nothingOutside(directory: string): void {
  for (const name of ['dots', 'absolute', 'through']) assert.equal(existsSync(join(directory, name)), false, name);
}

/** Nothing in `out` can be read as an image. Blobs that nothing refers to may lie there, each what its name says. */
function noImage(fixture: BuildFixture): void {
  const out = join(fixture.directory, 'out');
  if (!existsSync(out)) return;
  assert.deepEqual(readdirSync(out), ['blobs']);
  for (const name of readdirSync(join(out, 'blobs/sha256')))
    assert.equal(digestOf(readFileSync(join(out, 'blobs/sha256', name))), `sha256:${name}`);
}

/** `base/run:1` in a layout that a registry can serve, and its parts' digests. */
async function registryBase(
  t: TestContext,
  fixture: BuildFixture,
): Promise<{
  readonly manifest: string;
  readonly config: string;
  readonly layer: string;
  readonly read: (digest: string) => Buffer;
}> {
  const ctx = testContext(t);
  const directory = join(fixture.directory, 'registry');
  await using sink = await openLayoutSink(directory, 'base/run:1', ctx);
  const descriptor = await putBase(sink, { os: 'linux', architecture: 'amd64' }, ctx);
  sink.tag(undefined, descriptor);
  await sink.commit(ctx);
  const digestAt = (path = ''): string => `sha256:${basename(path)}`;
  return {
    manifest: descriptor.digest,
    config: digestAt(documentsWith(directory, '"rootfs"')[0]),
    layer: digestAt(gzipBlobs(directory)[0]),
    read: (digest) => readFileSync(join(directory, 'blobs/sha256', digest.slice('sha256:'.length))),
  };
}
