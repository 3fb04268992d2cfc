import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, it } from 'node:test';
import { encodeGroup } from '../../src/cnb/files/group.ts';
import { platformFeatures } from '../../src/cnb/features.ts';
import { encodeMetadata } from '../../src/cnb/files/metadata.ts';
import { decodeOrder } from '../../src/cnb/files/order.ts';
import { encodePlan } from '../../src/cnb/files/plan.ts';
import { build } from '../../src/phases/build.ts';
import { detect } from '../../src/phases/detect.ts';
import { testContext } from '../support/context.ts';
import { STRATEGIES } from '../support/sandbox.ts';
import { logText, Workbench } from '../support/workbench.ts';

const GOLDEN = 'testdata/golden';

const ARM64_ONLY = [
  '======== Error: oracle/arm64@1.0.0 ========',
  'unable to satisfy target os/arch constraints; run image: {"id":"oracle.base","os":"linux","arch":"amd64","distro":{"name":"oracle","version":"1"}}, buildpack: [{"os":"linux","arch":"arm64","distros":[{"name":"oracle","version":"1"}]}]',
  '======== Results ========',
];

/** The recorded detection at level debug, without its timer. */
const DETECT_LINES = [
  'Checking for match against descriptor: {linux arm64  [{oracle 1}]}',
  'Checking for match against descriptor: {linux   []}',
  'Checking for match against descriptor: {linux   []}',
  'Checking for match against descriptor: {linux amd64  []}',
  'Checking for match against descriptor: {linux   []}',
  'Checking for match against descriptor: {linux amd64  []}',
  'Checking for match against descriptor: {linux arm64  [{oracle 1}]}',
  ...ARM64_ONLY,
  'err:  oracle/arm64@1.0.0',
  'pass: oracle/hello@1.0.0',
  ...ARM64_ONLY,
  'pass: oracle/hello@1.0.0',
  'pass: oracle/moon@1.0.0',
  'pass: oracle/layers@2.1.0',
  'pass: oracle/amd64@1.0.0',
  'err:  oracle/arm64@1.0.0',
  'Resolving plan... (try #1)',
  '4 of 5 buildpacks participating',
  'oracle/hello  1.0.0',
  'oracle/moon   1.0.0',
  'oracle/layers 2.1.0',
  'oracle/amd64  1.0.0',
];

/** One buildpack's turn at level debug, around what it prints. */
function turn(name: string, ...output: readonly string[]): readonly string[] {
  const before = [
    'Looking up buildpack',
    'Finding plan',
    'Creating plan directory',
    'Preparing paths',
    'Running build command',
  ];
  const after = [
    'Processing layers',
    'Updating environment',
    'Reading output files',
    'Updating buildpack processes',
    'Updating process list',
  ];
  return [
    `Running build for buildpack ${name}`,
    ...before,
    ...output,
    ...after,
    `Finished running build for buildpack ${name}`,
  ];
}

/** The recorded first build at level debug, without its timer. */
const BUILD_LINES = [
  ...turn(
    'oracle/hello@1.0.0',
    'hello: layers=/layers/oracle_hello platform=/platform',
    'hello: plan follows',
    '[[entries]]',
    '  name = "greeting"',
    '',
    '[[entries]]',
    '  name = "greeting"',
    '  [entries.metadata]',
    '    craters = 3',
    '    phases = ["new", "full"]',
    '    world = "moon"',
    'hello: env',
    'BP_SETTING=x',
    'CNB_BUILDPACK_DIR=/cnb/buildpacks/oracle_hello/1.0.0',
    'CNB_LAYERS_DIR=/layers/oracle_hello',
    'CNB_PLATFORM_DIR=/platform',
    'CNB_TARGET_ARCH=amd64',
    'CNB_TARGET_DISTRO_NAME=oracle',
    'CNB_TARGET_DISTRO_VERSION=1',
    'CNB_TARGET_OS=linux',
    'HOME=/home/cnb',
    'ORACLE_PLATFORM=from-platform',
    'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  ),
  ...turn('oracle/moon@1.0.0', 'moon: plan has 0 entries'),
  ...turn(
    'oracle/layers@2.1.0',
    ...['launch-only', 'build-only', 'cache-only', 'all', 'launch-cache'].map(
      (name) => `layers: before: ${name}: absent`,
    ),
    'layers: done for 1',
  ),
  ...turn('oracle/amd64@1.0.0', 'oracle_amd64: target=linux/amd64 distro=oracle/1 exec=production'),
  'Copying SBOM files',
  'Creating SBOM files for legacy BOM',
  'Listing processes',
];

function unpack(archive: string, directory: string, ...options: readonly string[]): void {
  mkdirSync(directory, { recursive: true });
  const result = spawnSync('tar', ['-xpf', resolve(GOLDEN, 'fixtures', archive), '-C', directory, ...options]);
  assert.equal(result.status, 0, String(result.stderr));
}

for (const strategy of STRATEGIES) {
  describe(`the recorded build under ${strategy.name}`, () => {
    it('has the same lines, group, plan, metadata and SBOM files', async (t) => {
      const sandbox = await strategy.open(t);
      if (sandbox === undefined) return;
      const bench = new Workbench(t);
      unpack('buildpacks.tar', bench.dirs.buildpacks.real, '--strip-components=1');
      unpack('app-v1.tar', bench.app);
      cpSync(join(GOLDEN, 'fixtures', 'platform'), bench.dirs.platform.real, { recursive: true });
      const order = decodeOrder(readFileSync(join(GOLDEN, 'fixtures', 'order.toml')), 'order.toml').order;
      const input = bench.input(order, {
        target: { id: 'oracle.base', os: 'linux', arch: 'amd64', distro: { name: 'oracle', version: '1' } },
        inheritedEnv: { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', HOME: '/home/cnb' },
      });
      const ports = { sandbox, modules: bench.modules };
      const { layers, app, platform, buildpacks } = bench.dirs;
      const directories = [layers, app, platform, buildpacks].map(({ real, logical }) => ({ real, logical }));
      /** Without sandbox buildpacks see real paths. */
      const asRecorded = (lines: readonly string[]): readonly string[] =>
        lines
          .filter((line) => !line.startsWith('Timer: '))
          .map((line) => directories.reduce<string>((text, place) => text.replaceAll(place.real, place.logical), line));

      const detecting = testContext(t);
      const { group, plan } = await detect(input, ports, detecting);
      assert.deepEqual(asRecorded(logText(detecting.events)), DETECT_LINES);
      assert.equal(encodeGroup(group), golden('group.toml'));
      assert.equal(encodePlan(plan), golden('plan.toml'));

      const building = testContext(t);
      const { metadata } = await build({ ...input, group, plan }, ports, building);
      assert.deepEqual(asRecorded(logText(building.events)), BUILD_LINES);
      assert.equal(encodeMetadata(metadata, platformFeatures('0.15')), golden('config/metadata.toml'));
      const sbom = join(GOLDEN, 'registry-5phase', 'layers-dir', 'sbom');
      assert.deepEqual(filesBelow(join(bench.layers, 'sbom')), filesBelow(sbom));
    });
  });
}

function golden(path: string): string {
  return readFileSync(join(GOLDEN, 'registry-5phase', 'layers-dir', path), 'utf8');
}

function filesBelow(directory: string): Readonly<Record<string, string>> {
  const names = readdirSync(directory, { recursive: true, encoding: 'utf8' }).sort();
  const files = names.filter((name) => statSync(join(directory, name)).isFile());
  return Object.fromEntries(files.map((name) => [name, readFileSync(join(directory, name), 'utf8')]));
}
