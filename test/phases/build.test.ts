import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdirSync, statSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { moduleName, type GroupElement, type OrderElement } from '../../src/cnb/module.ts';
import type { Plan } from '../../src/cnb/plan.ts';
import type { BuildMetadata } from '../../src/cnb/process.ts';
import { hasCode, SlipwayError } from '../../src/core/errors.ts';
import { build, type BuildInput } from '../../src/phases/build.ts';
import { hostSandbox } from '../../src/sandbox/host.ts';
import type { Sandbox } from '../../src/sandbox/sandbox.ts';
import { testContext, type TestContextOf } from '../support/context.ts';
import { STRATEGIES } from '../support/sandbox.ts';
import { logText, Workbench } from '../support/workbench.ts';

const host = hostSandbox();

interface Extra {
  readonly plan?: Plan;
  readonly sandbox?: Sandbox;
  readonly group?: readonly GroupElement[];
  readonly input?: Partial<BuildInput>;
}

async function run(
  bench: Workbench,
  elements: readonly OrderElement[],
  ctx: TestContextOf,
  extra: Extra = {},
): Promise<BuildMetadata> {
  const modules = await Promise.all(elements.map((one) => bench.modules.find(one.id, one.version)));
  const group = modules.map(({ kind, id, version, api, homepage }) => ({
    ...{ kind, id, version, api },
    ...(homepage === '' ? {} : { homepage }),
  }));
  const input = {
    ...bench.input([]),
    group: [...group, ...(extra.group ?? [])],
    plan: extra.plan ?? [],
    ...extra.input,
  };
  return (await build(input, { sandbox: extra.sandbox ?? host, modules: bench.modules }, ctx)).metadata;
}

async function failing(
  bench: Workbench,
  elements: readonly OrderElement[],
  ctx: TestContextOf,
  extra?: Extra,
): Promise<SlipwayError> {
  try {
    await run(bench, elements, ctx, extra);
  } catch (error) {
    assert.ok(error instanceof SlipwayError, String(error));
    return error;
  }
  return assert.fail('the build passed');
}

function outputOf(ctx: TestContextOf): readonly string[] {
  return ctx.events.flatMap((event) => (event.type === 'output' ? [event.line] : []));
}

const layer = (name: string, types: string): string =>
  `mkdir -p "$1/${name}"; printf '[types]\\n${types}\\n' > "$1/${name}.toml"`;

