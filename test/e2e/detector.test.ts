import assert from 'node:assert/strict';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { buildFixture } from '../support/build-fixture.ts';
import { parseObject, runBuild, runCreator } from '../support/build-runs.ts';
import { lifecycleBed } from '../support/lifecycle-bed.ts';
import { HELLO, type SampleBuildpack } from '../support/sample-buildpacks.ts';

const NODE: SampleBuildpack = {
  id: 'acme/node',
  version: '2.1.0',
  detect: 'echo "no package.json"; exit 100',
  build: '',
};
const JAVA: SampleBuildpack = {
  id: 'acme/java',
  version: '3.0.0',
  detect: `printf '[[requires]]\\nname = "jdk"\\n' > "$2"`,
  build: '',
};
const JDK: SampleBuildpack = {
  id: 'acme/jdk',
  version: '1.2.0',
  detect: 'echo reading .jdk-version; echo "permission denied" >&2; exit 3',
  build: '',
};
const ORDER = [[NODE], [JAVA, JDK]];
const ORDER_TOML = ORDER.map(
  (group) =>
    `[[order]]\n${group.map(({ id, version }) => `[[order.group]]\nid = "${id}"\nversion = "${version ?? ''}"\n`).join('')}`,
).join('');
const TABLE = [
  'group 1   acme/node 2.1.0  fail     no package.json',
  'group 2   acme/java 3.0.0  pass     needs "jdk"',
  '          acme/jdk 1.2.0   error 3  reading .jdk-version',
  '                                    permission denied',
  'nearest   group 2: it would pass if acme/jdk did not fail',
  'do        mend what acme/jdk 1.2.0 reports, or choose other buildpacks',
].map((line) => `  ${line}\n`);

describe('the detector', () => {
  it('writes group.toml and plan.toml below the layers directory (D-06, D-08)', async (t) => {
    const bed = await lifecycleBed(t, {
      buildpacks: [
        {
          ...HELLO,
          toml: 'homepage = "https://hello.example"\n',
          detect: `printf '[[provides]]\\nname = "x"\\n' > "$2"`,
        },
        { id: 'test/user', build: '', detect: `printf '[[requires]]\\nname = "x"\\n' > "$2"` },
      ],
    });
    const result = await bed.run('detector', ['-app', 'app', '-buildpacks', 'bps', '-order', 'order.toml']);
    assert.equal(result.code, 0, result.stdout);
    assert.equal(
      bed.text('layers/group.toml'),
      `[[group]]
  id = "test/hello"
  version = "1.0.0"
  api = "0.12"
  homepage = "https://hello.example"

[[group]]
  id = "test/user"
  version = "1.0.0"
  api = "0.12"
`,
    );
    assert.match(bed.text('layers/plan.toml'), /id = "test\/hello"[\s\S]*name = "x"/);
  });

  it('takes no arguments (D-01)', async (t) => {
    const bed = await lifecycleBed(t);
    const result = await bed.run('detector', ['app']);
    assert.equal(result.code, 3);
    assert.equal(result.stdout, 'ERROR: failed to parse arguments: received unexpected arguments\n');
  });

  it('takes all of its places from the environment (D-07)', async (t) => {
    const bed = await lifecycleBed(t);
    bed.write('app/wanted', '');
    const result = await bed.run('detector', [], {
      CNB_APP_DIR: join(bed.directory, 'app'),
      CNB_BUILDPACKS_DIR: join(bed.directory, 'bps'),
      CNB_ORDER_PATH: join(bed.directory, 'order.toml'),
      CNB_GROUP_PATH: join(bed.directory, 'layers/other-group.toml'),
      CNB_PLAN_PATH: join(bed.directory, 'layers/other-plan.toml'),
    });
    assert.equal(result.code, 0, result.stdout);
    assert.match(bed.text('layers/other-group.toml'), /id = "test\/hello"/);
    assert.equal(bed.text('layers/other-plan.toml'), '');
    assert.equal(existsSync(join(bed.directory, 'layers/group.toml')), false);
  });

  it('merges system.toml into the order from Platform API 0.15 on; a missing one is none (D-58)', async (t) => {
    const bed = await lifecycleBed(t, { buildpacks: [HELLO, { id: 'test/pre', build: '' }] });
    bed.write('order.toml', '[[order]]\n[[order.group]]\nid = "test/hello"\nversion = "1.0.0"\n');
    bed.write('system.toml', '[[system.pre.buildpacks]]\nid = "test/pre"\nversion = "1.0.0"\n');
    const args = ['-app', 'app', '-buildpacks', 'bps', '-order', 'order.toml'];
    const shown = async (more: readonly string[], api: string): Promise<string> =>
      (await bed.run('detector', [...args, ...more, '-log-level', 'debug'], { CNB_PLATFORM_API: api })).stdout;
    assert.match(await shown(['-system', 'system.toml'], '0.15'), /^test\/pre {3}1\.0\.0\ntest\/hello 1\.0\.0$/m);
    const missing = await shown(['-system', 'nowhere.toml'], '0.15');
    assert.match(missing, /^No system buildpacks found at path ".*nowhere\.toml"$/m);
    assert.match(missing, /\ntest\/hello 1\.0\.0\n/);
    assert.doesNotMatch(await shown([], '0.14'), /test\/pre/);
  });
});

