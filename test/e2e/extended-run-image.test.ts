import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import type { DiffId } from '../../src/oci/digest.ts';
import { parseLocation } from '../../src/oci/location.ts';
import type { Image } from '../../src/ports/image.ts';
import { isObject } from '../../src/schema/reader.ts';
import { writeExtended } from '../support/extended-image.ts';
import { lifecycleBed, putRunImage, type LifecycleBed } from '../support/lifecycle-bed.ts';
import { locatorOf } from '../support/locator.ts';
import type { ProgramResult } from '../support/program.ts';

const EXTENDED = 'layers/extended/run/sha256:0123';

interface Scene extends LifecycleBed {
  readonly base: Image;
  readonly added: readonly DiffId[];
  readonly find: (name: string) => Promise<Image>;
  readonly exported: (env?: Readonly<Record<string, string>>) => Promise<ProgramResult>;
}

/** Built as far as the exporter, with the run image extended by two files. */
async function scene(t: TestContext): Promise<Scene> {
  const bed = await lifecycleBed(t);
  await putRunImage(bed);
  const images = locatorOf(t);
  const find = (name: string): Promise<Image> =>
    images.find(parseLocation(`${bed.registry}/${name}`), 'image', bed.ctx);
  const tools = ['-app', 'app', '-buildpacks', 'bps'];
  for (const [program, args] of [
    ['analyzer', ['-run-image', `${bed.registry}/base/run:1`, `${bed.registry}/shop`]],
    ['detector', [...tools, '-order', 'order.toml']],
    ['builder', tools],
  ] as const) {
    const result = await bed.run(program, args);
    assert.equal(result.code, 0, result.stdout);
  }
  const base = await find('base/run:1');
  const added = await writeExtended(join(bed.directory, EXTENDED), base, ['/one', '/two'], bed.ctx);
  const exported = (env: Readonly<Record<string, string>> = {}): Promise<ProgramResult> =>
    bed.run('exporter', ['-app', 'app', '-launcher', './launcher', `${bed.registry}/shop`], env);
  return { ...bed, base, added, find, exported };
}

describe('the exporter and an extended run image (contract §13.2)', () => {
  it('new layers come after the base, config and labels are theirs, the label names the base (E-40)', async (t) => {
    const s = await scene(t);
    const result = await s.exported();
    assert.equal(result.code, 0, result.stdout);
    for (const index of [1, 2])
      assert.ok(result.stdout.includes(`Adding layer 'test/ext:extended-layer-${String(index)}'\n`), result.stdout);
    const image = await s.find('shop');
    const below = [...s.base.layers.map(({ diffId }) => diffId), ...s.added];
    assert.deepEqual(
      image.layers.slice(0, below.length).map(({ diffId }) => diffId),
      below,
    );
    assert.equal(image.config.user, '1234');
    assert.ok(image.config.env.includes('EXTENDED=yes'));
    assert.equal(image.config.labels['io.buildpacks.rebasable'], 'true');
    assert.deepEqual(
      image.config.history.slice(0, below.length).map(({ createdBy }) => createdBy),
      [
        'test base',
        "Layer: 'COPY /one', Created by extension: test/ext",
        "Layer: 'COPY /two', Created by extension: test/ext",
      ],
    );
    const types = image.manifest.layers.map(({ mediaType }) => mediaType);
    assert.deepEqual([...new Set(types)], ['application/vnd.oci.image.layer.v1.tar+gzip']);
    const label: unknown = JSON.parse(image.config.labels['io.buildpacks.lifecycle.metadata'] ?? '');
    assert.ok(isObject(label) && isObject(label['runImage']));
    assert.equal(label['runImage']['topLayer'], s.base.layers.at(-1)?.diffId);
    assert.equal(label['runImage']['reference'], `${s.registry}/base/run@${s.base.manifestDigest}`);
    await s.run('analyzer', ['-run-image', `${s.registry}/base/run:1`, `${s.registry}/shop`]);
    const again = await s.exported();
    assert.match(again.stdout, /^Reusing layer 'test\/ext:extended-layer-2'$/m);
    assert.equal((await s.find('shop')).manifestDigest, image.manifestDigest);
  });

  it('an experiment below Platform API 0.13 (C-26, E-40)', async (t) => {
    const s = await scene(t);
    const refused = await s.exported({ CNB_PLATFORM_API: '0.12' });
    assert.equal(refused.code, 1);
    assert.match(refused.stdout, /^ERROR: Platform requested experimental feature 'Dockerfiles'$/m);
    const warned = await s.exported({ CNB_PLATFORM_API: '0.12', CNB_EXPERIMENTAL_MODE: 'warn' });
    assert.equal(warned.code, 0, warned.stdout);
    assert.match(warned.stdout, /^Warning: Platform requested experimental feature 'Dockerfiles'$/m);
  });

  it('what cannot be the extended run image stops with 62', async (t) => {
    const s = await scene(t);
    const refused = async (says: RegExp): Promise<void> => {
      const result = await s.exported();
      assert.equal(result.code, 62, result.stdout);
      assert.match(result.stdout, says);
    };
    const blob = s.added[0] === undefined ? '' : `${EXTENDED}/blobs`;
    rmSync(join(s.directory, blob), { recursive: true });
    await refused(/^ERROR: failed to export: /m);
    rmSync(join(s.directory, EXTENDED), { recursive: true });
    await writeExtended(join(s.directory, EXTENDED), { layers: [] }, ['/one'], s.ctx);
    await refused(/layers\/extended\/run\/sha256:0123 is not based on the run image/);
    writeFileSync(join(s.directory, 'layers/extended/run/second'), '');
    await refused(/layers\/extended\/run holds 2 images, one was expected/);
  });

  it('a run image that is to be extended and was not stops with 62', async (t) => {
    const s = await scene(t);
    rmSync(join(s.directory, 'layers/extended'), { recursive: true });
    const analyzed = s.text('layers/analyzed.toml').replace('[run-image]\n', '[run-image]\n  extend = true\n');
    rmSync(join(s.directory, 'layers/analyzed.toml'));
    s.write('layers/analyzed.toml', analyzed);
    const result = await s.exported();
    assert.equal(result.code, 62, result.stdout);
    assert.match(result.stdout, /base\/run:1 is to be extended, but .*layers\/extended\/run is empty/);
  });
});
