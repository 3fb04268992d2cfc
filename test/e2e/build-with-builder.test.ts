import assert from 'node:assert/strict';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import type { LayerEntry } from '../../src/layer/layer-source.ts';
import { openLayoutSink } from '../../src/store/layout/layout-sink.ts';
import { busyboxEntries, putBase } from '../support/base-images.ts';
import { buildFixture, type BuildFixture } from '../support/build-fixture.ts';
import { temporaryDirectory, testContext } from '../support/context.ts';
import { findTool, missingPeer } from '../support/peers.ts';
import { slipway, type ProgramResult } from '../support/program.ts';
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
    const bed = await builderBed(t);
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
    const bed = await builderBed(t);
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
    const bed = await builderBed(t, { links, more: 'cat /etc/leak/secret || true; echo "LEAK=${BP_LEAK:-none}"' });
    if (bed === undefined) return;
    const built = await bed.build(['--output', 'oci:out', '--verbose']);
    assert.equal(built.code, 0, built.stderr);
    assert.match(built.stderr, /LEAK=none/);
    assert.equal(built.stderr.includes('SECRET-OF-THE-MACHINE'), false);
  });

  it('is refused with a directory of buildpacks beside it, on the host, and for an image that is no builder', async (t) => {
    const bed = await builderBed(t);
    if (bed === undefined) return;
    const both = await bed.build(['--output', 'oci:out', '--buildpacks', 'bps']);
    assert.deepEqual([both.code, both.stderr.includes('supply only one of --builder and --buildpacks')], [3, true]);
    const host = await bed.build(['--output', 'oci:out', '--sandbox', 'host']);
    assert.deepEqual(
      [host.code, host.stderr.includes('--sandbox host cannot run the buildpacks of a builder')],
      [3, true],
    );
    const order = await bed.build(['--output', 'oci:out', '--order', 'order.toml']);
    assert.deepEqual([order.code, order.stderr.includes('--order cannot replace the order of a builder')], [3, true]);
    assert.equal(order.stderr.includes('unpacked'), false, 'it was said after the work');
    const other = await bed.build(['--output', 'oci:out', '--builder', 'oci:run'], {}, []);
    assert.equal(other.code, 1, other.stderr);
    assert.match(other.stderr, /oci:run is no builder: it has no \/cnb\/order\.toml/);
    assert.equal(existsSync(join(bed.fixture.directory, 'out')), false);
  });
});

interface BuilderBed {
  readonly fixture: BuildFixture;
  readonly build: (
    args: readonly string[],
    env?: Readonly<Record<string, string>>,
    builder?: readonly string[],
  ) => Promise<ProgramResult>;
}

/** A builder `oci:builder` made by the program, over a busybox build image; undefined where the machine cannot run it. */
async function builderBed(
  t: TestContext,
  { links = [], more = '' }: { readonly links?: readonly (readonly [string, string])[]; readonly more?: string } = {},
): Promise<BuilderBed | undefined> {
  const busybox = findTool('busybox');
  if (busybox === undefined || findTool('bwrap') === undefined) {
    missingPeer(t, 'busybox and bubblewrap are needed');
    return undefined;
  }
  const looker = { ...LOOKER, build: `${LOOKER.build}\n${more}` };
  const fixture = await buildFixture(t, { buildpacks: [looker], base: { entries: busyboxEntries(busybox) } });
  const { directory } = fixture;
  const ctx = testContext(t);
  await using sink = await openLayoutSink(join(directory, 'base'), 'base', ctx);
  const platform = { os: 'linux', architecture: 'amd64' };
  const env = ['PATH=/usr/bin:/bin', 'CNB_USER_ID=1001', 'CNB_GROUP_ID=1002'];
  sink.tag(
    undefined,
    await putBase(sink, platform, ctx, { entries: [...busyboxEntries(busybox), ...links.flatMap(linkEntries)], env }),
  );
  await sink.commit(ctx);
  writeFileSync(
    join(directory, 'builder.toml'),
    [
      '[build]\nimage = "oci:base"\n[[build.env]]\nname = "BP_X"\nvalue = "from the builder"\n',
      '[[run.images]]\nimage = "oci:run"\n',
      '[[buildpacks]]\nuri = "bps/test_looker/1.0.0"\n',
      '[[order]]\n[[order.group]]\nid = "test/looker"\n',
    ].join(''),
  );
  const home = join(directory, 'home');
  const options = { cwd: directory, env: { HOME: home, TMPDIR: directory } };
  const made = await slipway(['builder', 'create', 'oci:builder', '--config', 'builder.toml'], options);
  assert.equal(made.code, 0, made.stderr);
  return {
    fixture,
    build: (args, more = {}, builder = ['--builder', 'oci:builder']) =>
      slipway(['build', 'shop', '--path', 'app', ...builder, ...args], {
        ...options,
        env: { ...options.env, ...more },
      }),
  };
}

/** A link with the directories above it. */
function linkEntries([path, target]: readonly [string, string]): readonly LayerEntry[] {
  const owner = { uid: 0, gid: 0 };
  const parents = path.split('/').slice(1, -1);
  const directories = parents.map((_, index) => `/${parents.slice(0, index + 1).join('/')}`);
  return [
    ...directories.map((directory): LayerEntry => ({ kind: 'directory', path: directory, mode: 0o755, ...owner })),
    { kind: 'symlink', path, target, mode: 0o777, ...owner },
  ];
}
