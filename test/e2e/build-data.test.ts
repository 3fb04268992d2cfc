import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { parseLocation } from '../../src/oci/location.ts';
import type { Image } from '../../src/ports/image.ts';
import type { LayerEntry } from '../../src/layer/layer-source.ts';
import { openLayoutSink } from '../../src/store/layout/layout-sink.ts';
import { openLayout } from '../../src/store/layout/layout-source.ts';
import { selectImage } from '../../src/store/select.ts';
import { builderBed, type BuilderBed } from '../support/builder-bed.ts';
import { putBase } from '../support/base-images.ts';
import { findTool } from '../support/peers.ts';
import { testContext } from '../support/context.ts';
import { slipway, type ProgramResult } from '../support/program.ts';
import type { SampleBuildpack } from '../support/sample-buildpacks.ts';

/** Says at detect and at build what it sees at the places of the tests, tries to write there, and leaves SBOM files. */
const LOOK = `look() {
  for f in /data/facts /kept/facts /workspace/sub/shared/facts /platform/bindings/maven/type /platform/bindings/maven/settings; do
    [ -e "$f" ] && echo "$1 $f=$(cat "$f")"
  done
  for d in /data /kept; do [ -d "$d" ] && { (echo "$1" >"$d/by-$1") 2>/dev/null && echo "$1 wrote $d" || echo "$1 refused $d"; }; done
  echo "$1 pwd=$(pwd) root=\${SERVICE_BINDING_ROOT:-none} bindings=\${CNB_BINDINGS:-none}"
}`;
const LOOKER: SampleBuildpack = {
  id: 'test/looker',
  toml: 'sbom-formats = ["application/vnd.cyclonedx+json"]\n',
  detect: `${LOOK}\nlook detect`,
  build: `${LOOK}
look build
echo '{}' >"$1/launch.sbom.cdx.json"
echo '{}' >"$1/build.sbom.cdx.json"
mkdir -p "$1/kept"
echo '{}' >"$1/kept.sbom.cdx.json"
printf '[types]\nlaunch = true\ncache = true\n' >"$1/kept.toml"
printf '[[processes]]\ntype = "web"\ncommand = ["/bin/true"]\ndefault = true\n' >"$1/launch.toml"`,
};

