import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { copyImage, putImage } from '../../src/store/copy.ts';
import { openArchive } from '../../src/store/archive/archive-source.ts';
import { openArchiveSink } from '../../src/store/archive/archive-sink.ts';
import { openLayout } from '../../src/store/layout/layout-source.ts';
import { openLayoutSink } from '../../src/store/layout/layout-sink.ts';
import { validateStore } from '../../src/store/validate.ts';
import { temporaryDirectory, testContext } from '../support/context.ts';
import { entryOf, fill, imageOf, indexOf } from '../support/images.ts';
import { requirePeer } from '../support/peers.ts';
import { peer } from '../support/program.ts';

const IMAGE = imageOf('linux/amd64', { layers: ['one', 'two'] });
const DIGEST = IMAGE.manifest.descriptor.digest;
const POLICY = '--insecure-policy';

describe('layouts and archives beside the peers', () => {
  it('skopeo reads our layout, its several names and an index in it', (t) =>
    withTool(t, 'skopeo', async (skopeo) => {
      const ctx = testContext(t);
      const directory = join(temporaryDirectory(t), 'out');
      for (const name of ['one', 'app:2']) {
        await using sink = await openLayoutSink(directory, name, ctx);
        await putImage(IMAGE, sink, ctx);
        await sink.commit(ctx);
      }
      const arm64 = imageOf('linux/arm64');
      await using sink = await openLayoutSink(directory, 'both', ctx);
      await fill(sink, [IMAGE, arm64], ctx, [indexOf([entryOf(IMAGE), entryOf(arm64)])]);
      await sink.commit(ctx);
      for (const name of ['one', 'app:2', 'both'])
        assert.equal(inspect(skopeo, `oci:${directory}:${name}`, 'amd64').Digest !== '', true);
      assert.equal(inspect(skopeo, `oci:${directory}:one`, 'amd64').Digest, DIGEST);
      assert.equal(inspect(skopeo, `oci:${directory}:both`, 'arm64').Architecture, 'arm64');
    }));

  it('skopeo reads our archives as both kinds, and its copies come back unchanged', (t) =>
    withTool(t, 'skopeo', async (skopeo) => {
      const ctx = testContext(t);
      const directory = temporaryDirectory(t);
      const file = join(directory, 'app.tar');
      await using sink = await openArchiveSink(file, ctx, {
        format: 'docker',
        names: ['docker.io/library/app:1'],
        refName: '1',
      });
      await putImage(IMAGE, sink, ctx);
      await sink.commit(ctx);
      assert.equal(inspect(skopeo, `oci-archive:${file}:1`, 'amd64').Digest, DIGEST);
      const docker = inspect(skopeo, `docker-archive:${file}:docker.io/library/app:1`, 'amd64');
      assert.equal(docker.Layers.length, 2);
      const copy = join(directory, 'copy.tar');
      peer(skopeo, [POLICY, 'copy', `oci-archive:${file}:1`, `oci-archive:${copy}:again`]);
      await using source = await openArchive(copy, ctx);
      assert.equal((await source.resolve('again', ctx)).descriptor.digest, DIGEST);
      assert.deepEqual(await validateStore(source, ctx), []);
    }));

  it('we read what skopeo writes: docker-archive, layout, and a layout that both write in turn', (t) =>
    withTool(t, 'skopeo', async (skopeo) => {
      const ctx = testContext(t);
      const directory = temporaryDirectory(t);
      const ours = join(directory, 'ours');
      await using sink = await openLayoutSink(ours, 'one', ctx);
      await putImage(IMAGE, sink, ctx);
      await sink.commit(ctx);
      const saved = join(directory, 'saved.tar');
      peer(skopeo, [POLICY, 'copy', `oci:${ours}:one`, `docker-archive:${saved}:team/app:1`]);
      await using archive = await openArchive(saved, ctx);
      assert.deepEqual(
        (await archive.list(ctx)).map(({ name }) => name),
        ['docker.io/team/app:1'],
      );
      assert.deepEqual(await validateStore(archive, ctx), []);
      peer(skopeo, [POLICY, 'copy', `docker-archive:${saved}`, `oci:${ours}:two`]);
      const layout = openLayout(ours);
      assert.deepEqual(
        (await layout.list(ctx)).map(({ name }) => name),
        ['one', 'two'],
      );
      assert.deepEqual(await validateStore(layout, ctx), []);
    }));

  it('umoci unpacks our layout and archive', (t) =>
    withTool(t, 'umoci', async (umoci) => {
      const ctx = testContext(t);
      const directory = temporaryDirectory(t);
      const layout = join(directory, 'layout');
      await using sink = await openLayoutSink(layout, 'one', ctx);
      await putImage(IMAGE, sink, ctx);
      await sink.commit(ctx);
      const bundle = join(directory, 'bundle');
      peer(umoci, ['unpack', '--rootless', '--image', `${layout}:one`, bundle]);
      assert.equal(readFileSync(join(bundle, 'rootfs', 'file-one'), 'utf8'), 'one');
      const file = join(directory, 'app.tar');
      await using archive = await openArchiveSink(file, ctx, { format: 'docker', names: [], refName: 'one' });
      await copyImage({ source: openLayout(layout), name: 'one' }, archive, ctx);
      await archive.commit(ctx);
      const unpacked = join(directory, 'unpacked');
      mkdirSync(unpacked);
      peer('tar', ['-xf', file, '-C', unpacked]);
      peer(umoci, ['unpack', '--rootless', '--image', `${unpacked}:one`, join(directory, 'second')]);
      assert.ok(existsSync(join(directory, 'second', 'rootfs', 'file-two')));
    }));

  it('umoci adds a tag to our layout and we keep it', (t) =>
    withTool(t, 'umoci', async (umoci) => {
      const ctx = testContext(t);
      const layout = join(temporaryDirectory(t), 'layout');
      const save = async (name: string): Promise<void> => {
        await using sink = await openLayoutSink(layout, name, ctx);
        await putImage(IMAGE, sink, ctx);
        await sink.commit(ctx);
      };
      await save('one');
      peer(umoci, ['tag', '--image', `${layout}:one`, 'theirs']);
      await save('two');
      const names = (await openLayout(layout).list(ctx)).map(({ name }) => name);
      assert.deepEqual(names.toSorted(), ['one', 'theirs', 'two']);
    }));
});

async function withTool(
  t: Parameters<typeof requirePeer>[0],
  name: string,
  task: (path: string) => Promise<void>,
): Promise<void> {
  const path = requirePeer(t, name);
  if (path !== undefined) await task(path);
}

interface Inspected {
  readonly Digest: string;
  readonly Architecture: string;
  readonly Layers: readonly string[];
}

function inspect(skopeo: string, image: string, architecture: string): Inspected {
  const text = peer(skopeo, ['--override-os', 'linux', '--override-arch', architecture, 'inspect', image]);
  return JSON.parse(text) as Inspected;
}
