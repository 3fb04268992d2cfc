import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { platformFeatures } from '../../src/cnb/features.ts';
import type { LaunchProcess } from '../../src/cnb/process.ts';
import { SlipwayError } from '../../src/core/errors.ts';
import { digestOf } from '../../src/oci/digest.ts';
import { decodeImageConfig } from '../../src/oci/image-config.ts';
import type { ExportInput } from '../../src/phases/export.ts';
import { lifecycleGuard } from '../../src/platform/stage.ts';
import type { Image } from '../../src/ports/image.ts';
import { isScratch } from '../../src/image/plan.ts';
import { temporaryDirectory } from '../support/context.ts';
import { exportWorld, lifecycleMetadataOf, NO_METADATA, type ExportWorld } from '../support/export-world.ts';
import { rejectionOf } from '../support/failure.ts';
import { startRegistry } from '../support/registry.ts';

const EXEC_ENV = 'io.buildpacks.exec-env';

describe('exportImage: how the image runs', () => {
  it('env: directories, Platform API and deprecation mode behind the base’s, and PATH in its place (E-31, E-32, E-39)', async (t) => {
    const world = await exportWorld(t);
    const runImage = withConfig(world, {
      User: '1234:5',
      Env: ['A=1', 'PATH=/usr/bin', 'CNB_APP_DIR=/old', 'Z=2'],
      Cmd: ['bash'],
      Entrypoint: ['/old'],
      WorkingDir: '/old',
      Labels: { base: 'kept' },
      ExposedPorts: { '80/tcp': {} },
    });
    const { config } = await exported(world, { runImage }, temporaryDirectory(t));
    assert.deepEqual(config.env, [
      'A=1',
      'PATH=/cnb/process:/cnb/lifecycle:/usr/bin',
      'CNB_APP_DIR=/workspace',
      'Z=2',
      'CNB_LAYERS_DIR=/layers',
      'CNB_PLATFORM_API=0.15',
      'CNB_DEPRECATION_MODE=quiet',
    ]);
    const run = config.fields['config'];
    assert.ok(typeof run === 'object' && run !== null && 'WorkingDir' in run && 'User' in run && 'ExposedPorts' in run);
    assert.equal(run.WorkingDir, '/workspace');
    assert.ok(!('Cmd' in run));
    assert.equal(run.User, '1234:5');
    assert.deepEqual(run.ExposedPorts, { '80/tcp': {} });
    assert.equal(config.labels['base'], 'kept');
  });

  it('a PATH with "=" in it, and beside variables with "=", is kept (E-57, GAP-18)', async (t) => {
    const world = await exportWorld(t);
    const runImage = withConfig(world, { Env: ['OPTS=PATH=/no', 'PATH=/opt/a=b:/bin', 'CNB_LAYERS_DIR=x=y'] });
    const { config } = await exported(world, { runImage }, temporaryDirectory(t));
    assert.deepEqual(config.env.slice(0, 3), [
      'OPTS=PATH=/no',
      'PATH=/cnb/process:/cnb/lifecycle:/opt/a=b:/bin',
      'CNB_LAYERS_DIR=/layers',
    ]);
  });

  it('-process-type, else the buildpacks’ default, else the launcher (E-33)', async (t) => {
    const world = await exportWorld(t);
    const process = (type: string): LaunchProcess => ({
      ...{ type, command: ['x'], direct: true, isDefault: false, buildpackId: 'a/b' },
    });
    const processes = [process('web'), process('worker')];
    const entrypoint = async (processType: string | undefined, defaultProcessType?: string): Promise<unknown> => {
      world.ctx.events.length = 0;
      const metadata = {
        ...NO_METADATA,
        processes,
        ...(defaultProcessType === undefined ? {} : { defaultProcessType }),
      };
      return (await exported(world, { metadata, processType }, temporaryDirectory(t))).config.entrypoint;
    };
    assert.deepEqual(await entrypoint('worker', 'web'), ['/cnb/process/worker']);
    assert.ok(world.lines('info').includes("Setting default process type 'worker'"));
    assert.deepEqual(await entrypoint(undefined, 'web'), ['/cnb/process/web']);
    assert.ok(world.lines('info').includes("Setting default process type 'web'"));
    assert.deepEqual(await entrypoint(undefined), ['/cnb/lifecycle/launcher']);
    assert.ok(world.lines('info').includes('no default process type'));
    const error = await rejectionOf(lifecycleGuard('export', () => entrypoint('nope', 'web')));
    assert.equal(error.exit, 62);
  });

  it('the label of the execution environment from Platform API 0.15, when there is one (E-30)', async (t) => {
    const world = await exportWorld(t);
    const label = async (api: string, execEnv: string): Promise<string | undefined> => {
      const edits = { features: platformFeatures(api), execEnv };
      return (await exported(world, edits, temporaryDirectory(t))).config.labels[EXEC_ENV];
    };
    assert.equal(await label('0.15', 'test'), 'test');
    assert.equal(await label('0.15', ''), undefined);
    assert.equal(await label('0.14', 'test'), undefined);
  });

  it('SOURCE_DATE_EPOCH is nothing below Platform API 0.9 (E-07)', async (t) => {
    const world = await exportWorld(t);
    const created = async (api: string): Promise<unknown> => {
      const edits = { features: platformFeatures(api), sourceDateEpoch: '1700000000' };
      return (await exported(world, edits, temporaryDirectory(t))).config.fields['created'];
    };
    assert.equal(await created('0.9'), '2023-11-14T22:13:20Z');
    assert.equal(await created('0.8'), '1980-01-01T00:00:01Z');
  });

  it('the same inputs give the same config and manifest (E-08)', async (t) => {
    const world = await exportWorld(t);
    world.layer('rt', { launch: true });
    const images = [temporaryDirectory(t), temporaryDirectory(t)].map((directory) => exported(world, {}, directory));
    const [first, second] = [await images[0], await images[1]];
    assert.equal(first?.manifestDigest, second?.manifestDigest);
    assert.deepEqual(first?.rawConfig, second?.rawConfig);
  });
});