describe('a detection that found nothing is explained', () => {
  it('by the detector, at the usual log level, after the lines of the Go lifecycle', async (t) => {
    const bed = await lifecycleBed(t, { buildpacks: ORDER.flat() });
    bed.write('order.toml', ORDER_TOML);
    const result = await bed.run('detector', ['-app', 'app', '-buildpacks', 'bps', '-order', 'order.toml']);
    assert.equal(result.code, 21);
    const end = [
      'err:  acme/jdk@1.2.0 (3)\n',
      'ERROR: No buildpack groups passed detection.\n',
      'ERROR: failed to detect: buildpack(s) failed with err\n',
      ...TABLE,
    ].join('');
    assert.ok(result.stdout.endsWith(end), result.stdout);
  });

  it('by the creator', async (t) => {
    const fixture = await buildFixture(t, { buildpacks: ORDER.flat() });
    writeFileSync(fixture.order, ORDER_TOML);
    const result = await runCreator(fixture, ['-no-color', 'oci:out']);
    assert.equal(result.code, 21);
    assert.ok(
      result.stdout.endsWith(`ERROR: failed to detect: buildpack(s) failed with err\n${TABLE.join('')}`),
      result.stdout,
    );
  });

  it('by slipway build, in text and as data', async (t) => {
    const fixture = await buildFixture(t, { buildpacks: ORDER.flat() });
    writeFileSync(fixture.order, ORDER_TOML);
    const plain = await runBuild(fixture, ['--output', 'oci:out', '--progress', 'plain']);
    assert.equal(plain.code, 21);
    const first = 'error: no group of buildpacks fits the app, and at least one of them failed   [DETECT_FAILED]\n';
    assert.ok(plain.stderr.endsWith(`${first}${TABLE.join('')}`), plain.stderr);
    const json = await runBuild(fixture, ['--output', 'oci:out', '--json']);
    const events = json.stdout.trim().split('\n').map(parseObject);
    const failed = events.find(({ type }) => type === 'detect.failed');
    const passed = { optional: false, missing: [], unused: [] };
    assert.deepEqual(failed?.['groups'], [
      {
        group: '1',
        buildpacks: [
          { ...passed, buildpack: 'acme/node@2.1.0', result: 'fail', exitCode: 100, lines: ['no package.json'] },
        ],
      },
      {
        group: '2',
        buildpacks: [
          {
            ...passed,
            buildpack: 'acme/java@3.0.0',
            result: 'pass',
            exitCode: 0,
            lines: [],
            missing: [{ name: 'jdk' }],
          },
          {
            ...passed,
            buildpack: 'acme/jdk@1.2.0',
            result: 'error',
            exitCode: 3,
            lines: ['reading .jdk-version', 'permission denied'],
          },
        ],
      },
    ]);
    const error = events.at(-1);
    assert.deepEqual([error?.['type'], error?.['code'], error?.['exitCode']], ['error', 'DETECT_FAILED', 21]);
  });
});