for (const strategy of STRATEGIES) {
  describe(`build under ${strategy.name}`, () => {
    it("a buildpack sees exactly the contract's environment, directories, plan and arguments (B-08, B-09, B-10, B-17, B-19, B-37)", async (t) => {
      const sandbox = await strategy.open(t);
      if (sandbox === undefined) return;
      const bench = new Workbench(t);
      const ctx = testContext(t);
      bench.write('platform/env/SETTING', 'x\n');
      bench.write('platform/env/PATH', '/from/platform');
      bench.write('build-config/env/SETTING', 'not used');
      bench.write('build-config/env/CONFIG', 'c');
      const element = bench.buildpack({
        id: 'acme/env',
        api: '0.12',
        build:
          'env -0 | tr "\\n\\0" "~\\n"; echo "args=$*"; echo "cwd=$(pwd)"; echo "dir=$(cd "$1" && pwd)"; cat "$3"; : > "$1/own"; : > app-file',
      });
      const plan: Plan = [
        {
          providers: [{ kind: 'buildpack', id: 'acme/env', version: '1.0.0' }],
          requires: [{ name: 'jdk', metadata: { version: '21' } }, { name: 'jdk' }],
        },
        { providers: [{ kind: 'buildpack', id: 'other', version: '1.0.0' }], requires: [{ name: 'not-mine' }] },
      ];
      const inheritedEnv = { PATH: '/usr/bin:/bin', HOME: '/tmp/home', SECRET: 'canary', DOCKER_CONFIG: 'canary' };
      await run(bench, [element], ctx, { plan, sandbox, input: { inheritedEnv } });
      const seen = (name: keyof typeof bench.dirs): string =>
        sandbox.mapsPaths ? bench.dirs[name].logical : bench.dirs[name].real;
      const lines = outputOf(ctx);
      const planPath =
        lines.find((line) => line.startsWith('CNB_BP_PLAN_PATH='))?.slice('CNB_BP_PLAN_PATH='.length) ?? '';
      assert.match(planPath, sandbox.mapsPaths ? /^\/tmp\/acme_env\/plan\.toml$/ : /\/acme_env\/plan\.toml$/);
      const planLines = lines.slice(lines.indexOf('[[entries]]'));
      assert.deepEqual(
        lines
          .slice(0, lines.indexOf('[[entries]]'))
          .filter((line) => !/^(PWD|OLDPWD|SHLVL|_)=/.test(line))
          .sort(),
        [
          `CNB_BP_PLAN_PATH=${planPath}`,
          `CNB_BUILDPACK_DIR=${seen('buildpacks')}/acme_env/1.0.0`,
          'CNB_EXEC_ENV=production',
          `CNB_LAYERS_DIR=${seen('layers')}/acme_env`,
          `CNB_PLATFORM_DIR=${seen('platform')}`,
          'CNB_TARGET_ARCH=amd64',
          'CNB_TARGET_DISTRO_NAME=debian',
          'CNB_TARGET_DISTRO_VERSION=12',
          'CNB_TARGET_OS=linux',
          'CONFIG=c',
          'HOME=/tmp/home',
          'PATH=/from/platform:/usr/bin:/bin',
          'SETTING=x~',
          `args=${seen('layers')}/acme_env ${seen('platform')} ${planPath}`,
          `cwd=${seen('app')}`,
          `dir=${seen('layers')}/acme_env`,
        ].sort(),
      );
      assert.deepEqual(planLines, [
        '[[entries]]',
        '  name = "jdk"',
        '  [entries.metadata]',
        '    version = "21"',
        '',
        '[[entries]]',
        '  name = "jdk"',
      ]);
      assert.ok(existsSync(join(bench.app, 'app-file')) && existsSync(join(bench.layers, 'acme_env', 'own')));
    });

    it('build layers change the environment of later buildpacks, by the paths that those see (B-14, B-15, B-16)', async (t) => {
      const sandbox = await strategy.open(t);
      if (sandbox === undefined) return;
      const bench = new Workbench(t);
      const ctx = testContext(t);
      const first = bench.buildpack({
        id: 'first',
        build: [
          layer('a', 'build = true'),
          layer('b', 'build = true'),
          layer('launch', 'launch = true'),
          'mkdir -p "$1/a/bin" "$1/a/lib" "$1/a/env" "$1/a/env.build" "$1/a/env.launch" "$1/b/bin" "$1/launch/bin" "$1/launch/env"',
          'printf own > "$1/a/env/OWN"; printf "+app" > "$1/a/env.build/OWN.append"; printf no > "$1/a/env.launch/NO"; printf no > "$1/launch/env/NO"',
          'printf "#!/bin/sh\\necho tool\\n" > "$1/a/bin/slipway-tool"; chmod 755 "$1/a/bin/slipway-tool"',
          'echo "first OWN=$OWN"',
        ].join('\n'),
      });
      const second = bench.buildpack({
        id: 'second',
        build: 'echo "$PATH"; echo "$LD_LIBRARY_PATH"; echo "$OWN$NO"; slipway-tool',
      });
      await run(bench, [first, second], ctx, { sandbox, input: { inheritedEnv: { PATH: '/usr/bin:/bin' } } });
      const layers = sandbox.mapsPaths ? '/layers/first' : join(bench.layers, 'first');
      assert.deepEqual(outputOf(ctx), [
        'first OWN=',
        `${layers}/b/bin:${layers}/a/bin:/usr/bin:/bin`,
        `${layers}/a/lib`,
        'own+app',
        'tool',
      ]);
    });

    it('a failing buildpack is named with its own exit code or signal, and exits 51 (B-22, B-23)', async (t) => {
      const sandbox = await strategy.open(t);
      if (sandbox === undefined) return;
      const bench = new Workbench(t);
      const ok = bench.buildpack({ id: 'ok' });
      const seven = bench.buildpack({ id: 'seven', version: '2.0.0', build: 'echo "it broke" >&2; exit 7' });
      const error = await failing(bench, [ok, seven, ok], testContext(t), { sandbox });
      assert.deepEqual(
        [error.code, error.exit, error.message, error.details],
        [
          'BUILDPACK_FAILED',
          51,
          'buildpack seven@2.0.0 failed: exit status 7',
          { buildpack: 'seven@2.0.0', 'exit code': '7', 'last line': 'it broke' },
        ],
      );
      const killed = await failing(bench, [bench.buildpack({ id: 'killed', build: 'kill -9 $$' })], testContext(t), {
        sandbox,
      });
      assert.deepEqual([killed.exit, killed.message], [51, 'buildpack killed@1.0.0 failed: signal: SIGKILL']);
      const plain = bench.buildpack({ id: 'plain' });
      chmodSync(join(bench.dirs.buildpacks.real, 'plain/1.0.0/bin/build'), 0o644);
      const refused = await failing(bench, [plain], testContext(t), { sandbox });
      assert.equal(refused.exit, 51);
      assert.match(
        refused.message,
        /^buildpack plain@1\.0\.0 failed: cannot start \S+\/bin\/build: permission denied$/i,
      );
    });

    it('layers without a type are set aside, over a stale one, whoever owned the directory before (B-20, B-38, GAP-15)', async (t) => {
      const sandbox = await strategy.open(t);
      if (sandbox === undefined) return;
      const bench = new Workbench(t);
      bench.write('layers/bp/none.ignore/stale', '');
      bench.write('layers/bp/restored/file', 'old');
      const element = bench.buildpack({
        id: 'bp',
        build: `${layer('none', 'launch = false')}; : > "$1/none/new"; ${layer('kept', 'cache = true')}; mkdir "$1/no-file"; mkdir -p "$1/bare"; : > "$1/bare.toml"; echo changed > "$1/restored/file"`,
      });
      await run(bench, [element], testContext(t), { sandbox });
      assert.deepEqual(bench.layerPaths('bp'), [
        'bare.ignore',
        'bare.toml',
        'kept',
        'kept.toml',
        'no-file',
        'none.ignore',
        'none.ignore/new',
        'none.toml',
        'restored',
        'restored/file',
      ]);
      assert.equal(bench.readLayers('bp/restored/file'), 'changed\n');
    });

    it('an abort stops the build', async (t) => {
      const sandbox = await strategy.open(t);
      if (sandbox === undefined) return;
      const bench = new Workbench(t);
      const controller = new AbortController();
      const ctx = testContext(t, { signal: controller.signal });
      const running = run(bench, [bench.buildpack({ id: 'slow', build: ': > started; sleep 600' })], ctx, { sandbox });
      while (!existsSync(join(bench.app, 'started'))) await new Promise((done) => setImmediate(done));
      controller.abort();
      await assert.rejects(running, (error) => hasCode(error, 'INTERRUPTED'));
    });
  });
}

