import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { hasZstd } from '../../src/layer/zstd-frames.ts';
import { parseLocation } from '../../src/oci/location.ts';
import type { Image } from '../../src/ports/image.ts';
import { openArchive } from '../../src/store/archive/archive-source.ts';
import { openLayout } from '../../src/store/layout/layout-source.ts';
import { selectImage } from '../../src/store/select.ts';
import { buildFixture, type BuildFixture } from '../support/build-fixture.ts';
import { assertFailure, assertSucceeded, runOptions } from '../support/build-runs.ts';
import { testContext } from '../support/context.ts';
import { otherNode } from '../support/other-node.ts';
import { missingPeer, requirePeer } from '../support/peers.ts';
import { peer, slipway, type ProgramResult } from '../support/program.ts';

describe('--compression', () => {
  it('zstd on a Node without it ends before any work: exit 3, and nothing is written', async (t) => {
    if (hasZstd()) {
      t.skip('this Node has zstd');
      return;
    }
    const fixture = await buildFixture(t);
    const result = await slipway(
      [...fixture.args, '--output', 'oci:out', '--compression', 'zstd'],
      runOptions(fixture),
    );
    assertFailure(result, { code: 3, error: 'NOT_SUPPORTED', says: ['Node 22.15'] });
    assert.equal(existsSync(join(fixture.directory, 'out')), false);
  });

  it('one build, a layout in zstd, one in gzip and a plain archive: one config, and skopeo reads all', async (t) => {
    const built = await buildOnNewNode(t, [
      ...[
        '--output',
        'oci:a',
        '--output',
        'oci:b;compression=gzip:9',
        '--output',
        'oci-archive:c.tar;compression=none',
      ],
      ...['--compression', 'zstd:5'],
    ]);
    if (built === undefined) return;
    const { fixture, result } = built;
    assertSucceeded(result);
    const images = [
      await imageIn(t, fixture, 'oci:a'),
      await imageIn(t, fixture, 'oci:b'),
      await imageIn(t, fixture, 'oci-archive:c.tar'),
    ];
    const types = images.map(({ layers }) => layers.at(-1)?.descriptor.mediaType.split('.').at(-1));
    assert.deepEqual(types, ['tar+zstd', 'tar+gzip', 'tar']);
    assert.equal(new Set(images.map(({ rawConfig }) => Buffer.from(rawConfig).toString())).size, 1);
    assert.equal(new Set(images.map(({ manifestDigest }) => manifestDigest)).size, 3);
    if (requirePeer(t, 'skopeo') === undefined) return;
    for (const [index, place] of ['oci:a:shop', 'oci:b:shop', 'oci-archive:c.tar'].entries()) {
      const copied = join(fixture.directory, `dir-${String(index)}`);
      // It checks each plain layer against the config's diffID.
      const args = ['copy', '--insecure-policy', '--dest-decompress', place, `dir:${copied}`];
      peer('skopeo', args, { cwd: fixture.directory });
      const plain = new Set(readdirSync(copied));
      for (const { diffId } of images[0]?.layers ?? []) assert.ok(plain.has(diffId.slice('sha256:'.length)), diffId);
    }
  });

  it('zstd in an archive for docker load is written, and says which engines cannot load it', async (t) => {
    const built = await buildOnNewNode(t, ['--output', 'docker-archive:shop.tar', '--compression', 'zstd']);
    if (built === undefined) return;
    assertSucceeded(built.result);
    assert.match(
      built.result.stderr,
      /shop\.tar: Docker before 23\.0 cannot load layers that are compressed with zstd/,
    );
    const image = await imageIn(t, built.fixture, 'docker-archive:shop.tar');
    assert.match(image.layers.at(-1)?.descriptor.mediaType ?? '', /tar\+zstd$/);
  });
});

interface Built {
  readonly fixture: BuildFixture;
  readonly result: ProgramResult;
}

async function buildOnNewNode(t: TestContext, args: readonly string[]): Promise<Built | undefined> {
  const node = otherNode();
  if (node === undefined) {
    missingPeer(t, 'no second Node: set SLIPWAY_TEST_NODE');
    return undefined;
  }
  const fixture = await buildFixture(t);
  const result = await slipway([...fixture.args, ...args], { ...runOptions(fixture), node });
  return { fixture, result };
}

async function imageIn(t: TestContext, { directory }: BuildFixture, text: string): Promise<Image> {
  const [kind, file = ''] = text.split(':');
  const path = join(directory, file);
  const ctx = testContext(t);
  const source = kind === 'oci' ? openLayout(path) : await openArchive(path, ctx);
  const options = { role: 'image', hostArchitecture: 'amd64' } as const;
  return selectImage(source, parseLocation(`${kind ?? ''}:${path}`), ctx, options);
}
