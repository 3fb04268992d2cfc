import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { openFolderCache } from '../../src/cache/folder-cache.ts';
import { openFolderLayerStore } from '../../src/cache/layer-store.ts';
import { platformFeatures } from '../../src/cnb/features.ts';
import { decodeLifecycleMetadata, LIFECYCLE_METADATA_LABEL } from '../../src/cnb/labels.ts';
import type { GroupElement } from '../../src/cnb/module.ts';
import type { BuildMetadata } from '../../src/cnb/process.ts';
import { SlipwayError } from '../../src/core/errors.ts';
import { DEFAULT_COMPRESSION } from '../../src/layer/compression.ts';
import { parseLocation } from '../../src/oci/location.ts';
import { exportImage, type ExportInput, type ExportOutput, type ExportPorts } from '../../src/phases/export.ts';
import type { Image } from '../../src/ports/image.ts';
import type { BlobStaging, ImageSink } from '../../src/ports/store.ts';
import { BlobDirectory } from '../../src/store/blob-directory.ts';
import { temporaryDirectory, testContext, type TestContextOf } from '../support/context.ts';
import { locatorOf } from '../support/locator.ts';
import { fixtureImage, RUN_V1 } from '../support/fixture-image.ts';
import { goldenPlaces } from '../support/golden-layers.ts';
import { startRegistry } from '../support/registry.ts';

const BASE = 'testdata/golden/fixtures/base/run-v1';
const GROUP: readonly GroupElement[] = [{ kind: 'buildpack', id: 'a/b', version: '1', api: '0.10' }];
const NO_METADATA: BuildMetadata = { buildpacks: [], extensions: [], labels: [], processes: [], slices: [] };

describe('exportImage: outputs', () => {
  it('registry, layout and archives have one manifest digest', async (t) => {
    const world = await setUp(t);
    const registry = await startRegistry(t);
    const directory = temporaryDirectory(t);
    const locations = [
      `oci:${directory}/layout:v1`,
      `${registry.name}/my/app:v1`,
      `oci-archive:${directory}/app.oci.tar:v1`,
      `docker-archive:${directory}/app.tar:example.com/my/app:v1`,
    ];
    const output = await world.export(locations);
    assert.deepEqual(
      output.outputs.map((each) => each.error),
      locations.map(() => undefined),
    );
    for (const location of locations) {
      const image = await world.find(location);
      assert.equal(image.manifestDigest, output.digest, location);
      assert.deepEqual(image.config.cmd, []);
    }
    assert.deepEqual(
      output.outputs.map((each) => each.names),
      locations.map((each) => [each]),
    );
    assert.equal(output.manifestSize, output.outputs[0]?.manifestSize);
  });

  it('one that fails leaves the others, and is told', async (t) => {
    const world = await setUp(t);
    const registry = await startRegistry(t, { readOnly: true });
    const directory = temporaryDirectory(t);
    const locations = [`${registry.name}/my/app:v1`, `oci:${directory}/layout:v1`];
    const output = await world.export(locations);
    assert.match(output.outputs[0]?.error ?? '', /read.only|405|refus/i);
    assert.ok(output.outputs[0]?.cause instanceof SlipwayError);
    assert.equal(output.outputs[1]?.error, undefined);
    assert.equal((await world.find(locations[1] ?? '')).manifestDigest, output.digest);
    assert.match(world.lines('info').find((line) => line.includes('my/app:v1 - ')) ?? '', /^ {6}127/);
  });

  it('nothing is visible of an export that fails before', async (t) => {
    const world = await setUp(t);
    rmSync(join(world.input.layers.real, 'config'), { recursive: true });
    const directory = join(temporaryDirectory(t), 'layout');
    await assert.rejects(world.export([`oci:${directory}:v1`]));
    assert.ok(!existsSync(join(directory, 'index.json')));
  });

  it('says what it does in the words of the lifecycle', async (t) => {
    const world = await setUp(t);
    world.layer('rt', { launch: true });
    const directory = temporaryDirectory(t);
    const cache = await openFolderCache(join(directory, 'cache'), world.ctx);
    world.layer('c', { cache: true });
    const output = await world.export(
      [`oci:${directory}/layout:v1`],
      { cache },
      { lifecycleSboms: { real: directory, logical: '/cnb/lifecycle' } },
    );
    assert.deepEqual(world.lines('warn'), [
      'Did not find SBOM lifecycle.sbom.cdx.json in /cnb/lifecycle',
      'Did not find SBOM lifecycle.sbom.spdx.json in /cnb/lifecycle',
      'Did not find SBOM lifecycle.sbom.syft.json in /cnb/lifecycle',
      'Did not find SBOM launcher.sbom.cdx.json in /cnb/lifecycle',
      'Did not find SBOM launcher.sbom.spdx.json in /cnb/lifecycle',
      'Did not find SBOM launcher.sbom.syft.json in /cnb/lifecycle',
    ]);
    assert.deepEqual(world.lines('info'), [
      "Adding layer 'a/b:rt'",
      'Added 1/1 app layer(s)',
      "Adding layer 'buildpacksio/lifecycle:launcher'",
      "Adding layer 'buildpacksio/lifecycle:config'",
      "Adding label 'io.buildpacks.lifecycle.metadata'",
      "Adding label 'io.buildpacks.build.metadata'",
      "Adding label 'io.buildpacks.project.metadata'",
      "Adding label 'io.buildpacks.exec-env'",
      'no default process type',
      `Saving oci:${directory}/layout:v1...`,
      `*** Images (${output.digest}):`,
      `      oci:${directory}/layout:v1`,
      "Adding cache layer 'a/b:c'",
    ]);
    assert.ok(world.lines('debug').includes(`\n*** Manifest Size: ${String(output.manifestSize)}`));
    assert.ok(!existsSync(join(world.input.layers.real, 'sbom')));
  });
});