describe('build', () => {
  it('a buildpack gets the entries that it provides; what it leaves unmet goes to the next provider, what it met is gone (B-12)', async (t) => {
    const bench = new Workbench(t);
    const ctx = testContext(t);
    const show = (id: string, unmet = ''): OrderElement =>
      bench.buildpack({
        id,
        build: `echo "${id}:" $(grep name "$3" | cut -d '"' -f 2)${unmet === '' ? '' : `; printf '[[unmet]]\\nname = "${unmet}"\\n' > "$1/build.toml"`}`,
      });
    const group = [show('one', 'a'), show('two'), show('three')];
    const providers = group.map(({ id, version }) => ({ kind: 'buildpack', id, version }) as const);
    await run(bench, group, ctx, {
      plan: [
        { providers, requires: [{ name: 'a' }] },
        { providers, requires: [{ name: 'b' }] },
      ],
    });
    assert.deepEqual(outputOf(ctx), ['one: a b', 'two: a', 'three:']);
  });

  it('an unmet name that is empty or was not asked for exits 52 (B-13)', async (t) => {
    const bench = new Workbench(t);
    const unmet = (name: string): OrderElement =>
      bench.buildpack({ id: `u-${name}`, build: `printf '[[unmet]]\\nname = "${name}"\\n' > "$1/build.toml"` });
    const stranger = await failing(bench, [unmet('x')], testContext(t));
    assert.deepEqual([stranger.exit, stranger.message], [52, "unmet.name 'x' must match a requested dependency"]);
    const empty = await failing(bench, [unmet('')], testContext(t));
    assert.deepEqual([empty.exit, empty.message], [52, 'unmet.name is required']);
  });

  it('the execution environment is told from Buildpack API 0.12 on, the target from 0.10 on, and nothing that is empty (B-09, B-10)', async (t) => {
    for (const [api, execEnv, names] of [
      ['0.9', 'test', []],
      ['0.10', 'test', ['CNB_TARGET_ARCH', 'CNB_TARGET_OS']],
      ['0.11', 'test', ['CNB_TARGET_ARCH', 'CNB_TARGET_OS']],
      ['0.12', 'test', ['CNB_EXEC_ENV', 'CNB_TARGET_ARCH', 'CNB_TARGET_OS']],
      ['0.12', '', ['CNB_TARGET_ARCH', 'CNB_TARGET_OS']],
    ] as const) {
      const bench = new Workbench(t);
      const ctx = testContext(t);
      const input = { execEnv, target: { os: 'linux', arch: 'arm64' } };
      await run(bench, [bench.buildpack({ id: 'bp', api, build: 'env' })], ctx, { input });
      const variables = outputOf(ctx).filter((line) => /^CNB_(EXEC|TARGET)_/.test(line));
      assert.deepEqual(variables.map((line) => line.split('=')[0]).sort(), names, `${api} ${execEnv}`);
    }
  });

  it('a buildpack with clear-env sees no platform settings (B-18)', async (t) => {
    const bench = new Workbench(t);
    const ctx = testContext(t);
    bench.write('platform/env/SETTING', 'x');
    await run(bench, [bench.buildpack({ id: 'clear', toml: 'clear-env = true\n', build: 'echo "[$SETTING]"' })], ctx);
    assert.deepEqual(outputOf(ctx), ['[]']);
  });

  it('files that break the rules, have syntax errors or cannot be read exit 52 and name the place (B-21, B-27, B-30)', async (t) => {
    const bench = new Workbench(t);
    const cases = [
      [
        'types',
        `printf 'launch = true\\n' > "$1/l.toml"`,
        /the launch, cache and build flags should be in the types table of .*types\/l\.toml/,
      ],
      ['syntax', `printf '[[processes]]\\ntype = broken\\n' > "$1/launch.toml"`, /launch\.toml:2:\d+: /],
      ['layer', `printf '[types]\\n\\nlaunch = \\n' > "$1/l.toml"`, /l\.toml:3:\d+: /],
      ['store', `printf 'x' > "$1/store.toml"`, /store\.toml/],
      [
        'direct',
        `printf '[[processes]]\\ntype = "web"\\ncommand = ["x"]\\ndirect = true\\n' > "$1/launch.toml"`,
        /process\.direct is not supported/,
      ],
      [
        'defaults',
        `printf '[[processes]]\\ntype = "a"\\ncommand = ["x"]\\ndefault = true\\n[[processes]]\\ntype = "b"\\ncommand = ["x"]\\ndefault = true\\n' > "$1/launch.toml"`,
        /multiple default process types aren't allowed/,
      ],
      [
        'bom',
        `printf '[[bom]]\\nname = "x"\\nversion = "1"\\n' > "$1/launch.toml"`,
        /bom entry 'x' has a top level version/,
      ],
      ['directory', `mkdir "$1/launch.toml"`, /launch\.toml/],
    ] as const;
    for (const [id, script, message] of cases) {
      const error = await failing(bench, [bench.buildpack({ id, build: script })], testContext(t));
      assert.deepEqual([error.exit, error.details['buildpack']], [52, `${id}@1.0.0`]);
      assert.match(`${error.message} ${JSON.stringify(error.details)}`, message, id);
    }
  });

  it('labels, slices and processes are gathered over the group (B-04, B-24, B-25, B-26, B-28, B-36)', async (t) => {
    const bench = new Workbench(t);
    const ctx = testContext(t);
    const first = bench.buildpack({
      id: 'first',
      toml: 'homepage = "https://example.invalid/first"\n',
      build: `cat > "$1/launch.toml" <<'T'
[[labels]]
key = "k"
value = "1"
[[slices]]
paths = ["a"]
[[processes]]
type = "web"
command = ["old"]
default = true
[[processes]]
type = "task"
command = ["task"]
T`,
    });
    const second = bench.buildpack({
      id: 'second',
      build: `cat > "$1/launch.toml" <<'T'
[[labels]]
key = "k"
value = "2"
[[slices]]
paths = ["b", "c"]
[[processes]]
type = "web"
command = ["new"]
args = ["--x"]
working-dir = "/w"
exec-env = ["test"]
T`,
    });
    const extension = { kind: 'extension', id: 'ext', version: '0.1', api: '0.10' } as const;
    const metadata = await run(bench, [first, second], ctx, { group: [extension] });
    assert.deepEqual(metadata, {
      buildpacks: [
        { id: 'first', version: '1.0.0', api: '0.10', homepage: 'https://example.invalid/first' },
        { id: 'second', version: '1.0.0', api: '0.10' },
      ],
      extensions: [{ id: 'ext', version: '0.1', api: '0.10' }],
      labels: [
        { key: 'k', value: '1' },
        { key: 'k', value: '2' },
      ],
      processes: [
        { type: 'task', command: ['task'], direct: true, isDefault: false, buildpackId: 'first' },
        {
          type: 'web',
          command: ['new'],
          args: ['--x'],
          direct: true,
          isDefault: false,
          buildpackId: 'second',
          workingDir: '/w',
          execEnv: ['test'],
        },
      ],
      slices: [{ paths: ['a'] }, { paths: ['b', 'c'] }],
    });
    assert.deepEqual(logText(ctx.events, 'info'), [
      'Warning: Warning: redefining the following default process type with a process not marked as default: web',
    ]);
  });

  it('SBOM files go to build, launch and cache, and what lay in sbom before is gone (B-11, B-32, B-33)', async (t) => {
    const bench = new Workbench(t);
    bench.write('layers/sbom/launch/stale.json', '');
    const formats = 'sbom-formats = ["application/vnd.cyclonedx+json;version=1.4", "application/spdx+json"]\n';
    const element = bench.buildpack({
      id: 'acme/bp',
      toml: formats,
      build: [
        layer('both', 'launch = true\\ncache = true'),
        layer('dotted.name', 'build = true'),
        'umask 077; for f in launch build both dotted.name; do printf "$f" > "$1/$f.sbom.cdx.json"; done; printf x > "$1/launch.sbom.spdx.json"',
      ].join('\n'),
    });
    await run(bench, [element], testContext(t));
    assert.deepEqual(
      bench.layerPaths('sbom').filter((path) => path.endsWith('.json')),
      [
        'build/acme_bp/dotted.name/sbom.cdx.json',
        'build/acme_bp/sbom.cdx.json',
        'build/sbom.legacy.json',
        'cache/acme_bp/both/sbom.cdx.json',
        'launch/acme_bp/both/sbom.cdx.json',
        'launch/acme_bp/sbom.cdx.json',
        'launch/acme_bp/sbom.spdx.json',
        'launch/sbom.legacy.json',
      ],
    );
    assert.equal(bench.readLayers('sbom/cache/acme_bp/both/sbom.cdx.json'), 'both');
    assert.equal(bench.readLayers('sbom/launch/sbom.legacy.json'), 'null\n');
    assert.equal(statSync(join(bench.layers, 'sbom/launch/acme_bp/sbom.cdx.json')).mode & 0o777, 0o644);
    assert.equal(statSync(join(bench.layers, 'sbom/launch/acme_bp')).mode & 0o777, 0o755);
    assert.equal(existsSync(join(bench.layers, 'sbom/launch/stale.json')), false);
  });

  it('an SBOM of an unknown format, or of one that was not declared, exits 52 (B-33)', async (t) => {
    const bench = new Workbench(t);
    const write = (id: string, file: string): OrderElement => bench.buildpack({ id, build: `: > "$1/${file}"` });
    const unknown = await failing(bench, [write('a', 'launch.sbom.xml.json')], testContext(t));
    assert.deepEqual(
      [unknown.exit, unknown.message],
      [52, "unsupported SBOM file format: '/layers/a/launch.sbom.xml.json'"],
    );
    const undeclared = await failing(bench, [write('b', 'build.sbom.syft.json')], testContext(t));
    assert.deepEqual(
      [undeclared.exit, undeclared.message],
      [
        52,
        "validating SBOM file '/layers/b/build.sbom.syft.json' for buildpack: 'b@1.0.0': undeclared SBOM media type: 'application/vnd.syft+json'",
      ],
    );
  });

  it('a BOM table is passed on with a warning, without one beside SBOM files (B-34)', async (t) => {
    const bench = new Workbench(t);
    const bom = `printf '[[bom]]\\nname = "x"\\n[bom.metadata]\\nn = 7\\n' > "$1/launch.toml"`;
    const ctx = testContext(t);
    await run(bench, [bench.buildpack({ id: 'old', build: bom })], ctx);
    assert.match(logText(ctx.events, 'info').join('\n'), /^Warning: BOM table is deprecated/);
    assert.deepEqual(JSON.parse(bench.readLayers('sbom/launch/sbom.legacy.json')), [
      { name: 'x', metadata: { n: 7 }, buildpack: { id: 'old', version: '1.0.0' } },
    ]);
    const quiet = testContext(t);
    const toml = 'sbom-formats = ["application/vnd.cyclonedx+json"]\n';
    await run(bench, [bench.buildpack({ id: 'new', toml, build: `${bom}; : > "$1/launch.sbom.cdx.json"` })], quiet);
    assert.deepEqual(logText(quiet.events, 'info'), []);
  });

  it("both streams are handed out line by line under the buildpack's name, in the order of writing (B-35)", async (t) => {
    const bench = new Workbench(t);
    const ctx = testContext(t);
    const script = 'echo out; echo err >&2; echo by name | tee /dev/stderr; printf "no newline ü"';
    await run(bench, [bench.buildpack({ id: 'talks', build: script })], ctx);
    assert.deepEqual(
      ctx.events.filter((event) => event.type === 'output'),
      ['out', 'err', 'by name', 'by name', 'no newline ü'].map((line) => ({
        type: 'output',
        source: 'talks@1.0.0',
        stream: 'stdout',
        line,
      })),
    );
    assert.deepEqual(
      ctx.events.filter((event) => event.type === 'buildpack.start'),
      [{ type: 'buildpack.start', phase: 'build', buildpack: 'talks@1.0.0' }],
    );
  });

  it('an empty group makes empty metadata and the two legacy lists', async (t) => {
    const bench = new Workbench(t);
    const metadata = await run(bench, [], testContext(t));
    assert.deepEqual(metadata, { buildpacks: [], extensions: [], labels: [], processes: [], slices: [] });
    assert.equal(bench.readLayers('sbom/build/sbom.legacy.json'), 'null\n');
  });

  it('a platform setting that cannot be read stops the build by its name', async (t) => {
    const bench = new Workbench(t);
    mkdirSync(join(bench.dirs.platform.real, 'env'), { recursive: true });
    symlinkSync('nowhere', join(bench.dirs.platform.real, 'env', 'LOST'));
    const element = bench.buildpack({ id: 'bp' });
    const error = await failing(bench, [element], testContext(t));
    assert.match(error.message, /env\/LOST: no such file or directory/);
    assert.equal(moduleName(element), 'bp@1.0.0');
  });
});
