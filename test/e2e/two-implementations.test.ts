import assert from 'node:assert/strict';
import { cpSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { digestOf } from '../../src/oci/digest.ts';
import { copyImage } from '../../src/store/copy.ts';
import { openLayoutSink } from '../../src/store/layout/layout-sink.ts';
import { openLayout } from '../../src/store/layout/layout-source.ts';
import type { TestContextOf } from '../support/context.ts';
import { goCache } from '../support/failure-runs.ts';
import { appImage, GOLDEN } from '../support/golden-compare.ts';
import { beginRecorded, fivePhases, skipRecorded } from '../support/golden-runs.ts';
import type { RecordedRoot } from '../support/recorded-root.ts';
import { judge } from '../support/verdicts.ts';

const OCI_LAYER = 'application/vnd.oci.image.layer.v1.tar+gzip';

describe('an image of the Go lifecycle as previous image', { skip: skipRecorded() }, () => {
  for (const [name, repository, order] of [
    ['registry-5phase', 'app/five', 'order.toml'],
    ['minimal', 'app/minimal', 'order-min.toml'],
    ['empty-workspace', 'app/empty', 'order-min.toml'],
  ] as const) {
    it(`${name}: its blobs are those of the new image, and nothing is uploaded twice (GAP-6)`, async (t) => {
      const { root, ctx } = await beginRecorded(t);
      const { layers, config } = await putGoImage(root, name, repository, ctx);
      root.app(name === 'registry-5phase' ? 'app-v1.tar' : undefined);
      if (name === 'minimal')
        root.shell(
          'printf hi >"$ROOT/workspace/hi.txt"; chmod 644 "$ROOT/workspace/hi.txt"; chown 1000:1000 "$ROOT/workspace/hi.txt"',
        );
      const projectMetadata = name === 'registry-5phase';
      const before = blobsOf(root);
      fivePhases(root, { image: `127.0.0.1:5910/${repository}`, order, projectMetadata });
      for (const { exitCode, output } of await root.finish()) assert.equal(exitCode, 0, output);
      const image = await appImage(root, `${repository}:latest`, ctx);
      judge({ table: 'images', case: `${name}, its image as previous`, check: 'manifest' }, (judging) => {
        judging.rows.add('layer-media-type-family');
        assert.deepEqual(
          image.layers.map(({ descriptor }) => ({ digest: descriptor.digest, size: descriptor.size })),
          layers.map(({ digest, size }) => ({ digest, size })),
        );
        assert.deepEqual([...new Set(image.layers.map(({ descriptor }) => descriptor.mediaType))], [OCI_LAYER]);
        assert.equal(digestOf(image.rawConfig), config);
        const added = blobsOf(root).filter((blob) => !before.includes(blob));
        assert.deepEqual(added, [image.manifestDigest.slice('sha256:'.length)]);
      });
    });
  }
});

describe('a cache folder of the Go lifecycle', { skip: skipRecorded() }, () => {
  it('gives the next build its layers, keeps its files, and has a root of ours after it', async (t) => {
    const { root, ctx } = await beginRecorded(t);
    const phases = { image: '127.0.0.1:5910/app/five', order: 'order.toml', projectMetadata: true };
    root.app('app-v1.tar');
    fivePhases(root, phases);
    root.shell(goCache(root));
    const list = (name: string): void => root.shell(`cd "$ROOT/cache"; sha256sum committed/* >"$ROOT/../${name}"`);
    list('before');
    root.clearLayers();
    const { config } = await putGoImage(root, 'registry-5phase', 'app/five', ctx);
    fivePhases(root, phases);
    list('after');
    const results = await root.finish();
    for (const { exitCode, output } of results) assert.equal(exitCode, 0, output);
    const said = results
      .slice(5)
      .map(({ output }) => output)
      .join('');
    for (const layer of ['cache-only', 'all', 'launch-cache'])
      assert.match(said, new RegExp(`layers: keep ${layer}\n`));
    assert.doesNotMatch(said, /Skipping restore/);
    assert.equal(digestOf((await appImage(root, 'app/five:latest', ctx)).rawConfig), config);
    const above = (name: string): string => readFileSync(join(root.directory, '..', name), 'utf8');
    assert.equal(above('after'), above('before'));
    assert.equal(readdirSync(join(root.directory, 'cache/roots')).length, 1);
  });
});

interface GoImage {
  readonly layers: readonly { readonly digest: string; readonly size: number }[];
  /** Digest of the config. */
  readonly config: string;
}

/** Puts the recorded image, with the very blobs that the Go lifecycle pushed, into the root's registry. */
async function putGoImage(
  root: RecordedRoot,
  name: string,
  ...[repository, ctx]: readonly [string, TestContextOf]
): Promise<GoImage> {
  const folder = `${GOLDEN}/${name}/image`;
  const layout = join(root.directory, '..', 'go-image');
  const blobs = join(layout, 'blobs/sha256');
  mkdirSync(blobs, { recursive: true });
  cpSync(`${folder}/blobs`, blobs, { recursive: true });
  const manifest = readFileSync(`${folder}/manifest.json`);
  const config = readFileSync(`${folder}/config.json`);
  for (const bytes of [manifest, config]) writeFileSync(join(blobs, digestOf(bytes).slice('sha256:'.length)), bytes);
  const mediaType = 'application/vnd.oci.image.manifest.v1+json';
  const entry = { mediaType, digest: digestOf(manifest), size: manifest.byteLength };
  writeFileSync(join(layout, 'index.json'), JSON.stringify({ schemaVersion: 2, manifests: [entry] }));
  writeFileSync(join(layout, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}');
  await using sink = await openLayoutSink(root.registry, `${repository}:latest`, ctx);
  await copyImage({ source: openLayout(layout), name: undefined }, sink, ctx);
  await sink.commit(ctx);
  const { layers } = await appImage(root, `${repository}:latest`, ctx);
  return {
    layers: layers.map(({ descriptor }) => ({ digest: descriptor.digest, size: descriptor.size })),
    config: digestOf(config),
  };
}

function blobsOf(root: RecordedRoot): readonly string[] {
  return readdirSync(join(root.registry, 'blobs/sha256')).sort();
}
