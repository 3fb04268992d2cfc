import assert from 'node:assert/strict';
import { chmodSync, existsSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { platformFeatures } from '../../src/cnb/features.ts';
import { moduleName } from '../../src/cnb/module.ts';
import { hasCode, SlipwayError } from '../../src/core/errors.ts';
import { detect, type DetectInput } from '../../src/phases/detect.ts';
import { hostSandbox } from '../../src/sandbox/host.ts';
import type { Sandbox } from '../../src/sandbox/sandbox.ts';
import { testContext, type TestContextOf } from '../support/context.ts';
import { STRATEGIES } from '../support/sandbox.ts';
import { logText, Workbench } from '../support/workbench.ts';

const host = hostSandbox();

async function run(bench: Workbench, input: DetectInput, ctx: TestContextOf, sandbox: Sandbox = host) {
  return detect(input, { sandbox, modules: bench.modules }, ctx);
}

async function failing(bench: Workbench, input: DetectInput, ctx: TestContextOf): Promise<SlipwayError> {
  try {
    await run(bench, input, ctx);
  } catch (error) {
    assert.ok(error instanceof SlipwayError, String(error));
    return error;
  }
  return assert.fail('detection passed');
}

/** The variables that a detect script wrote to its output, sorted. */
function variables(ctx: TestContextOf): readonly string[] {
  return logText(ctx.events)
    .filter((line) => /^[A-Za-z_]+=/.test(line) && !/^(PWD|OLDPWD|SHLVL|_)=/.test(line))
    .sort();
}

for (const strategy of STRATEGIES) {
  describe(`detect under ${strategy.name}`, () => {
    it("a buildpack sees exactly the contract's environment, its directories and its arguments (D-11, D-12, D-13, D-14, D-15)", async (t) => {
      const sandbox = await strategy.open(t);
      if (sandbox === undefined) return;
      const bench = new Workbench(t);
      const ctx = testContext(t);
      bench.write('platform/env/PATH', '/from/platform');
      bench.write('platform/env/SETTING', 'x\n');
      bench.write('platform/env/HTTP_PROXY', 'mine');
      bench.write('build-config/env/SETTING', 'not used');
      bench.write('build-config/env/CONFIG', 'c');
      bench.write('build-config/env/PATH.append', ':/from/config');
      const detectScript =
        'env; echo "args=$*"; echo "cwd=$(pwd)"; ls "$2"; echo "[[provides]]" > "$2"; test -d "$CNB_BUILDPACK_DIR/bin"';
      const element = bench.buildpack({
        id: 'acme/env',
        api: '0.12',
        detect: `${detectScript} || exit 9\nprintf 'name = "x"\\n[[requires]]\\nname = "x"\\n' >> "$2"`,
      });
      const inheritedEnv = {
        PATH: '/usr/bin:/bin',
        HOME: '/tmp/home',
        HTTP_PROXY: 'outer',
        SECRET: 'canary',
        CNB_REGISTRY_AUTH: 'canary',
      };
      const output = await run(
        bench,
        bench.input([[element]], {
          inheritedEnv,
          target: { os: 'linux', arch: 'arm64', archVariant: 'v8', distro: { name: 'debian', version: '12' } },
        }),
        ctx,
        sandbox,
      );
      const seen = (name: keyof typeof bench.dirs): string =>
        sandbox.mapsPaths ? bench.dirs[name].logical : bench.dirs[name].real;
      const plan =
        logText(ctx.events)
          .find((line) => line.startsWith('CNB_BUILD_PLAN_PATH='))
          ?.slice('CNB_BUILD_PLAN_PATH='.length) ?? '';
      assert.match(plan, sandbox.mapsPaths ? /^\/tmp\/plan\/plan\.toml$/ : /^\/.*\/plan\.toml$/);
      assert.deepEqual(
        variables(ctx),
        [
          `CNB_BUILDPACK_DIR=${seen('buildpacks')}/acme_env/1.0.0`,
          `CNB_BUILD_PLAN_PATH=${plan}`,
          'CNB_EXEC_ENV=production',
          `CNB_PLATFORM_DIR=${seen('platform')}`,
          'CNB_TARGET_ARCH=arm64',
          'CNB_TARGET_ARCH_VARIANT=v8',
          'CNB_TARGET_DISTRO_NAME=debian',
          'CNB_TARGET_DISTRO_VERSION=12',
          'CNB_TARGET_OS=linux',
          'CONFIG=c',
          'HOME=/tmp/home',
          'HTTP_PROXY=mine',
          'PATH=/from/platform:/usr/bin:/bin:/from/config',
          'SETTING=x',
          `args=${seen('platform')} ${plan}`,
          `cwd=${seen('app')}`,
        ].sort(),
      );
      assert.deepEqual(output.plan, [
        { providers: [{ kind: 'buildpack', id: 'acme/env', version: '1.0.0' }], requires: [{ name: 'x' }] },
      ]);
    });

    it('detection runs several buildpacks at a time (D-24)', async (t) => {
      const sandbox = await strategy.open(t);
      if (sandbox === undefined) return;
      const bench = new Workbench(t);
      // Each waits for the other: one after the other would never end.
      const meet = (mine: string, other: string): string =>
        `: > ${mine}; i=0; until [ -e ${other} ]; do i=$((i+1)); [ $i -lt 600 ] || exit 9; sleep 0.05; done`;
      const order = [
        [
          bench.buildpack({ id: 'one', detect: meet('one', 'two') }),
          bench.buildpack({ id: 'two', detect: meet('two', 'one') }),
        ],
      ];
      const { group } = await run(bench, bench.input(order), testContext(t), sandbox);
      assert.deepEqual(group.map(moduleName), ['one@1.0.0', 'two@1.0.0']);
    });

    it('an abort stops detection', async (t) => {
      const sandbox = await strategy.open(t);
      if (sandbox === undefined) return;
      const bench = new Workbench(t);
      const controller = new AbortController();
      const ctx = testContext(t, { signal: controller.signal });
      const order = [[bench.buildpack({ id: 'slow', detect: ': > started; sleep 600' })]];
      const running = run(bench, bench.input(order), ctx, sandbox);
      while (!existsSync(join(bench.app, 'started'))) await new Promise((done) => setImmediate(done));
      controller.abort();
      await assert.rejects(running, (error) => hasCode(error, 'INTERRUPTED'));
    });

    it('a program that cannot be started, or dies by a signal, is an error of its buildpack', async (t) => {
      const sandbox = await strategy.open(t);
      if (sandbox === undefined) return;
      const bench = new Workbench(t);
      const plain = bench.buildpack({ id: 'plain' });
      chmodSync(join(bench.dirs.buildpacks.real, 'plain/1.0.0/bin/detect'), 0o644);
      const order = [
        [plain],
        [bench.buildpack({ id: 'killed', detect: 'kill -9 $$' })],
        [bench.buildpack({ id: 'ok' })],
      ];
      const ctx = testContext(t);
      const { group } = await run(bench, bench.input(order), ctx, sandbox);
      assert.deepEqual(group.map(moduleName), ['ok@1.0.0']);
      const text = logText(ctx.events).join('\n');
      assert.match(text, /======== Error: plain@1\.0\.0 ========\ncannot start \S*\/bin\/detect: permission denied\n/i);
      assert.match(text, /======== Error: killed@1\.0\.0 ========\nsignal: SIGKILL\n/);
    });
  });
}

describe('detect', () => {
  it('target and exec-env variables depend on the Buildpack API (D-12, D-13)', async (t) => {
    const bench = new Workbench(t);
    const ctx = testContext(t);
    await run(bench, bench.input([[bench.buildpack({ id: 'old', api: '0.9', detect: 'env' })]]), ctx);
    assert.deepEqual(
      variables(ctx).filter((line) => /CNB_(TARGET|EXEC)/.test(line)),
      [],
    );
    const other = testContext(t);
    await run(
      bench,
      bench.input([[bench.buildpack({ id: 'new', api: '0.12', detect: 'env' })]], { execEnv: '' }),
      other,
    );
    assert.deepEqual(
      variables(other).filter((line) => line.startsWith('CNB_EXEC_ENV')),
      [],
    );
    assert.equal(variables(other).filter((line) => line.startsWith('CNB_TARGET')).length, 4);
  });

  it("clear-env hides the platform's settings, not the builder's (D-14)", async (t) => {
    const bench = new Workbench(t);
    const ctx = testContext(t);
    bench.write('platform/env/SETTING', 'x');
    bench.write('build-config/env/CONFIG', 'c');
    await run(bench, bench.input([[bench.buildpack({ id: 'clear', toml: 'clear-env = true\n', detect: 'env' })]]), ctx);
    assert.deepEqual(
      variables(ctx).filter((line) => /SETTING|CONFIG/.test(line)),
      ['CONFIG=c'],
    );
  });

  it('links to directories are ignored, links to files read, a dangling one is an error of the buildpack (D-16, D-17)', async (t) => {
    const bench = new Workbench(t);
    bench.write('platform/value', 'linked');
    bench.write('platform/env/SUB/x', '');
    symlinkSync('../value', join(bench.dirs.platform.real, 'env', 'LINKED'));
    symlinkSync('SUB', join(bench.dirs.platform.real, 'env', 'TO_DIRECTORY'));
    const order = [[bench.buildpack({ id: 'links', detect: 'env' })]];
    const ctx = testContext(t);
    await run(bench, bench.input(order), ctx);
    assert.deepEqual(
      variables(ctx).filter((line) => /LINKED|SUB|TO_/.test(line)),
      ['LINKED=linked'],
    );
    symlinkSync('nowhere', join(bench.dirs.platform.real, 'env', 'DANGLING'));
    const error = await failing(bench, bench.input(order), testContext(t));
    assert.deepEqual([error.code, error.exit], ['DETECT_FAILED', 21]);
    assert.match(error.details['group 1'] ?? '', /no such file or directory/);
  });

  it('a platform/env that is no directory is an error of each buildpack (D-16)', async (t) => {
    const bench = new Workbench(t);
    bench.write('platform/env', 'a file');
    const error = await failing(bench, bench.input([[bench.buildpack({ id: 'any' })]]), testContext(t));
    assert.deepEqual([error.code, error.exit], ['DETECT_FAILED', 21]);
    assert.match(error.details['group 1'] ?? '', /platform\/env/);
  });

  it('plain failures exit 20, with all output shown and a table (D-04)', async (t) => {
    const bench = new Workbench(t);
    const ctx = testContext(t);
    const node = bench.buildpack({
      id: 'acme/node',
      version: '2.1.0',
      detect: 'echo looking; echo "no package.json"; exit 100',
    });
    const go = bench.buildpack({ id: 'acme/go', detect: 'exit 100' });
    const error = await failing(bench, bench.input([[node], [go, { ...node, optional: true }]]), ctx);
    assert.deepEqual(
      [error.code, error.exit, error.message],
      ['DETECT_NONE_PASSED', 20, 'no buildpacks participating'],
    );
    assert.deepEqual(logText(ctx.events, 'info'), [
      '======== Output: acme/node@2.1.0 ========',
      'looking',
      'no package.json',
      '======== Results ========',
      'fail: acme/node@2.1.0',
      '======== Output: acme/node@2.1.0 ========',
      'looking',
      'no package.json',
      '======== Results ========',
      'fail: acme/go@1.0.0',
      'skip: acme/node@2.1.0',
      'ERROR: No buildpack groups passed detection.',
      'ERROR: Please check that you are running against the correct path.',
    ]);
    assert.deepEqual(error.details, {
      'group 1': 'acme/node 2.1.0  fail  no package.json',
      'group 2': 'acme/go 1.0.0    fail\nacme/node 2.1.0  skip  no package.json',
      nearest: 'group 1: it would pass if acme/node did not fail',
    });
  });

  it('an error exits 21 and names its code and last line; what lacks something says so (D-05)', async (t) => {
    const bench = new Workbench(t);
    const ctx = testContext(t);
    const java = bench.buildpack({ id: 'acme/java', detect: `printf '[[requires]]\\nname = "jdk"\\n' > "$2"` });
    const jdk = bench.buildpack({ id: 'acme/jdk', detect: 'echo "cannot read .jdk-version" >&2; exit 7' });
    const error = await failing(bench, bench.input([[java, jdk], [java]]), ctx);
    assert.deepEqual([error.code, error.exit, error.message], ['DETECT_FAILED', 21, 'buildpack(s) failed with err']);
    assert.ok(logText(ctx.events, 'info').includes('err:  acme/jdk@1.0.0 (7)'));
    assert.equal(
      logText(ctx.events).includes('ERROR: Please check that you are running against the correct path.'),
      false,
    );
    assert.deepEqual(error.details, {
      'group 1': 'acme/java 1.0.0  pass     needs "jdk"\nacme/jdk 1.0.0   error 7  cannot read .jdk-version',
      'group 2': 'acme/java 1.0.0  pass     needs "jdk"',
      nearest: 'group 1: it would pass if acme/jdk did not fail',
    });
  });

  it('a build plan that is no TOML or has version keys is an error of the buildpack (D-30, D-31)', async (t) => {
    const bench = new Workbench(t);
    const plan = (text: string): string => `printf '${text}' > "$2"`;
    for (const [id, text, said] of [
      ['toml', 'x = ', /build plan of toml@1\.0\.0/],
      [
        'version',
        '[[requires]]\\nname = "a"\\nversion = "1"\\n',
        /buildpack version has a "version" key which is not supported/,
      ],
      [
        'both',
        '[[requires]]\\nname = "a"\\nversion = "1"\\n[requires.metadata]\\nversion = "1"\\n',
        /cannot be specified together/,
      ],
    ] as const) {
      const ctx = testContext(t);
      const error = await failing(bench, bench.input([[bench.buildpack({ id, detect: plan(text) })]]), ctx);
      assert.equal(error.code, 'DETECT_FAILED');
      assert.match(logText(ctx.events, 'info').join('\n'), said);
      assert.match(logText(ctx.events, 'info').join('\n'), new RegExp(`err:  ${id}@1\\.0\\.0\n`));
    }
  });

  it('composites are expanded, and each buildpack runs once (D-18, D-19, D-20, D-22, D-23)', async (t) => {
    const bench = new Workbench(t);
    const count = (id: string, code = 0) =>
      bench.buildpack({ id, detect: `echo ${id} >> counts; exit ${String(code)}` });
    const [a, b, c, bad] = [count('a'), count('b'), count('c'), count('bad', 100)];
    const order = (...groups: readonly (readonly { id: string }[])[]): string =>
      groups
        .map(
          (group) =>
            `[[order]]\n${group.map((one) => `[[order.group]]\nid = "${one.id}"\nversion = "1.0.0"\n`).join('')}`,
        )
        .join('');
    const inner = bench.buildpack({ id: 'inner', toml: order([bad], [a, b]) });
    const outer = bench.buildpack({ id: 'outer', toml: order([inner, a]) });
    const never = bench.buildpack({ id: 'never', toml: order([bad]) });
    const { group } = await run(
      bench,
      bench.input([[bad], [{ ...never, optional: true }, outer, a, c], [a]]),
      testContext(t),
    );
    assert.deepEqual(group.map(moduleName), ['a@1.0.0', 'b@1.0.0', 'c@1.0.0']);
    assert.deepEqual(readFileSync(join(bench.app, 'counts'), 'utf8').trim().split('\n').sort(), ['a', 'b', 'bad', 'c']);
  });

  it('composites that contain each other are reported with their chain (D-76, GAP-31)', async (t) => {
    const bench = new Workbench(t);
    const nested = (id: string): string => `[[order]]\n[[order.group]]\nid = "${id}"\nversion = "1.0.0"\n`;
    const x = bench.buildpack({ id: 'x', toml: nested('y') });
    bench.buildpack({ id: 'y', toml: nested('x') });
    const error = await failing(bench, bench.input([[x]]), testContext(t));
    assert.equal(error.code, 'ORDER_CYCLE');
    assert.match(error.message, /x@1\.0\.0 → y@1\.0\.0 → x@1\.0\.0/);
  });

  it('a missing buildpack exits 1, an unsupported API 12, both before anything runs (D-09, D-10)', async (t) => {
    const bench = new Workbench(t);
    const first = bench.buildpack({ id: 'first', detect: ': > ran' });
    const missing = await failing(bench, bench.input([[first], [{ ...first, id: 'no/such' }]]), testContext(t));
    assert.deepEqual([missing.code, missing.exit], ['BUILDPACK_NOT_FOUND', 1]);
    assert.match(missing.message, /no_such\/1\.0\.0\/buildpack\.toml/);
    const api = await failing(
      bench,
      bench.input([[first, bench.buildpack({ id: 'future', api: '0.99' })]]),
      testContext(t),
    );
    assert.deepEqual([api.code, api.exit], ['BUILDPACK_API_UNSUPPORTED', 12]);
    assert.equal(existsSync(join(bench.app, 'ran')), false);
  });

  it('a required buildpack for another platform fails with both platforms and the choice (D-45)', async (t) => {
    const bench = new Workbench(t);
    const ctx = testContext(t);
    const order = [[bench.buildpack({ id: 'acme/go', toml: '[[targets]]\nos = "linux"\narch = "arm64"\n' })]];
    const error = await failing(bench, bench.input(order), ctx);
    assert.deepEqual([error.code, error.exit], ['DETECT_FAILED', 21]);
    assert.match(
      logText(ctx.events, 'info').join('\n'),
      /unable to satisfy target os\/arch constraints; run image: \{"os":"linux","arch":"amd64"/,
    );
    assert.deepEqual(error.details, {
      'group 1': 'acme/go 1.0.0  skipped  supports linux/arm64 only, target is linux/amd64',
    });
    assert.deepEqual(error.hint, { kind: 'choose-platform', offered: ['linux/arm64'] });
  });

  it('an optional buildpack for another platform runs, unless targets are strict (GAP-14)', async (t) => {
    const bench = new Workbench(t);
    const toml = '[[targets]]\nos = "linux"\narch = "arm64"\n';
    const order = [[bench.buildpack({ id: 'app' }), { ...bench.buildpack({ id: 'arm', toml }), optional: true }]];
    const loose = await run(bench, bench.input(order), testContext(t));
    assert.deepEqual(loose.group.map(moduleName), ['app@1.0.0', 'arm@1.0.0']);
    const strict = await run(bench, bench.input(order, { skipsMisfits: true }), testContext(t));
    assert.deepEqual(strict.group.map(moduleName), ['app@1.0.0']);
  });

  it('exec-env counts in both spellings, of a buildpack and of its group in the order (GAP-20)', async (t) => {
    const bench = new Workbench(t);
    const tables = bench.buildpack({ id: 'tables', api: '0.12', toml: '[[buildpack.exec-env]]\nname = "test"\n' });
    const grouped = { ...bench.buildpack({ id: 'grouped' }), execEnv: ['test'] };
    const order = [[tables, grouped, bench.buildpack({ id: 'app' })]];
    const names = async (execEnv: string): Promise<readonly string[]> =>
      (await run(bench, bench.input(order, { execEnv }), testContext(t))).group.map(({ id }) => id);
    assert.deepEqual(await names('production'), ['app']);
    assert.deepEqual(await names('test'), ['tables', 'grouped', 'app']);
  });

  it('a target without distro takes it from os-release, and says so once (D-48)', async (t) => {
    const bench = new Workbench(t);
    const ctx = testContext(t);
    const toml = '[[targets]]\nos = "linux"\n[[targets.distros]]\nname = "ubuntu"\nversion = "24.04"\n';
    const order = [[bench.buildpack({ id: 'a', toml }), bench.buildpack({ id: 'b', toml, detect: 'env' })]];
    const osRelease = 'NAME="Ubuntu"\nID=ubuntu\nVERSION_ID="24.04"\n';
    await run(bench, bench.input(order, { target: { os: 'linux', arch: 'amd64' }, osRelease }), ctx);
    assert.equal(logText(ctx.events).filter((line) => line.startsWith('target distro name/version')).length, 1);
    assert.ok(variables(ctx).includes('CNB_TARGET_DISTRO_VERSION=24.04'));
  });

  it('exec-env and system buildpacks work from Platform API 0.15 on (D-55, D-56, D-58)', async (t) => {
    const bench = new Workbench(t);
    const other = bench.buildpack({ id: 'tests-only', api: '0.12', toml: 'exec-env = ["test"]\n' });
    const order = [[other, bench.buildpack({ id: 'app' })]];
    const system = {
      pre: [bench.buildpack({ id: 'pre' })],
      post: [bench.buildpack({ id: 'post' }), bench.buildpack({ id: 'app' })],
    };
    const ctx = testContext(t);
    const { group } = await run(bench, bench.input(order, { system }), ctx);
    assert.deepEqual(
      group.map((one) => one.id),
      ['pre', 'app', 'post'],
    );
    assert.ok(
      logText(ctx.events).some((line) =>
        line.startsWith('Skipping tests-only@1.0.0 due to execution environment mismatch'),
      ),
    );
    const old = await run(bench, bench.input(order, { system, features: platformFeatures('0.14') }), testContext(t));
    assert.deepEqual(
      old.group.map((one) => one.id),
      ['tests-only', 'app'],
    );
  });

  it('two ids with the same directory name are refused (D-78, GAP-13)', async (t) => {
    const bench = new Workbench(t);
    const one = bench.buildpack({ id: 'a/b' });
    const error = await failing(bench, bench.input([[one, { ...one, id: 'a_b' }]]), testContext(t)).catch(
      (reason: unknown) => reason,
    );
    assert.ok(error instanceof SlipwayError);
    assert.equal(error.code, 'BUILDPACK_INVALID');
  });

  it('the result is an event: who passed, out of how many', async (t) => {
    const bench = new Workbench(t);
    const ctx = testContext(t);
    const skipped = { ...bench.buildpack({ id: 'b', detect: 'exit 100' }), optional: true };
    await run(bench, bench.input([[bench.buildpack({ id: 'a' }), skipped]]), ctx);
    assert.deepEqual(
      ctx.events.filter((event) => event.type === 'detect.result'),
      [{ type: 'detect.result', passed: ['a@1.0.0'], attempted: 2 }],
    );
    assert.deepEqual(logText(ctx.events, 'info'), ['1 of 2 buildpacks participating', 'a 1.0.0']);
  });
});