describe('slipway build: volumes, bindings and directories', () => {
  it('shows volumes to detect and build, read-only unless rw, and keeps a named one; none of it is in the image', async (t) => {
    const bed = await lookerBed(t);
    if (bed === undefined) return;
    const { directory } = bed.fixture;
    mkdirSync(join(directory, 'data'));
    writeFileSync(join(directory, 'data', 'facts'), 'from-here');
    await built(bed, ['--output', 'oci:plain', '--quiet']);
    const first = await built(bed, [
      '--volume',
      './data:/data',
      '--volume',
      'kept:/kept:rw',
      ...VERBOSE,
      '--output',
      'oci:one',
    ]);
    assert.deepEqual(seen(first.stderr, /^(detect|build) (\/|wrote|refused)/), [
      'detect /data/facts=from-here',
      'detect refused /data',
      'detect wrote /kept',
      'build /data/facts=from-here',
      'build refused /data',
      'build wrote /kept',
    ]);
    const volume = join(directory, 'home', '.cache', 'slipway', 'volumes', 'kept');
    assert.equal(readFileSync(join(volume, 'by-build'), 'utf8'), 'build\n');
    assert.ok(first.stderr.includes(`note: --volume kept:/kept:rw: the volume kept is ${volume}`), first.stderr);
    assert.equal(existsSync(join(directory, 'data', 'by-build')), false);
    assert.equal((await imageOf(t, bed, 'one')).manifestDigest, (await imageOf(t, bed, 'plain')).manifestDigest);
  });

  it('says that a volume in the app comes into the image as an empty directory', async (t) => {
    const bed = await lookerBed(t);
    if (bed === undefined) return;
    mkdirSync(join(bed.fixture.directory, 'data'));
    writeFileSync(join(bed.fixture.directory, 'data', 'facts'), 'shared');
    const result = await built(bed, ['--volume', './data:/workspace/sub/shared', ...VERBOSE, '--output', 'oci:one']);
    assert.deepEqual(seen(result.stderr, /^build \//), ['build /workspace/sub/shared/facts=shared']);
    assert.match(result.stderr, /its files do not come into the image, an empty \/workspace\/sub\/shared does/);
  });

  it('shows a binding whose files are links, as Kubernetes mounts secrets, and passes none of its variables on', async (t) => {
    const bed = await lookerBed(t);
    if (bed === undefined) return;
    const data = join(bed.fixture.directory, 'secret', '..2026_01_01');
    mkdirSync(data, { recursive: true });
    writeFileSync(join(data, 'type'), 'maven');
    writeFileSync(join(data, 'settings'), 'settings-of-a-binding');
    symlinkSync('..2026_01_01', join(bed.fixture.directory, 'secret', '..data'));
    for (const name of ['type', 'settings']) symlinkSync(`..data/${name}`, join(bed.fixture.directory, 'secret', name));
    const result = await built(bed, ['--binding', 'maven=secret', ...VERBOSE, '--output', 'oci:one'], {
      SERVICE_BINDING_ROOT: '/elsewhere',
      CNB_BINDINGS: '/elsewhere',
    });
    assert.deepEqual(seen(result.stderr, /^(detect|build) (\/|pwd)/), [
      ...['detect', 'build'].flatMap((phase) => [
        `${phase} /platform/bindings/maven/type=maven`,
        `${phase} /platform/bindings/maven/settings=settings-of-a-binding`,
        `${phase} pwd=/workspace root=none bindings=none`,
      ]),
    ]);
    await built(bed, ['--output', 'oci:plain', '--quiet']);
    assert.equal((await imageOf(t, bed, 'one')).manifestDigest, (await imageOf(t, bed, 'plain')).manifestDigest);
  });

  it('puts the app where --workspace says, in the sandbox and in the image, and writes SBOM and report directories', async (t) => {
    const bed = await lookerBed(t);
    if (bed === undefined) return;
    const result = await built(bed, [
      ...['--workspace', 'srv/app', '--sbom-output-dir', 'sbom', '--report-output-dir', 'reports', ...VERBOSE],
      ...['--output', 'oci:one'],
    ]);
    assert.deepEqual(seen(result.stderr, /^build pwd/), ['build pwd=/srv/app root=none bindings=none']);
    const { config, rawConfig } = await imageOf(t, bed, 'one');
    assert.ok(config.env.includes('CNB_APP_DIR=/srv/app'), config.env.join(' '));
    assert.match(Buffer.from(rawConfig).toString(), /"WorkingDir":"\/srv\/app"/);
    const { directory } = bed.fixture;
    for (const file of [
      'launch/test_looker/sbom.cdx.json',
      'build/test_looker/sbom.cdx.json',
      'cache/test_looker/kept/sbom.cdx.json',
    ])
      assert.equal(readFileSync(join(directory, 'sbom', 'sbom', file), 'utf8'), '{}\n', file);
    assert.match(readFileSync(join(directory, 'reports', 'report.toml'), 'utf8'), /^\[image\]/m);
  });
});

describe('slipway build: caches', () => {
  it('keeps what buildpacks cache by the name of the image, lists it, and empties it when asked', async (t) => {
    const bed = await builderBed(t, { buildpacks: [COUNTER] });
    if (bed === undefined) return;
    const counted = async (args: readonly string[]): Promise<string | undefined> => {
      const result = await built(bed, [...args, ...VERBOSE, '--output', `docker-archive:out.tar`]);
      return seen(result.stderr, /^count /)[0];
    };
    assert.equal(await counted([]), 'count 1');
    assert.equal(await counted([]), 'count 2');
    assert.equal(await counted(['--clear-cache']), 'count 1');
    assert.equal(await counted(['--cache', 'format=none']), 'count 1');
    assert.equal(await counted(['--cache', 'type=build;format=oci;source=cache-layout']), 'count 1');
    assert.equal(await counted(['--cache', 'type=build;format=oci;source=cache-layout']), 'count 2');
    const both = await Promise.all([counted([]), counted([])]);
    assert.deepEqual([both[0], both[1]], ['count 2', 'count 2'], 'both began from what the last one left');
    const listed = await slipway(['cache', 'ls'], bed.options);
    assert.match(listed.stdout, /^builds +library_shop_latest-[0-9a-f]{12} .* shop$/m);
  });

  it('is a build without a cache where there is no place for one', async (t) => {
    const bed = await builderBed(t, { buildpacks: [COUNTER] });
    if (bed === undefined) return;
    writeFileSync(join(bed.fixture.directory, 'in-the-way'), '');
    const place = { SLIPWAY_CACHE_DIR: join(bed.fixture.directory, 'in-the-way') };
    const result = await built(bed, ['--output', 'oci:out', ...VERBOSE], place);
    assert.match(result.stderr, /warning: this build has no cache: .*in-the-way/);
    assert.match(result.stderr, /warning: the builder is unpacked for this build alone: .*in-the-way/);
    assert.deepEqual(seen(result.stderr, /^count /), ['count 1']);
  });
});

describe('slipway build: options of pack', () => {
  it('names the image more than once, takes the launcher of a lifecycle image, and explains what changes nothing', async (t) => {
    const bed = await lookerBed(t);
    if (bed === undefined) return;
    await writeLifecycleImage(t, bed);
    const foreign = ['--docker-host', 'inherit', '--trust-builder', '--trust-extra-buildpacks', '--userns-host'];
    const more = ['--interactive', '--sparse', '-r', 'official', '--pull-policy', 'if-not-present'];
    const result = await built(bed, [
      ...[
        ...VERBOSE,
        ...foreign,
        ...more,
        '-t',
        'acme/shop:2',
        '--tag',
        'shop:latest',
        '--lifecycle-image',
        'oci:lifecycle',
      ],
      ...['--disable-system-buildpacks', '--output', 'oci:one', '--output', 'docker-archive:one.tar'],
    ]);
    for (const flag of [...foreign, ...more].filter((word) => word.startsWith('--')))
      assert.ok(result.stderr.includes(`note: ${flag}`), `${flag} is not explained:\n${result.stderr}`);
    assert.match(result.stderr, /launcher +builder: /);
    const index = readFileSync(join(bed.fixture.directory, 'one', 'index.json'), 'utf8');
    const listed = [...index.matchAll(/"org\.opencontainers\.image\.ref\.name": ?"([^"]+)"/g)].map(([, name]) => name);
    assert.deepEqual(listed.sort(), ['index.docker.io/acme/shop:2', 'index.docker.io/library/shop:latest', 'shop']);
    const archive = readFileSync(join(bed.fixture.directory, 'one.tar'), 'latin1');
    assert.match(archive, /"RepoTags":\[[^\]]*acme\/shop:2"/);
  });

  it('refuses what would give another image than was meant, before any work', async (t) => {
    const bed = await lookerBed(t);
    if (bed === undefined) return;
    const cases: readonly (readonly [readonly string[], RegExp])[] = [
      [['--platform', 'linux/amd64,linux/arm64'], /one build makes an image for one platform/],
      [['--pull-policy', 'never'], /--pull-policy never: what a name stood for earlier is not remembered/],
      [['--uid', '-1'], /--uid "-1" is not a number|--uid/],
      [['--creation-time', 'soon'], /"soon" is not a time/],
      [['--report', 'a', '--report-output-dir', 'b'], /supply only one of --report and --report-output-dir/],
      [['--launcher', 'shell', '--lifecycle-image', 'oci:builder'], /both name the launcher/],
      [
        ['--builder', 'docker.io/library/shop:base'],
        /the image cannot be shop: .*library\/shop is the builder’s repository/,
      ],
      [['--lifecycle-image', 'shop:0.20'], /is the lifecycle image’s repository/],
      [['--output', 'oci:run', '--run-image', 'oci:run:shop'], /the image would replace its own run image/],
      [['--volume', 'nowhere/x:/data'], /there is no nowhere\/x here/],
      [['--sandbox', 'host', '--volume', './app:/data'], /--sandbox host|--volume needs a sandbox/],
      [['--cache', 'format=none', '--cache-dir', 'x'], /the build cache has two places/],
    ];
    for (const [args, message] of cases) {
      const builder = args.includes('--builder') ? [] : ['--builder', 'oci:builder'];
      const refused = await bed.build([...args, '--output', 'oci:out'], {}, builder);
      assert.deepEqual([refused.code, existsSync(join(bed.fixture.directory, 'out'))], [3, false], refused.stderr);
      assert.match(refused.stderr, message);
    }
  });
});

const VERBOSE = ['--verbose'];
/** Counts its builds in a cached layer. */
const COUNTER: SampleBuildpack = {
  id: 'test/counter',
  build: `mkdir -p "$1/kept"
printf '[types]\\ncache = true\\n' >"$1/kept.toml"
n=$(($(cat "$1/kept/count" 2>/dev/null || echo 0) + 1)); echo $n >"$1/kept/count"; echo "count $n"
printf '[[processes]]\\ntype = "web"\\ncommand = ["/bin/true"]\\ndefault = true\\n' >"$1/launch.toml"`,
};

function lookerBed(t: TestContext): Promise<BuilderBed | undefined> {
  return builderBed(t, { buildpacks: [LOOKER] });
}

/** `oci:lifecycle`: an image with a launcher, which is busybox. */
async function writeLifecycleImage(t: TestContext, { fixture }: BuilderBed): Promise<void> {
  const owner = { mode: 0o755, uid: 0, gid: 0 };
  const bytes = readFileSync(findTool('busybox') ?? '');
  const entries: readonly LayerEntry[] = [
    { kind: 'directory', path: '/cnb', ...owner },
    { kind: 'directory', path: '/cnb/lifecycle', ...owner },
    { kind: 'file', path: '/cnb/lifecycle/launcher', bytes, ...owner },
  ];
  const ctx = testContext(t);
  await using sink = await openLayoutSink(join(fixture.directory, 'lifecycle'), 'lifecycle', ctx);
  sink.tag(undefined, await putBase(sink, { os: 'linux', architecture: 'amd64' }, ctx, { entries }));
  await sink.commit(ctx);
}

/** A build that must go well. */
async function built(
  bed: BuilderBed,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<ProgramResult> {
  const result = await bed.build(args, env);
  assert.equal(result.code, 0, result.stderr);
  return result;
}

/** The image in a layout of the bed. */
function imageOf(t: TestContext, bed: BuilderBed, layout: string): Promise<Image> {
  const dir = join(bed.fixture.directory, layout);
  const options = { role: 'image', hostArchitecture: 'amd64' } as const;
  return selectImage(openLayout(dir), parseLocation(`oci:${dir}`), testContext(t), options);
}

/** Lines of buildpacks that match, in order. */
function seen(stderr: string, pattern: RegExp): readonly string[] {
  return stderr
    .split('\n')
    .map((line) => line.replace(/^[ │|]+/, '').trim())
    .filter((line) => pattern.test(line));
}