describe('exportImage: what exists is not compressed again', () => {
  it('a layer in launch cache and cache is stored once, and taken from there when there is no previous image', async (t) => {
    const world = await setUp(t);
    world.layer('both', { launch: true, cache: true });
    const folder = join(temporaryDirectory(t), 'one-folder');
    const open = async (): Promise<Partial<ExportPorts>> => ({
      cache: await openFolderCache(folder, world.ctx),
      launchCache: await openFolderLayerStore(folder, world.ctx),
    });
    const first = await world.export([`oci:${temporaryDirectory(t)}`], await open());
    const blobs = readdirSync(join(folder, 'blobs/sha256'));
    assert.equal(blobs.length, 4);
    const staging = countingStaging(temporaryDirectory(t));
    const second = await world.export([`oci:${temporaryDirectory(t)}`], { ...(await open()), staging });
    assert.equal(staging.begun(), 0);
    assert.equal(second.digest, first.digest);
    assert.deepEqual(readdirSync(join(folder, 'blobs/sha256')), blobs);
  });

  it('a cached blob that proves wrong is a warning, and the layer is made again', async (t) => {
    const world = await setUp(t);
    world.layer('both', { launch: true });
    const folder = join(temporaryDirectory(t), 'cache');
    const first = await world.export([`oci:${temporaryDirectory(t)}`], {
      launchCache: await openFolderLayerStore(folder, world.ctx),
    });
    for (const name of readdirSync(join(folder, 'blobs/sha256'))) {
      const path = join(folder, 'blobs/sha256', name);
      writeFileSync(path, Buffer.alloc(readFileSync(path).byteLength, 1));
    }
    const second = await world.export([`oci:${temporaryDirectory(t)}`], {
      launchCache: await openFolderLayerStore(folder, world.ctx),
    });
    assert.equal(second.digest, first.digest);
    assert.equal(world.lines('warn').filter((line) => line.startsWith('Ignoring layer sha256:')).length, 4);
  });

  it('a cache that cannot be written is a warning only', async (t) => {
    const world = await setUp(t);
    world.layer('c', { cache: true });
    const folder = join(temporaryDirectory(t), 'cache');
    const cache = await openFolderCache(folder, world.ctx);
    rmSync(folder, { recursive: true });
    writeFileSync(folder, 'in the way');
    const output = await world.export([`oci:${temporaryDirectory(t)}`], { cache });
    assert.equal(output.outputs[0]?.error, undefined);
    assert.match(world.lines('warn').join('\n'), /Failed to cache layer 'a\/b:c': [^]*Failed to export cache: /);
  });

  it('a cache layer without contents is a warning, and is not in the metadata', async (t) => {
    const world = await setUp(t);
    writeFileSync(join(world.input.layers.real, 'a_b/empty.toml'), '[types]\ncache = true\n');
    const cache = await openFolderCache(join(temporaryDirectory(t), 'cache'), world.ctx);
    await world.export([`oci:${temporaryDirectory(t)}`], { cache });
    assert.ok(world.lines('warn').includes("Failed to cache layer 'a/b:empty' because it has no contents"));
  });
});