describe('exportImage: names of the run image in the label', () => {
  it('image and mirrors beside the digest from Platform API 0.12, in stack always (E-26)', async (t) => {
    const world = await exportWorld(t);
    const names = { image: 'run:1', mirrors: ['mirror/run:1'] };
    const of = async (api: string): Promise<unknown> => {
      const edits = { features: platformFeatures(api), runImageMetadata: names };
      const { config } = await exported(world, edits, temporaryDirectory(t));
      return JSON.parse(config.labels['io.buildpacks.lifecycle.metadata'] ?? '');
    };
    const runImage = (label: unknown): readonly string[] => {
      assert.ok(typeof label === 'object' && label !== null && 'runImage' in label && 'stack' in label);
      assert.deepEqual(label.stack, { runImage: names });
      assert.ok(typeof label.runImage === 'object' && label.runImage !== null);
      return Object.keys(label.runImage);
    };
    assert.deepEqual(runImage(await of('0.12')), ['topLayer', 'reference', 'image', 'mirrors']);
    assert.deepEqual(runImage(await of('0.11')), ['topLayer', 'reference']);
  });
});

describe('exportImage: SBOM files of the launcher', () => {
  it('from a directory of their own come under their names; one that is not there is a warning (E-35)', async (t) => {
    const world = await exportWorld(t);
    const launcher = temporaryDirectory(t);
    const none = join(launcher, 'none');
    world.write('../custom/mine.sbom.cdx.json', '{}');
    world.write('../custom/notes.txt', 'no SBOM');
    const custom = join(world.input.layers.real, '../custom');
    const input = { real: none, logical: '/cnb/lifecycle' };
    await exported(world, { lifecycleSboms: { ...input, launcher: custom } }, temporaryDirectory(t));
    const copies = world.lines('debug').filter((line) => line.startsWith('Copying SBOM'));
    const target = join(world.input.layers.real, 'sbom/launch/buildpacksio_lifecycle/launcher/mine.sbom.cdx.json');
    assert.deepEqual(copies, [`Copying SBOM ${custom}/mine.sbom.cdx.json to ${target}`]);
    assert.ok(world.lines('info').includes("Adding layer 'buildpacksio/lifecycle:launch.sbom'"));
    await exported(world, { lifecycleSboms: { ...input, launcher: none } }, temporaryDirectory(t));
    assert.ok(world.lines('warn').includes(`Failed to list contents of directory ${none}`));
  });
});

