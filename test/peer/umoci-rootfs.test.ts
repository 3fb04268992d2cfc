import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import type { Layer } from '../../src/ports/blob.ts';
import { openRootfs } from '../../src/rootfs/open-rootfs.ts';
import { temporaryDirectory, testContext } from '../support/context.ts';
import { oddLayers } from '../support/odd-layers.ts';
import { requirePeer } from '../support/peers.ts';
import { peer } from '../support/program.ts';
import { rootListing } from '../support/root-listing.ts';
import { archive, entry, layerOf } from '../support/tar.ts';
import { imageInLayout } from '../support/tar-image.ts';

/** umoci keeps setuid and setgid, makes fifos, and empty files for devices, and gives directories that it had to make or to empty the present time. */
function comparable(lines: readonly string[]): readonly string[] {
  return lines
    .filter((line) => !/ (?:dev\/null|run\/fifo)(?: |$)/.test(line))
    .map((line) =>
      line
        .replace(/^([df]) [2467](\d{3}) /, '$1 $2 ')
        .replace(/^(d \d+ (?:bin|dev|home|run|etc|usr|usr\/bin|opaque\/sub)) \d+$/, '$1'),
    )
    .sort();
}

async function compare(t: TestContext, layers: readonly Layer[]): Promise<void> {
  const umoci = requirePeer(t, 'umoci');
  if (umoci === undefined) return;
  const ctx = testContext(t);
  const base = temporaryDirectory(t);
  const layout = join(base, 'layout');
  const image = await imageInLayout(layout, layers, ctx);
  peer(umoci, ['unpack', '--rootless', '--image', `${layout}:test`, join(base, 'bundle')]);
  await using rootfs = await openRootfs(image, join(base, 'store'), ctx);
  assert.deepEqual(comparable(rootListing(rootfs.path)), comparable(rootListing(join(base, 'bundle/rootfs'))));
}

describe('umoci unpack --rootless gives the same tree', () => {
  it('of layers with every oddity', (t) => compare(t, oddLayers()));

  it('of a part of this machine as GNU tar packs it, with layers on top', async (t) => {
    const { status, stdout } = spawnSync('tar', ['-cC', '/', 'etc/ssl', 'etc/alternatives', 'etc/default', 'bin'], {
      maxBuffer: 1 << 30,
    });
    assert.equal(status, 0);
    await compare(t, [
      layerOf(stdout),
      layerOf(
        archive(
          entry({ name: 'bin/added', body: 'through the link', mtime: 1000 }),
          entry({ name: 'etc/alternatives/.wh.awk', mtime: 1000 }),
          entry({ name: 'etc/default', type: 'directory', mtime: 2000 }),
          entry({ name: 'etc/default/.wh..wh..opq', mtime: 1000 }),
          entry({ name: 'etc/default/only', body: 'x', mtime: 1000 }),
        ),
      ),
    ]);
  });
});
