import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { platformFeatures } from '../../src/cnb/features.ts';
import type { Deprecations } from '../../src/cnb/deprecations.ts';
import type { OrderElement } from '../../src/cnb/module.ts';
import type { BuildMetadata } from '../../src/cnb/process.ts';
import { SlipwayError } from '../../src/core/errors.ts';
import { build } from '../../src/phases/build.ts';
import { detect, type DetectOutput } from '../../src/phases/detect.ts';
import { hostSandbox } from '../../src/sandbox/host.ts';
import { testContext, type TestContextOf } from '../support/context.ts';
import { logText, Workbench } from '../support/workbench.ts';

const sandbox = hostSandbox();

interface Built {
  readonly metadata: BuildMetadata;
  readonly bench: Workbench;
  readonly lines: readonly string[];
}

async function buildWith(
  t: TestContext,
  { platform, buildpack, script }: { readonly platform: string; readonly buildpack: string; readonly script: string },
): Promise<Built> {
  const bench = new Workbench(t);
  const ctx = testContext(t);
  const { id, version, kind } = bench.buildpack({
    id: 'old',
    api: buildpack,
    build: script,
    toml: 'sbom-formats = ["application/vnd.cyclonedx+json"]\n',
  });
  const group = [{ kind, id, version, api: buildpack }];
  const input = { ...bench.input([], { features: platformFeatures(platform) }), group, plan: [] };
  const { metadata } = await build(input, { sandbox, modules: bench.modules }, ctx);
  return { metadata, bench, lines: logText(ctx.events) };
}

async function detectWith(
  bench: Workbench,
  element: OrderElement,
  ctx: TestContextOf,
  options: { readonly platform: string; readonly deprecations?: Deprecations },
): Promise<DetectOutput> {
  const { platform, ...rest } = options;
  const input = bench.input([[element]], { features: platformFeatures(platform), ...rest });
  return detect(input, { sandbox, modules: bench.modules }, ctx);
}

const variables = (lines: readonly string[]): readonly string[] =>
  lines.flatMap((line) => /^(CNB_[A-Z_]+)=/.exec(line)?.[1] ?? []).sort();

const LAUNCH = `cat > "$1/launch.toml" <<'T'
[[processes]]
type = "web"
command = "echo $PORT"
args = ["a"]
working-dir = "/w"
[[processes]]
type = "direct"
command = "run it"
direct = true
[[bom]]
name = "dep"
[bom.metadata]
v = "1"
T
printf '[[bom]]\\nname = "tool"\\n' > "$1/build.toml"
`;

describe('buildpacks of API 0.7 and 0.8', () => {
  for (const [api, names] of [
    ['0.7', ['CNB_BUILDPACK_DIR']],
    ['0.8', ['CNB_BP_PLAN_PATH', 'CNB_BUILDPACK_DIR', 'CNB_LAYERS_DIR', 'CNB_PLATFORM_DIR']],
  ] as const)
    it(`${api}: build gets its paths as arguments, and ${String(names.length)} variables (B-08, B-09, B-10)`, async (t) => {
      const { lines } = await buildWith(t, { platform: '0.15', buildpack: api, script: 'env; echo "args=$#"' });
      assert.deepEqual(variables(lines), names);
      assert.ok(lines.includes('args=3'));
    });

  for (const [api, names] of [
    ['0.7', ['CNB_BUILDPACK_DIR']],
    ['0.8', ['CNB_BUILDPACK_DIR', 'CNB_BUILD_PLAN_PATH', 'CNB_PLATFORM_DIR']],
  ] as const)
    it(`${api}: detect gets its paths as arguments, and ${String(names.length)} variables`, async (t) => {
      const bench = new Workbench(t);
      const ctx = testContext(t);
      const element = bench.buildpack({ id: 'old', api, detect: 'env; echo "args=$#"' });
      await detectWith(bench, element, ctx, { platform: '0.15' });
      const lines = logText(ctx.events);
      assert.deepEqual(variables(lines), names);
      assert.ok(lines.includes('args=2'));
    });

  it('have commands of one string, which a shell starts unless they are direct (B-30)', async (t) => {
    const { metadata, lines } = await buildWith(t, { platform: '0.15', buildpack: '0.8', script: LAUNCH });
    const common = { isDefault: false, buildpackId: 'old' };
    assert.deepEqual(metadata.processes, [
      { type: 'direct', command: ['run it'], direct: true, ...common },
      { type: 'web', command: ['echo $PORT'], args: ['a'], direct: false, workingDir: '/w', ...common },
    ]);
    assert.equal(lines.filter((line) => line.startsWith('Warning: BOM table is deprecated')).length, 2);
  });

  it('have no working directory before 0.8: a warning for each process that names one (B-31)', async (t) => {
    const { metadata, lines } = await buildWith(t, { platform: '0.15', buildpack: '0.7', script: LAUNCH });
    assert.equal(
      metadata.processes.some((process) => 'workingDir' in process),
      false,
    );
    assert.deepEqual(
      lines.filter((line) => line.includes('working directory')),
      [
        "Warning: Warning: process working directory isn't supported in this buildpack api version. Ignoring working directory for process 'web'",
      ],
    );
  });
});

