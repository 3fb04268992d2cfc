import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { lifecycleBed, type LifecycleBed } from '../support/lifecycle-bed.ts';
import type { SampleBuildpack } from '../support/sample-buildpacks.ts';

const BUILDPACK: SampleBuildpack = {
  id: 'test/sample',
  toml: 'homepage = "https://example.com"\n',
  build: `echo "provides: $(sed -n 's/.*name = //p' "$3" | tr '\\n' ' ')"
printf '[[processes]]\\ntype = "web"\\ncommand = ["run", "it"]\\nargs = ["x"]\\n' >"$1/launch.toml"`,
};
const ELEMENT = '  id = "test/sample"\n  version = "1.0.0"\n  api = "0.12"\n';
const GROUP = `[[group]]\n${ELEMENT}  homepage = "https://example.com"\n`;
const EXTENSION =
  '[[group-extensions]]\n  id = "an/extension"\n  version = "0.1"\n  api = "0.10"\n  homepage = "https://ext.example"\n';
const PLAN = `[[entries]]
  [[entries.providers]]
    id = "test/sample"
    version = "1.0.0"
  [[entries.requires]]
    name = "tool"
  [[entries.requires]]
    name = "tool"

[[entries]]
  [[entries.providers]]
    id = "another"
    version = "1.0.0"
  [[entries.requires]]
    name = "other"
`;
const ARGS = ['-app', 'app', '-buildpacks', 'bps', '-platform', 'platform'];

async function bedWith(t: TestContext, group = GROUP, plan = PLAN): Promise<LifecycleBed> {
  const bed = await lifecycleBed(t, { buildpacks: [BUILDPACK] });
  bed.write('layers/group.toml', group);
  bed.write('layers/plan.toml', plan);
  return bed;
}

describe('the builder', () => {
  it('makes metadata.toml of the group and plan in the layers directory (B-02, B-04, B-07, B-36)', async (t) => {
    const bed = await bedWith(t, `${GROUP}\n${EXTENSION}`);
    const result = await bed.run('builder', ARGS);
    assert.equal(result.code, 0, result.stdout);
    assert.match(result.stdout, /^provides: "tool" "tool" $/m);
    assert.equal(
      bed.text('layers/config/metadata.toml'),
      `[[buildpacks]]
  id = "test/sample"
  version = "1.0.0"
  api = "0.12"
  homepage = "https://example.com"

[[extensions]]
  id = "an/extension"
  version = "0.1"
  api = "0.10"
  homepage = "https://ext.example"

[[processes]]
  type = "web"
  command = ["run", "it"]
  args = ["x"]
  direct = true
  buildpack-id = "test/sample"
`,
    );
  });

  it('takes group and plan from other places (B-07)', async (t) => {
    const bed = await bedWith(t, 'not TOML', 'not TOML');
    bed.write('elsewhere/group.toml', GROUP);
    bed.write('elsewhere/plan.toml', PLAN);
    const flags = ['-group', 'elsewhere/group.toml', '-plan', 'elsewhere/plan.toml'];
    assert.equal((await bed.run('builder', [...ARGS, ...flags])).code, 0);
    const env = { CNB_GROUP_PATH: 'elsewhere/group.toml', CNB_PLAN_PATH: 'elsewhere/plan.toml' };
    assert.equal((await bed.run('builder', ARGS, env)).code, 0);
  });

  it('takes no arguments: exit 3 (B-01)', async (t) => {
    const result = await (await bedWith(t)).run('builder', [...ARGS, 'image']);
    assert.equal(result.code, 3);
    assert.match(result.stdout, /^ERROR: failed to parse arguments: received unexpected arguments$/m);
  });

  it('ends well with an empty group, and with an empty plan (B-05, B-06)', async (t) => {
    const empty = await bedWith(t, '', '');
    assert.equal((await empty.run('builder', ARGS)).code, 0);
    assert.equal(empty.text('layers/config/metadata.toml'), 'processes = []\n');
    const result = await (await bedWith(t, GROUP, '')).run('builder', ARGS);
    assert.equal(result.code, 0);
    assert.match(result.stdout, /^provides: $/m);
  });

  for (const [what, flags, group, plan, code, says] of [
    [
      'a missing group (B-05)',
      ['-group', 'none.toml'],
      GROUP,
      PLAN,
      1,
      /^ERROR: failed to read group file: .*none\.toml/m,
    ],
    ['a malformed group (B-05)', [], '[[group]', PLAN, 1, /^ERROR: failed to read group file: .*group\.toml:1:/m],
    [
      'a group of an API that is not known (B-05)',
      [],
      GROUP.replace('0.12', '0.99'),
      PLAN,
      12,
      /'0\.99' is incompatible/,
    ],
    [
      'a missing plan (B-06)',
      ['-plan', 'none.toml'],
      GROUP,
      PLAN,
      1,
      /^ERROR: failed to read plan file: .*none\.toml/m,
    ],
    ['a malformed plan (B-06)', [], GROUP, '[[entries', 1, /^ERROR: failed to read plan file: .*plan\.toml:1:/m],
  ] as const)
    it(`ends with exit ${String(code)} for ${what}`, async (t) => {
      const result = await (await bedWith(t, group, plan)).run('builder', [...ARGS, ...flags]);
      assert.equal(result.code, code, result.stdout);
      assert.match(result.stdout, says);
      assert.doesNotMatch(result.stdout, /^provides:/m);
    });
});
