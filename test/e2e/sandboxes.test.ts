import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { builderBed } from '../support/builder-bed.ts';
import { findTool, missingPeer } from '../support/peers.ts';
import { slipway } from '../support/program.ts';
import { asAnother, buildWords, OBSERVER } from '../support/sandboxed-build.ts';

const DIGEST = /sha256:[0-9a-f]{64}/;

describe('slipway build --sandbox', () => {
  it('bubblewrap, unshare, crun and, for root, chroot give one digest, whoever builds', async (t) => {
    const bed = await builderBed(t, { buildpacks: [OBSERVER] });
    if (bed === undefined) return;
    if (findTool('crun') === undefined) {
      missingPeer(t, 'crun is not installed');
      return;
    }
    const isRoot = process.getuid?.() === 0;
    const digests = new Map<string, string>();
    for (const sandbox of ['bubblewrap', 'unshare', 'crun', 'unshare as root', 'crun as root', 'chroot as root']) {
      const isOrdinary = !sandbox.endsWith(' as root');
      if (!isOrdinary && !isRoot) continue;
      const [name = ''] = sandbox.split(' ');
      const args = ['--output', `oci:out-${String(digests.size)}`, '--quiet', '--sandbox', name];
      const built = await slipway(buildWords(args), isOrdinary ? asAnother(bed) : bed.options);
      assert.equal(built.code, 0, `${sandbox}: ${built.stderr}`);
      digests.set(sandbox, DIGEST.exec(built.stdout)?.[0] ?? built.stdout);
    }
    assert.equal(new Set(digests.values()).size, 1, JSON.stringify([...digests]));
  });

  it('chroot is announced, and refused without a builder, without a network and to an ordinary user', async (t) => {
    const bed = await builderBed(t, { buildpacks: [OBSERVER] });
    if (bed === undefined) return;
    const named = ['--buildpacks', 'bps', '--run-image', 'oci:run'];
    const alone = await bed.build(['--output', 'oci:out', '--sandbox', 'chroot'], {}, named);
    assert.deepEqual([alone.code, alone.stderr.includes('--sandbox chroot needs a builder')], [3, true], alone.stderr);
    const offline = await bed.build(['--output', 'oci:out', '--sandbox', 'chroot', '--network', 'none']);
    assert.deepEqual([offline.code, offline.stderr.includes('cannot switch the network off')], [3, true]);
    if (process.getuid?.() !== 0) return;
    const built = await bed.build(['--output', 'oci:out', '--sandbox', 'chroot']);
    assert.match(
      built.stderr,
      /warning: buildpacks run in the builder’s files but among the processes of this container/,
    );
    const ordinary = await slipway(buildWords(['--output', 'oci:out', '--sandbox', 'chroot']), asAnother(bed));
    assert.equal(ordinary.code, 1, ordinary.stderr);
    assert.match(ordinary.stderr, /the sandbox chroot does not work on this machine/);
    assert.match(ordinary.stderr, /only root can change the root directory/);
  });

  it('in-place is refused outside of a builder image, and beside another builder', async (t) => {
    const bed = await builderBed(t, { buildpacks: [OBSERVER] });
    if (bed === undefined) return;
    const both = await bed.build(['--output', 'oci:out', '--sandbox', 'in-place']);
    assert.deepEqual([both.code, both.stderr.includes('cannot be used with --builder')], [3, true], both.stderr);
    const outside = await bed.build(['--output', 'oci:out', '--sandbox', 'in-place'], {}, []);
    assert.equal(outside.code, 1);
    assert.match(outside.stderr, /this is not the inside of a builder image: there is no \/cnb\/order\.toml/);
  });
});
