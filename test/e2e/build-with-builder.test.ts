import assert from 'node:assert/strict';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, it } from 'node:test';
import { builderBed } from '../support/builder-bed.ts';
import { temporaryDirectory } from '../support/context.ts';
import type { SampleBuildpack } from '../support/sample-buildpacks.ts';

/** Writes what it sees of its surroundings into a launch layer, and to its output. */
const LOOKER: SampleBuildpack = {
  id: 'test/looker',
  build: `mkdir -p "$1/seen"
{ id -u; id -g; pwd; echo "HOME=$HOME"; echo "X=$BP_X"; echo "SECRET=\${SECRET:-none}"; ls /; cat /etc/os-release; } >"$1/seen/facts"
cat "$1/seen/facts"
printf '[types]\\nlaunch = true\\ncache = true\\n' >"$1/seen.toml"
printf '[[processes]]\\ntype = "web"\\ncommand = ["/bin/cat", "/layers/test_looker/seen/facts"]\\ndefault = true\\n' >"$1/launch.toml"`,
};

describe('slipway build --builder', () => {
  it('runs the builder’s buildpacks in its own root file system, as its user, and takes its run image', async (t) => {
    const bed = await builderBed(t, { buildpacks: [LOOKER] });
    if (bed === undefined) return;
    const built = await bed.build(['--output', 'oci:out'], { SECRET: 'not for buildpacks' });
    assert.equal(built.code, 0, built.stderr);
    const facts = built.stderr.split('\n').map((line) => line.replace(/^[ │]+/, '').trim());
    for (const seen of ['1001', '1002', '/workspace', 'HOME=/home/cnb', 'X=from the builder', 'SECRET=none', 'ID=test'])
      assert.ok(facts.includes(seen), `${seen} is not in\n${built.stderr}`);
    assert.ok(!facts.includes('root') && !facts.includes('home.txt'), 'the machine’s own root shows');
    assert.match(built.stderr, /order {11}\/cnb\/order\.toml of oci:builder {3}1 group/);
    assert.match(built.stderr, /run image {7}oci:run {3}linux\/amd64/);
  });

  it('unpacks the builder once; a second build gives the same digest', async (t) => {
    const bed = await builderBed(t, { buildpacks: [LOOKER] });
    if (bed === undefined) return;
    const first = await bed.build(['--output', 'oci:one', '--quiet']);
    assert.equal(first.code, 0, first.stderr);
    const store = join(bed.fixture.directory, 'home', '.cache', 'slipway', 'rootfs');
    const [entry, ...others] = readdirSync(store).filter((name) => name.startsWith('sha256-') && !name.includes('.'));
    assert.ok(entry !== undefined && others.length === 0);
    const second = await bed.build(['--output', 'oci:two', '--progress', 'json']);
    assert.equal(second.code, 0, second.stderr);
    assert.equal(second.stdout.includes('rootfs.unpacked'), false);
    assert.equal(second.stdout.includes(first.stdout.trim()), true, first.stdout);
    // Buildpacks cannot have changed it for the next build.
    assert.equal(existsSync(join(store, entry, 'root', 'workspace', 'index.html')), false);
  });

  it('follows no link of the builder out of its root', async (t) => {
    const secret = join(temporaryDirectory(t), 'secret');
    writeFileSync(secret, 'SECRET-OF-THE-MACHINE = 1\n');
    const links: readonly (readonly [string, string])[] = [
      ['/cnb/build-config/env/BP_LEAK', secret],
      ['/cnb/buildpacks/test_leak/1.0.0/buildpack.toml', secret],
      ['/etc/leak', dirname(secret)],
    ];
    const more = 'cat /etc/leak/secret || true; echo "LEAK=${BP_LEAK:-none}"';
    const bed = await builderBed(t, { links, buildpacks: [{ ...LOOKER, build: `${LOOKER.build}\n${more}` }] });
    if (bed === undefined) return;
    const built = await bed.build(['--output', 'oci:out', '--verbose']);
    assert.equal(built.code, 0, built.stderr);
    assert.match(built.stderr, /LEAK=none/);
    assert.equal(built.stderr.includes('SECRET-OF-THE-MACHINE'), false);
  });

  it('is refused with a directory of buildpacks beside it, on the host, and for an image that is no builder', async (t) => {
    const bed = await builderBed(t, { buildpacks: [LOOKER] });
    if (bed === undefined) return;
    const both = await bed.build(['--output', 'oci:out', '--buildpacks', 'bps']);
    assert.deepEqual([both.code, both.stderr.includes('supply only one of --builder and --buildpacks')], [3, true]);
    const host = await bed.build(['--output', 'oci:out', '--sandbox', 'host']);
    assert.deepEqual(
      [host.code, host.stderr.includes('--sandbox host cannot run the buildpacks of a builder')],
      [3, true],
    );
    const other = await bed.build(['--output', 'oci:out', '--builder', 'oci:run'], {}, []);
    assert.equal(other.code, 1, other.stderr);
    assert.match(other.stderr, /oci:run is no builder: it has no \/cnb\/order\.toml/);
    assert.equal(existsSync(join(bed.fixture.directory, 'out')), false);
  });
});
