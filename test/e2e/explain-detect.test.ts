import assert from 'node:assert/strict';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { describe, it, type TestContext } from 'node:test';
import { buildFixture, type BuildFixture } from '../support/build-fixture.ts';
import { isObject } from '../../src/schema/reader.ts';
import { slipway, type ProgramResult } from '../support/program.ts';
import type { SampleBuildpack } from '../support/sample-buildpacks.ts';

const plan = (text: string): string => `cat >"$2" <<'PLAN'\n${text}\nPLAN`;
const BUILDPACKS: readonly SampleBuildpack[] = [
  { id: 'acme/node', detect: 'echo "looked for package.json"; exit 100', build: 'true' },
  {
    id: 'acme/java',
    detect: `echo "found pom.xml"\n${plan('[[requires]]\nname = "jdk"\n[requires.metadata]\nversion = "17"')}`,
    build: 'true',
  },
  { id: 'acme/jdk', version: '1.2.0', detect: plan('[[provides]]\nname = "jdk"'), build: 'true' },
  { id: 'acme/extra', detect: plan('[[provides]]\nname = "extra"'), build: 'true' },
  { id: 'acme/arm', toml: '[[targets]]\nos = "linux"\narch = "arm64"\n', build: 'true' },
  { id: 'acme/test-only', toml: 'exec-env = ["test"]\n', build: 'true' },
  { id: 'acme/broken', detect: 'echo "no such tool" >&2; exit 3', build: 'true' },
];
const group = (...members: readonly string[]): string =>
  `[[order]]\n${members
    .map((member) => {
      const [name = '', optional] = member.split('?');
      const version = name === 'acme/jdk' ? '1.2.0' : '1.0.0';
      return `[[order.group]]\nid = "${name}"\nversion = "${version}"\n${optional === undefined ? '' : 'optional = true\n'}`;
    })
    .join('')}`;

describe('slipway explain detect', () => {
  it('prints every group with what each buildpack said, and which one a build takes', async (t) => {
    const { explain, fixture } = await bedOf(t, [
      group('acme/node'),
      group('acme/jdk', 'acme/extra?', 'acme/java'),
      group('acme/arm'),
      group('acme/java', 'acme/jdk'),
      group('acme/jdk', 'acme/java'),
    ]);
    const { code, stdout, stderr } = await explain([]);
    assert.equal(code, 0, stderr);
    assert.equal(
      stdout,
      `target    linux/amd64 with test 1   execution environment production

group 1   does not pass
  acme/node 1.0.0  fail
    | looked for package.json

group 2   passes, as the first: chosen
  acme/jdk 1.2.0    pass            provides jdk
  acme/extra 1.0.0  pass, left out  provides extra; nothing requires its extra
  acme/java 1.0.0   pass            requires jdk
    | found pom.xml

group 3   does not pass
  acme/arm 1.0.0  cannot run  supports linux/arm64 only, target is linux/amd64

group 4   does not pass
  acme/java 1.0.0  pass  requires jdk; acme/jdk 1.2.0 provides jdk only after it
  acme/jdk 1.2.0   pass  provides jdk; nothing requires its jdk

group 5   would pass, but group 2 comes first
  acme/jdk 1.2.0   pass  provides jdk
  acme/java 1.0.0  pass  requires jdk

chosen    group 2: acme/jdk 1.2.0, acme/java 1.0.0
plan      jdk  provided by acme/jdk 1.2.0  required once, as 17
`,
    );
    assert.deepEqual(readdirSync(fixture.directory).sort(), ['app', 'bps', 'home', 'order.toml', 'run']);
    assert.equal(existsSync(`${fixture.directory}/home/.cache/slipway/builds`), false);
  });

  it('says what every group lacks when none passes, with the exit code of detection', async (t) => {
    const { explain } = await bedOf(t, [
      group('acme/node', 'acme/java'),
      group('acme/jdk', 'acme/broken'),
      group('acme/java', 'acme/test-only?'),
    ]);
    const { code, stdout, stderr } = await explain([]);
    assert.equal(code, 21, stderr);
    assert.equal(
      stdout,
      `target    linux/amd64 with test 1   execution environment production

group 1   does not pass
  acme/node 1.0.0  fail
    | looked for package.json
  acme/java 1.0.0  pass  requires jdk; nothing before it provides jdk
    | found pom.xml

group 2   does not pass
  acme/jdk 1.2.0     pass     provides jdk; nothing requires its jdk
  acme/broken 1.0.0  error 3
    | no such tool

group 3   does not pass
  acme/java 1.0.0       pass     requires jdk; nothing before it provides jdk
  acme/test-only 1.0.0  skipped  is for the execution environment test only, this build is for production

chosen    none: no group passes
nearest   group 1: it would pass if acme/node did not fail
`,
    );
  });

  it('is one event as JSON', async (t) => {
    const { explain } = await bedOf(t, [group('acme/node')]);
    const { code, stdout } = await explain(['--json']);
    assert.equal(code, 20);
    const events = stdout
      .trim()
      .split('\n')
      .map((line): unknown => JSON.parse(line));
    const found = events.find((event) => isObject(event) && event['type'] === 'detect.explained');
    assert.ok(isObject(found));
    assert.deepEqual(found['groups'], [
      {
        group: '1',
        passed: false,
        buildpacks: [
          {
            buildpack: 'acme/node@1.0.0',
            optional: false,
            result: 'fail',
            exitCode: 100,
            lines: ['looked for package.json'],
            missing: [],
            unused: [],
            takesPart: false,
            plans: [],
          },
        ],
      },
    ]);
  });

  it('is one of the topics that explain lists', async () => {
    const { code, stdout } = await slipway(['explain']);
    assert.equal(code, 0);
    assert.match(stdout, /^slipway auth explain REFERENCE .*\nslipway explain detect APP --builder LOCATION /m);
  });
});

interface ExplainBed {
  readonly fixture: BuildFixture;
  readonly explain: (args: readonly string[]) => Promise<ProgramResult>;
}

async function bedOf(t: TestContext, groups: readonly string[]): Promise<ExplainBed> {
  const fixture = await buildFixture(t, { buildpacks: BUILDPACKS });
  const { directory } = fixture;
  writeFileSync(fixture.order, groups.join(''));
  const given = ['--buildpacks', 'bps', '--order', 'order.toml', '--run-image', 'oci:run'];
  const env = { HOME: `${directory}/home`, TMPDIR: directory };
  return {
    fixture,
    explain: (args) => slipway(['explain', 'detect', 'app', ...given, ...args], { cwd: directory, env }),
  };
}