describe('older Platform APIs', () => {
  it('the bill of materials is in metadata.toml before 0.9, in files from then on; no SBOM files before 0.8 (B-34)', async (t) => {
    const script = `${LAUNCH}printf '{}' > "$1/launch.sbom.cdx.json"`;
    const bom = [{ name: 'dep', metadata: { v: '1' }, buildpack: { id: 'old', version: '1.0.0' } }];
    const files = (bench: Workbench): readonly string[] =>
      existsSync(join(bench.layers, 'sbom')) ? bench.layerPaths('sbom').filter((path) => path.endsWith('.json')) : [];
    for (const [platform, expected, paths] of [
      ['0.7', bom, []],
      ['0.8', bom, ['launch/old/sbom.cdx.json']],
      ['0.9', undefined, ['build/sbom.legacy.json', 'launch/old/sbom.cdx.json', 'launch/sbom.legacy.json']],
    ] as const) {
      const { metadata, bench } = await buildWith(t, { platform, buildpack: '0.8', script });
      assert.deepEqual(metadata.bom, expected, platform);
      assert.deepEqual(files(bench), paths, platform);
    }
  });

  it('a command is one word before 0.10, with the others before its arguments (B-03)', async (t) => {
    const script = `printf '[[processes]]\\ntype = "web"\\ncommand = ["a", "b"]\\nargs = ["c"]\\n' > "$1/launch.toml"`;
    const { metadata } = await buildWith(t, { platform: '0.9', buildpack: '0.10', script });
    assert.deepEqual(
      metadata.processes.map(({ command, args }) => ({ command, args })),
      [{ command: ['a'], args: ['b', 'c'] }],
    );
  });

  it('targets are not matched before 0.12', async (t) => {
    const bench = new Workbench(t);
    const element = bench.buildpack({ id: 'arm', toml: '[[targets]]\nos = "linux"\narch = "arm64"\n' });
    const old = await detectWith(bench, element, testContext(t), { platform: '0.11' });
    assert.deepEqual(
      old.group.map(({ id }) => id),
      ['arm'],
    );
    await assert.rejects(detectWith(bench, element, testContext(t), { platform: '0.12' }), (error) => {
      assert.ok(error instanceof SlipwayError);
      return error.code === 'DETECT_FAILED';
    });
  });

  it('a deprecated Buildpack API is a warning, nothing, or exit 12, before anything runs (C-08, C-09, C-10)', async (t) => {
    const bench = new Workbench(t);
    const element = bench.buildpack({ id: 'old', api: '0.8' });
    const lists = { platformApis: [], buildpackApis: ['0.8'] };
    const ctx = testContext(t);
    await detectWith(bench, element, ctx, { platform: '0.15', deprecations: { mode: 'warn', ...lists } });
    assert.ok(logText(ctx.events).includes("Warning: Buildpack 'old@1.0.0' requests deprecated API '0.8'"));
    const quiet = testContext(t);
    await detectWith(bench, element, quiet, { platform: '0.15', deprecations: { mode: 'quiet', ...lists } });
    assert.deepEqual(
      logText(quiet.events).filter((line) => line.includes('deprecated')),
      [],
    );
    await assert.rejects(
      detectWith(bench, element, testContext(t), { platform: '0.15', deprecations: { mode: 'error', ...lists } }),
      (error) => error instanceof SlipwayError && error.code === 'BUILDPACK_API_UNSUPPORTED' && error.exit === 12,
    );
  });
});
