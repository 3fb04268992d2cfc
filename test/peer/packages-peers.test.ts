import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { packageBed } from '../support/package-bed.ts';
import { requirePeer } from '../support/peers.ts';
import { peer } from '../support/program.ts';

describe('packages beside the peers', () => {
  it('skopeo opens a .cnb of ours; its copy is the same package', async (t) => {
    const skopeo = requirePeer(t, 'skopeo');
    if (skopeo === undefined) return;
    const bed = packageBed(t);
    const saved = await bed.make({ path: bed.directoryOf('acme_node/1.0.0'), to: 'oci-archive:node.cnb' });
    const archive = `oci-archive:${join(bed.directory, 'node.cnb')}`;
    const config = peer(skopeo, ['inspect', '--config', '--override-arch', 'arm64', archive]);
    assert.match(config, /io\.buildpacks\.buildpackage\.metadata/);
    const copy = `oci:${join(bed.directory, 'copy')}:node`;
    peer(skopeo, ['copy', '--insecure-policy', '--override-arch', 'arm64', archive, copy]);
    const image = await bed.find('oci:copy:node');
    assert.equal(image.manifestDigest, saved.digest);
    await bed.make({ path: bed.directoryOf('acme_node/1.0.0'), to: 'oci:out:again' });
    assert.equal((await bed.find('oci:out:again')).config.diffIds[0], image.config.diffIds[0]);
  });
});