describe('exportImage: refusals', () => {
  for (const [what, toml, message] of [
    [
      'cache=true without contents',
      '[types]\nlaunch = true\ncache = true\n',
      "layer 'a/b:x' is cache=true but has no contents",
    ],
    [
      'no contents and no metadata in a previous image',
      '[types]\nlaunch = true\n',
      "cannot reuse 'a/b:x', previous image has no metadata for layer 'a/b:x'",
    ],
    ['a malformed <layer>.toml', 'x =\n', "failed to parse metadata for layers '[a/b:x]'"],
    ['flags outside of [types]', 'launch = true\n', "failed to parse metadata for layers '[a/b:x]'"],
  ] as const) {
    it(what, async (t) => {
      const world = await setUp(t);
      writeFileSync(join(world.input.layers.real, 'a_b/x.toml'), toml);
      const error = await failure(world.export([`oci:${temporaryDirectory(t)}`]));
      assert.equal(error.message, message);
      assert.ok(error.exit === undefined || error.exit === 62);
    });
  }

  it('a process type that does not exist, and one that is no file name', async (t) => {
    const world = await setUp(t);
    const unknown = await failure(world.export([`oci:${temporaryDirectory(t)}`], {}, { processType: 'nope' }));
    assert.equal(unknown.message, "determining entrypoint: tried to set nope to default but it doesn't exist");
    for (const [type, message] of [
      ['', 'type is required for all processes'],
      ['a/b', "invalid process type 'a/b': type may not contain characters '/><:|&\\'"],
    ] as const) {
      const process = { type, command: ['x'], direct: true, isDefault: false, buildpackId: 'a/b' };
      const metadata = { ...NO_METADATA, processes: [process] };
      const error = await failure(world.export([`oci:${temporaryDirectory(t)}`], {}, { metadata }));
      assert.equal(error.message, message);
    }
  });

  it('a run image of another platform than the one that was built for (GAP-10)', async (t) => {
    const world = await setUp(t);
    const target = { os: 'linux', arch: 'arm64' };
    const error = await failure(world.export([`oci:${temporaryDirectory(t)}`], {}, { target }));
    assert.equal(error.message, 'the run image is for linux/amd64, but the build was for linux/arm64');
  });

  it('more layers than can be run', async (t) => {
    const world = await setUp(t);
    const slices = Array.from({ length: 130 }, () => ({ paths: ['none'] }));
    const error = await failure(
      world.export([`oci:${temporaryDirectory(t)}`], {}, { metadata: { ...NO_METADATA, slices } }),
    );
    assert.equal(error.code, 'TOO_MANY_LAYERS');
  });
});

describe('exportImage: config and labels', () => {
  it('follows SOURCE_DATE_EPOCH in UTC, and warns of one that is no number', async (t) => {
    const world = await setUp(t);
    const created = async (sourceDateEpoch: string): Promise<unknown> => {
      const location = `oci:${temporaryDirectory(t)}`;
      await world.export([location], {}, { sourceDateEpoch });
      return (await world.find(location)).config.fields['created'];
    };
    assert.equal(await created('1700000000'), '2023-11-14T22:13:20Z');
    for (const wrong of ['now', '1.5', '99999999999999']) assert.equal(await created(wrong), '1980-01-01T00:00:01Z');
    assert.deepEqual(
      world.lines('warn'),
      Array.from({ length: 3 }, () => 'Ignoring invalid SOURCE_DATE_EPOCH'),
    );
  });

  it('keeps the lifecycle label from a buildpack that sets it, and lets a later label win', async (t) => {
    const world = await setUp(t);
    const labels = [
      { key: LIFECYCLE_METADATA_LABEL, value: 'mine' },
      { key: 'k', value: '1' },
      { key: 'k', value: '2' },
    ];
    const location = `oci:${temporaryDirectory(t)}`;
    await world.export([location], {}, { metadata: { ...NO_METADATA, labels } });
    const image = await world.find(location);
    assert.equal(image.config.labels['k'], '2');
    assert.ok(decodeLifecycleMetadata(image.config.labels[LIFECYCLE_METADATA_LABEL] ?? ''));
    assert.equal(world.lines('warn').length, 1);
  });

  it('records a run image that lies on disk by its bare digest, never by its path', async (t) => {
    const world = await setUp(t);
    const location = `oci:${temporaryDirectory(t)}`;
    const runImage = fixtureImage(BASE, RUN_V1, `oci:${BASE}`);
    await world.export([location], {}, { runImage });
    const label = (await world.find(location)).config.labels[LIFECYCLE_METADATA_LABEL] ?? '';
    assert.equal(decodeLifecycleMetadata(label)?.runImage.reference, RUN_V1);
    assert.ok(!label.includes(BASE));
  });

  it('copies the SBOMs of lifecycle and launcher that are there', async (t) => {
    const world = await setUp(t);
    const sboms = temporaryDirectory(t);
    writeFileSync(join(sboms, 'launcher.sbom.cdx.json'), '{}');
    const output = await world.export(
      [`oci:${temporaryDirectory(t)}`],
      {},
      { lifecycleSboms: { real: sboms, logical: '/cnb/lifecycle' } },
    );
    assert.ok(output.layers.some((layer) => layer.id === 'buildpacksio/lifecycle:launch.sbom'));
    assert.equal(world.lines('warn').length, 5);
  });

  it('stands on a platform alone', async (t) => {
    const world = await setUp(t);
    const location = `oci:${temporaryDirectory(t)}`;
    const platform = { os: 'linux', architecture: 'riscv64' };
    await world.export([location], {}, { runImage: { kind: 'scratch', platform, family: 'oci' }, target: undefined });
    const image = await world.find(location, platform);
    assert.deepEqual(image.platform, platform);
    assert.equal(image.layers.length, 3);
  });
});