describe('exportImage: a previous image elsewhere', () => {
  for (const [from, to] of [
    ['registry', 'registry'],
    ['registry', 'oci'],
    ['oci', 'oci-archive'],
    ['oci-archive', 'registry'],
    ['docker-archive', 'oci'],
    ['oci', 'docker-archive'],
  ] as const) {
    it(`${from} → ${to}: layers are carried over, those without contents too`, async (t) => {
      const world = await exportWorld(t);
      const place = async (kind: string): Promise<string> => {
        if (kind === 'registry') return `${(await startRegistry(t)).name}/my/app:v1`;
        return `${kind}:${join(temporaryDirectory(t), 'out')}:my/app:v1`;
      };
      const [source, target] = [await place(from), await place(to)];
      world.layer('kept', { launch: true });
      world.layer('same', { launch: true });
      const first = await world.export([source]);
      const previous = await world.previous(source);
      rmSync(join(world.input.layers.real, 'a_b/kept'), { recursive: true });
      const second = await world.export([target], {}, { previous });
      assert.deepEqual(
        second.outputs.map(({ error }) => error),
        [undefined],
      );
      assert.equal(second.digest, first.digest);
      assert.deepEqual([...new Set(second.layers.map(({ status }) => status))], ['referenced', 'reused']);
      const image = await world.find(target);
      for (const layer of image.layers) for await (const chunk of layer.open()) assert.ok(chunk.byteLength > 0);
    });
  }

  it('its layers take the media types of the new base’s family (E-53, GAP-6)', async (t) => {
    const world = await exportWorld(t);
    world.layer('rt', { launch: true });
    const source = `oci:${temporaryDirectory(t)}`;
    await world.export([source]);
    const previous = await world.previous(source);
    assert.equal(previous.image.manifest.mediaType, 'application/vnd.oci.image.manifest.v1+json');
    const { runImage } = world.input;
    assert.ok(!isScratch(runImage));
    const mediaType = 'application/vnd.docker.distribution.manifest.v2+json';
    const layerType = 'application/vnd.docker.image.rootfs.diff.tar.gzip';
    const layers = runImage.layers.map((layer) => ({
      ...layer,
      descriptor: { ...layer.descriptor, mediaType: layerType },
    }));
    const docker: Image = {
      ...runImage,
      layers,
      manifest: { ...runImage.manifest, mediaType, layers: layers.map(({ descriptor }) => descriptor) },
    };
    world.layer('new', { launch: true });
    const target = `oci:${temporaryDirectory(t)}`;
    const output = await world.export([target], {}, { runImage: docker, previous });
    assert.ok(output.layers.some(({ status }) => status === 'reused'));
    const { manifest } = await world.find(target);
    assert.equal(manifest.mediaType, mediaType);
    assert.deepEqual([...new Set(manifest.layers.map((layer) => layer.mediaType))], [layerType]);
  });

  it('many outputs in several stores get one digest from it; the first names the image, one that fails is told (E-34)', async (t) => {
    const world = await exportWorld(t);
    world.layer('rt', { launch: true });
    const [registry, other, closed] = [
      await startRegistry(t),
      await startRegistry(t),
      await startRegistry(t, { readOnly: true }),
    ];
    const source = `${registry.name}/my/app:v1`;
    await world.export([source]);
    const previous = await world.previous(source);
    const locations = [
      `${other.name}/my/app:v2`,
      `${closed.name}/my/app:v2`,
      `oci:${temporaryDirectory(t)}:v2`,
      `${registry.name}/my/app:v2`,
    ];
    const output = await world.export(locations, {}, { previous });
    assert.deepEqual(
      output.outputs.map(({ error }) => error === undefined),
      [true, false, true, true],
    );
    assert.ok(output.outputs[1]?.cause instanceof SlipwayError);
    for (const index of [0, 2, 3])
      assert.equal((await world.find(locations[index] ?? '')).manifestDigest, output.digest);
    assert.ok(world.lines('info').includes(`Saving ${locations[0] ?? ''}...`));
    assert.equal(lifecycleMetadataOf(await world.find(locations[0] ?? '')).app.length, 1);
  });
});

/** The image of an export into a layout. */
async function exported(world: ExportWorld, edits: Partial<ExportInput>, directory: string): Promise<Image> {
  await world.export([`oci:${directory}`], {}, edits);
  return world.find(`oci:${directory}`);
}

/** The run image with another `config` part. */
function withConfig(world: ExportWorld, config: Readonly<Record<string, unknown>>): Image {
  const { runImage } = world.input;
  if (isScratch(runImage)) return assert.fail('a run image has layers');
  const rawConfig = Buffer.from(JSON.stringify({ ...runImage.config.fields, config }));
  const descriptor = { ...runImage.manifest.config, digest: digestOf(rawConfig), size: rawConfig.byteLength };
  return {
    ...runImage,
    rawConfig,
    config: decodeImageConfig(rawConfig, 'test'),
    manifest: { ...runImage.manifest, config: descriptor },
  };
}
