import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { detect, type DetectInput, type DetectOutput } from '../../src/phases/detect.ts';
import { moduleName, type Order } from '../../src/cnb/module.ts';
import { testContext, type TestContextOf } from '../support/context.ts';
import { STRATEGIES } from '../support/sandbox.ts';
import { hostSandbox } from '../../src/sandbox/host.ts';
import { logText, Workbench } from '../support/workbench.ts';

const PROVIDES_X = `printf '[[provides]]\\nname = "x"\\n' > "$2"`;
const REQUIRES_X = `printf '[[requires]]\\nname = "x"\\n' > "$2"`;

function run(bench: Workbench, order: Order, options: Partial<DetectInput>, ctx: TestContextOf): Promise<DetectOutput> {
  const { modules, extensions } = bench;
  return detect(bench.input(order, options), { sandbox: hostSandbox(), modules, extensions }, ctx);
}

describe('detection with extensions', () => {
  for (const strategy of STRATEGIES) {
    it(`an extension provides what a buildpack needs, and knows its directory under ${strategy.name} (D-60)`, async (t) => {
      const sandbox = await strategy.open(t);
      if (sandbox === undefined) return;
      const bench = new Workbench(t);
      const ctx = testContext(t);
      const ext = bench.extension({
        id: 'acme/ext',
        toml: 'homepage = "https://e"\n',
        detect: `env | grep -E '^CNB_(EXT|BUILDPACK)'; test -x "$CNB_EXTENSION_DIR/bin/detect" || exit 9; ${PROVIDES_X}`,
      });
      const order = [[bench.buildpack({ id: 'acme/app', detect: REQUIRES_X })]];
      const { modules, extensions } = bench;
      const input = bench.input(order, { extensions: [[ext]] });
      const { group, plan } = await detect(input, { sandbox, modules, extensions }, ctx);
      assert.deepEqual(
        group.map(({ kind, id, homepage }) => [kind, id, homepage]),
        [
          ['extension', 'acme/ext', 'https://e'],
          ['buildpack', 'acme/app', undefined],
        ],
      );
      assert.deepEqual(plan, [
        { providers: [{ kind: 'extension', id: 'acme/ext', version: '1.0.0' }], requires: [{ name: 'x' }] },
      ]);
      const { real, logical } = bench.dirs.extensions;
      const seen = `CNB_EXTENSION_DIR=${sandbox.mapsPaths ? logical : real}/acme_ext/1.0.0`;
      assert.deepEqual(
        logText(ctx.events).filter((line) => line.startsWith('CNB_')),
        [seen],
      );
    });
  }

  it('each group of extensions is tried, then none (D-59)', async (t) => {
    const bench = new Workbench(t);
    const first = bench.extension({ id: 'first', detect: 'exit 0' });
    const second = bench.extension({ id: 'second', detect: PROVIDES_X });
    const needy = bench.buildpack({ id: 'needy', detect: REQUIRES_X });
    const plain = bench.buildpack({ id: 'plain' });
    const names = async (order: Order, extensions: Order): Promise<readonly string[]> =>
      (await run(bench, order, { extensions }, testContext(t))).group.map(moduleName);
    assert.deepEqual(await names([[needy]], [[first], [second]]), ['second@1.0.0', 'needy@1.0.0']);
    const no = bench.extension({ id: 'no', detect: 'exit 100' });
    assert.deepEqual(await names([[plain]], [[no]]), ['plain@1.0.0']);
  });

  it('one whose provide nobody needs is dropped (D-61)', async (t) => {
    const bench = new Workbench(t);
    const ctx = testContext(t);
    const ext = bench.extension({ id: 'ext', detect: PROVIDES_X });
    const { group, plan } = await run(bench, [[bench.buildpack({ id: 'app' })]], { extensions: [[ext]] }, ctx);
    assert.deepEqual([group.map(moduleName), plan], [['app@1.0.0'], []]);
    assert.ok(logText(ctx.events).includes('skip: ext@1.0.0 provides unused x'));
    assert.ok(logText(ctx.events).includes('1 of 2 buildpacks participating'));
  });

  it('one that requires something is an error of its own, and the buildpacks go on without it (D-62)', async (t) => {
    const bench = new Workbench(t);
    const ctx = testContext(t);
    const ext = bench.extension({ id: 'ext', detect: REQUIRES_X });
    const { group } = await run(bench, [[bench.buildpack({ id: 'app' })]], { extensions: [[ext]] }, ctx);
    assert.deepEqual(group.map(moduleName), ['app@1.0.0']);
    const lines = logText(ctx.events, 'info');
    assert.ok(lines.includes('extension ext outputs "requires" which is not allowed'));
    assert.ok(lines.includes('err:  ext@1.0.0'));
  });

  it('without bin/detect it passes with its detect/plan.toml, or without a plan (D-63)', async (t) => {
    const bench = new Workbench(t);
    const order = [[bench.buildpack({ id: 'app', detect: REQUIRES_X })]];
    const prepared = bench.extension({
      id: 'prepared',
      files: { 'detect/plan.toml': '[[provides]]\nname = "x"\n' },
    });
    const bare = bench.extension({ id: 'bare' });
    const { group, plan } = await run(bench, order, { extensions: [[bare, prepared]] }, testContext(t));
    assert.deepEqual(group.map(moduleName), ['bare@1.0.0', 'prepared@1.0.0', 'app@1.0.0']);
    assert.equal(plan[0]?.providers[0]?.id, 'prepared');
  });

  it('one for another execution environment is left out (D-57)', async (t) => {
    const bench = new Workbench(t);
    const ctx = testContext(t);
    const ext = bench.extension({ id: 'ext', api: '0.12', toml: 'exec-env = ["test"]\n', detect: ': > ran' });
    const order = [[bench.buildpack({ id: 'app' })]];
    const passed = async (execEnv: string): Promise<readonly string[]> =>
      (await run(bench, order, { extensions: [[ext]], execEnv }, ctx)).group.map(moduleName);
    assert.deepEqual(await passed('production'), ['app@1.0.0']);
    assert.ok(
      logText(ctx.events).includes(
        'Skipping ext@1.0.0 due to execution environment mismatch; current: production, buildpack supports: [test]',
      ),
    );
    assert.deepEqual(await passed('test'), ['ext@1.0.0', 'app@1.0.0']);
  });

  it('one may have the id and version of a buildpack', async (t) => {
    const bench = new Workbench(t);
    const ext = bench.extension({ id: 'same', detect: PROVIDES_X });
    const order = [[bench.buildpack({ id: 'same', detect: REQUIRES_X })]];
    const { group } = await run(bench, order, { extensions: [[ext]] }, testContext(t));
    assert.deepEqual(
      group.map(({ kind }) => kind),
      ['extension', 'buildpack'],
    );
  });

  it('when nothing passes, the explanation says what became of the extensions', async (t) => {
    const bench = new Workbench(t);
    const ext = bench.extension({ id: 'ext', detect: 'echo no engine here; exit 100' });
    const order = [[bench.buildpack({ id: 'app', detect: REQUIRES_X })]];
    await assert.rejects(run(bench, order, { extensions: [[ext]] }, testContext(t)), {
      code: 'DETECT_NONE_PASSED',
      details: {
        'group 1 with extensions': 'ext 1.0.0  skip  no engine here\napp 1.0.0  pass  needs "x"',
        'group 1': 'app 1.0.0  pass  needs "x"',
        nearest: 'group 1 with extensions: it would pass if something before app provided "x"',
      },
    });
  });

  it('a missing one exits 1, one of an unsupported API 12 (D-09, D-10)', async (t) => {
    const bench = new Workbench(t);
    const order = [[bench.buildpack({ id: 'app' })]];
    const ext = bench.extension({ id: 'ext', api: '0.99' });
    const failure = (extensions: Order): Promise<DetectOutput> => run(bench, order, { extensions }, testContext(t));
    await assert.rejects(failure([[ext]]), {
      code: 'BUILDPACK_API_UNSUPPORTED',
      exit: 12,
      message: /Extension 'ext@1/,
    });
    await assert.rejects(failure([[{ ...ext, id: 'gone' }]]), { code: 'BUILDPACK_NOT_FOUND', exit: 1 });
  });
});