interface World {
  readonly ctx: TestContextOf;
  readonly input: ExportInput;
  /** Makes a layer of the buildpack with one file. */
  readonly layer: (name: string, types: Readonly<Record<string, boolean>>) => void;
  readonly export: (
    locations: readonly string[],
    ports?: Partial<ExportPorts>,
    edits?: Partial<ExportInput>,
  ) => Promise<ExportOutput>;
  readonly find: (location: string, target?: Image['platform']) => Promise<Image>;
  readonly lines: (level: string) => readonly string[];
}

/** An app of one file, a buildpack without layers, and a locator. */
async function setUp(t: TestContext): Promise<World> {
  const ctx = testContext(t);
  const places = goldenPlaces(t);
  await Promise.resolve();
  for (const name of ['a_b', 'config']) mkdirSync(join(places.layers.real, name));
  writeFileSync(join(places.layers.real, 'config/metadata.toml'), 'processes = []\n');
  writeFileSync(join(places.app.real, 'app.txt'), 'app');
  const locator = locatorOf(t);
  const input: ExportInput = {
    ...places,
    group: GROUP,
    metadata: NO_METADATA,
    runImage: fixtureImage(BASE, RUN_V1, '127.0.0.1:5910/base/run:v1'),
    runImageMetadata: {},
    target: { os: 'linux', arch: 'amd64' },
    previous: undefined,
    launcher: { bytes: Buffer.from('#!/bin/sh\n') },
    processType: undefined,
    projectMetadata: '{}',
    sourceDateEpoch: undefined,
    execEnv: 'production',
    features: platformFeatures('0.15'),
    compression: DEFAULT_COMPRESSION,
  };
  return {
    ctx,
    input,
    layer: (name, types) => {
      const directory = join(places.layers.real, 'a_b', name);
      mkdirSync(directory);
      chmodSync(directory, 0o755);
      writeFileSync(join(directory, 'file'), `layer ${name}`);
      const flags = Object.entries(types).map(([flag, value]) => `${flag} = ${String(value)}\n`);
      writeFileSync(`${directory}.toml`, `[types]\n${flags.join('')}`);
    },
    export: async (locations, ports = {}, edits = {}) => {
      const sinks: ImageSink[] = [];
      try {
        for (const location of locations) sinks.push(await locator.openSink(parseLocation(location), ctx));
        const all = {
          sinks: sinks.map((sink, index) => ({
            location: parseLocation(locations[index] ?? ''),
            sink,
            names: [undefined],
          })),
          cache: undefined,
          launchCache: undefined,
          staging: new BlobDirectory(temporaryDirectory(t)),
          ...ports,
        };
        return await exportImage({ ...input, ...edits }, all, ctx);
      } finally {
        for (const sink of sinks) await sink[Symbol.asyncDispose]();
      }
    },
    find: (location, target) =>
      locator.find(parseLocation(location), 'app image', ctx, target === undefined ? {} : { target }),
    lines: (level) =>
      ctx.events.flatMap((event) => (event.type === 'log' && event.level === level ? [event.message] : [])),
  };
}

function countingStaging(directory: string): BlobStaging & { readonly begun: () => number } {
  const blobs = new BlobDirectory(directory);
  let count = 0;
  return {
    begin: () => {
      count += 1;
      return blobs.begin();
    },
    begun: () => count,
  };
}

async function failure(promise: Promise<unknown>): Promise<SlipwayError> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof SlipwayError, String(error));
  return error;
}
