import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { platformFeatures } from '../../src/cnb/features.ts';
import { SlipwayError } from '../../src/core/errors.ts';
import type { GroupElement, OrderElement } from '../../src/cnb/module.ts';
import type { Plan } from '../../src/cnb/plan.ts';
import { generate, type GenerateInput, type GenerateOutput } from '../../src/phases/generate.ts';
import { hostSandbox } from '../../src/sandbox/host.ts';
import type { Sandbox } from '../../src/sandbox/sandbox.ts';
import { testContext, type TestContextOf } from '../support/context.ts';
import { openDirectory, STRATEGIES } from '../support/sandbox.ts';
import { logText, Workbench } from '../support/workbench.ts';

/** A workbench with an open `generated` directory. */
function bench(test: TestContext): Workbench {
  const made = new Workbench(test);
  openDirectory(made.directory, 'generated');
  return made;
}

function input(at: Workbench, elements: readonly OrderElement[], options: Partial<GenerateInput> = {}): GenerateInput {
  const group = elements.map((element): GroupElement => ({ ...element, api: '0.10' }));
  const generated = { real: join(at.directory, 'generated'), logical: '/layers/generated' };
  return { ...at.input([]), group, plan: [], generated, ...options };
}

function run(given: GenerateInput, at: Workbench, ctx: TestContextOf, sandbox: Sandbox = hostSandbox()) {
  return generate(given, { sandbox, extensions: at.extensions }, ctx);
}

/** Files below `generated`, sorted. */
function files(at: Workbench): readonly string[] {
  return readdirSync(join(at.directory, 'generated'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(join(at.directory, 'generated/').length))
    .sort();
}

const BUILD = `printf 'ARG base_image\\nFROM \${base_image}\\nRUN true\\n' > "$1/build.Dockerfile"`;
const EXTENDS = `printf 'ARG base_image\\nFROM \${base_image}\\nUSER 1\\n' > "$1/run.Dockerfile"`;
const switches = (base: string, more = ''): string => `printf 'FROM ${base}\\n${more}' > "$1/run.Dockerfile"`;
const entry = (id: string, name: string): Plan[number] => ({
  providers: [{ kind: 'extension', id, version: '1.0.0' }],
  requires: [{ name }],
});

describe('generate', () => {
  for (const strategy of STRATEGIES) {
    it(`an extension gets its directory, its part of the plan and the contract's environment under ${strategy.name} (D-64)`, async (t) => {
      const sandbox = await strategy.open(t);
      if (sandbox === undefined) return;
      const at = bench(t);
      const ctx = testContext(t);
      at.write('platform/env/SETTING', 'x');
      const ext = at.extension({
        id: 'acme/ext',
        api: '0.12',
        generate: `env; echo "args=$*"; echo "cwd=$(pwd)"; cat "$3"; echo to stderr >&2; echo a > "$1/file"`,
      });
      const plan = [entry('acme/ext', 'mine'), entry('other', 'not-mine')];
      const inheritedEnv = { PATH: '/usr/bin:/bin', SECRET: 'canary' };
      const output = await run(input(at, [ext], { plan, inheritedEnv }), at, ctx, sandbox);
      const seen = (name: 'app' | 'platform' | 'extensions'): string =>
        sandbox.mapsPaths ? at.dirs[name].logical : at.dirs[name].real;
      const out = `${sandbox.mapsPaths ? '/layers' : at.directory}/generated/acme_ext`;
      const lines = logText(ctx.events);
      const planFile = /^CNB_BP_PLAN_PATH=(.*)$/m.exec(lines.join('\n'))?.[1] ?? '';
      assert.match(planFile, /\/acme_ext\/plan\.toml$/);
      const isVariable = /^[A-Za-z_]+=/;
      assert.deepEqual(
        lines.filter((line) => isVariable.test(line) && !/^(PWD|OLDPWD|SHLVL|_)=/.test(line)).sort(),
        [
          `CNB_BP_PLAN_PATH=${planFile}`,
          `CNB_EXTENSION_DIR=${seen('extensions')}/acme_ext/1.0.0`,
          `CNB_OUTPUT_DIR=${out}`,
          `CNB_PLATFORM_DIR=${seen('platform')}`,
          'CNB_TARGET_ARCH=amd64',
          'CNB_TARGET_DISTRO_NAME=debian',
          'CNB_TARGET_DISTRO_VERSION=12',
          'CNB_TARGET_OS=linux',
          'PATH=/usr/bin:/bin',
          'SETTING=x',
          `args=${out} ${seen('platform')} ${planFile}`,
          `cwd=${seen('app')}`,
        ].sort(),
      );
      assert.ok(lines.includes('  name = "mine"'));
      assert.ok(lines.includes('to stderr'));
      assert.equal(lines.join('\n').includes('not-mine'), false);
      assert.deepEqual(output, { plan: [entry('other', 'not-mine')], extend: false, extending: [] });
      assert.equal(readFileSync(join(at.directory, 'generated/acme_ext/file'), 'utf8'), 'a\n');
    });
  }

  it('what an extension was asked for is not asked of a later one (D-75)', async (t) => {
    const at = bench(t);
    const ctx = testContext(t);
    const say = (id: string): OrderElement => at.extension({ id, generate: `grep -c name "$3"; exit 0` });
    const both: Plan[number] = {
      providers: ['one', 'two'].map((id) => ({ kind: 'extension', id, version: '1.0.0' })),
      requires: [{ name: 'x' }],
    };
    const { plan } = await run(input(at, [say('one'), say('two')], { plan: [both] }), at, ctx);
    assert.deepEqual(plan, []);
    assert.deepEqual(
      logText(ctx.events).filter((line) => /^\d$/.test(line)),
      ['1', '0'],
    );
  });

  const CONFIG = `printf '[[build.args]]\\nname = "a"\\nvalue = "1"\\n' > "$1/extend-config.toml"; mkdir "$1/context"; : > "$1/context/f"`;

  it('keeps an extension’s files together from Platform API 0.13 on (D-65)', async (t) => {
    const at = bench(t);
    at.write('generated/a_b/build.Dockerfile', 'left by an earlier run');
    const ext = at.extension({ id: 'a/b', generate: `${EXTENDS}; ${CONFIG}` });
    const output = await run(input(at, [ext], { features: platformFeatures('0.13') }), at, testContext(t));
    assert.deepEqual(files(at), ['a_b/context/f', 'a_b/extend-config.toml', 'a_b/run.Dockerfile']);
    assert.deepEqual(output, {
      plan: [],
      extend: true,
      extending: [{ extension: 'a/b', dockerfile: 'run.Dockerfile' }],
    });
  });

  it('sorts them by kind of image before, without contexts (D-65)', async (t) => {
    const at = bench(t);
    at.write('generated/build/old/Dockerfile', 'of an extension that took no part');
    const ext = at.extension({ id: 'a/b', generate: `${BUILD}; ${EXTENDS}; ${CONFIG}; mkdir "$1/context.run"` });
    const later = at.extension({ id: 'later', generate: switches('new') });
    const features = platformFeatures('0.12');
    assert.deepEqual(await run(input(at, [ext, later], { features }), at, testContext(t)), {
      plan: [],
      newBase: { id: 'later', image: 'new' },
      extend: false,
      extending: [{ extension: 'a/b', dockerfile: 'build.Dockerfile' }],
    });
    assert.deepEqual(files(at), [
      'build/a_b/Dockerfile',
      'build/a_b/extend-config.toml',
      'build/old/Dockerfile',
      'run/a_b/Dockerfile.ignore',
      'run/a_b/extend-config.toml',
      'run/later/Dockerfile',
    ]);
  });

  const BASES: readonly (readonly [
    string,
    readonly string[],
    Omit<GenerateOutput, 'plan' | 'extending'>,
    readonly string[],
    string,
  ])[] = [
    [
      'only a build.Dockerfile leaves the run image as it is (D-69)',
      [BUILD],
      { extend: false },
      [],
      'e0 build.Dockerfile',
    ],
    [
      'FROM alone switches the run image (D-66)',
      [switches('new:1')],
      { newBase: { id: 'e0', image: 'new:1' }, extend: false },
      [],
      '',
    ],
    ['more than FROM extends it (D-68)', [EXTENDS], { extend: true }, [], 'e0 run.Dockerfile'],
    [
      'FROM and more switch and extend it (D-68)',
      [switches('new', 'USER 1\\n')],
      { newBase: { id: 'e0', image: 'new' }, extend: true },
      [],
      'e0 run.Dockerfile',
    ],
    [
      'the last switch wins, and what was before it does not count (D-67)',
      [EXTENDS, switches('one', 'USER 1\\n'), switches('two'), BUILD],
      { newBase: { id: 'e2', image: 'two' }, extend: false },
      ['e0', 'e1'],
      'e3 build.Dockerfile',
    ],
    [
      'what comes after the last switch counts (D-67)',
      [switches('one'), switches('two'), EXTENDS],
      { newBase: { id: 'e1', image: 'two' }, extend: true },
      ['e0'],
      'e2 run.Dockerfile',
    ],
  ];
  for (const [what, scripts, expected, ignored, extending] of BASES) {
    it(what, async (t) => {
      const at = bench(t);
      const elements = scripts.map((script, index) => at.extension({ id: `e${String(index)}`, generate: script }));
      const { extending: found, ...output } = await run(input(at, elements), at, testContext(t));
      assert.deepEqual(output, { plan: [], ...expected });
      assert.equal(found.map(({ extension, dockerfile }) => `${extension} ${dockerfile}`).join(', '), extending);
      for (const [index] of scripts.entries()) {
        const id = `e${String(index)}`;
        const isSetAside = existsSync(join(at.directory, 'generated', id, 'run.Dockerfile.ignore'));
        assert.equal(isSetAside, ignored.includes(id), id);
        if (isSetAside) assert.equal(existsSync(join(at.directory, 'generated', id, 'run.Dockerfile')), false);
      }
    });
  }

  it('a prepared generate directory is copied where there is no program, and stays as it was (D-74, GAP-16)', async (t) => {
    const at = bench(t);
    const prepared = at.extension({
      id: 'prepared',
      files: { 'generate/run.Dockerfile': 'FROM one\n', 'generate/context/deep/f': 'x' },
    });
    const bare = at.extension({ id: 'bare' });
    const last = at.extension({ id: 'last', generate: switches('two') });
    const output = await run(input(at, [prepared, bare, last]), at, testContext(t));
    assert.deepEqual(output.newBase, { id: 'last', image: 'two' });
    assert.deepEqual(files(at), ['last/run.Dockerfile', 'prepared/context/deep/f', 'prepared/run.Dockerfile.ignore']);
    assert.ok(existsSync(join(at.directory, 'extensions/prepared/1.0.0/generate/run.Dockerfile')));
  });

  for (const failing of [0, 1]) {
    it(`a failing ${failing === 0 ? 'first' : 'later'} extension stops with 91 and its own code (D-70)`, async (t) => {
      const at = bench(t);
      const elements = ['a', 'b'].map((id, index) =>
        at.extension({ id, generate: index === failing ? 'echo the reason; exit 7' : `: > "$1/ran"` }),
      );
      await assert.rejects(run(input(at, elements), at, testContext(t)), {
        code: 'EXTENSION_FAILED',
        exit: 91,
        details: {
          extension: `${failing === 0 ? 'a' : 'b'}@1.0.0`,
          'exit code': '7',
          'last line': 'the reason',
        },
      });
      assert.equal(existsSync(join(at.directory, 'generated/b/ran')), false);
    });
  }

  const WRONG: readonly (readonly [string, string, RegExp])[] = [
    [
      'a Dockerfile of two stages (D-71)',
      switches('a', 'FROM b\\n'),
      /^failed to parse run\.Dockerfile for extension e: run\.Dockerfile is not permitted to use multistage build$/,
    ],
    [
      'a build.Dockerfile without ARG (D-71)',
      `echo 'FROM a' > "$1/build.Dockerfile"`,
      /^failed to parse build\.Dockerfile for extension e: build\.Dockerfile did not start with required ARG command$/,
    ],
    [
      'an argument that the extender sets (D-72)',
      `printf '[[run.args]]\\nname = "user_id"\\nvalue = "1"\\n' > "$1/extend-config.toml"`,
      /^validating extend config: invalid content: arg with name "user_id" is not allowed$/,
    ],
    [
      'a shared context beside one of its own (D-73)',
      `mkdir "$1/context" "$1/context.run"`,
      /^image-specific context dir is provided together with a shared context$/,
    ],
    ['a Dockerfile that is a link out of its directory', 'ln -s /etc/passwd "$1/run.Dockerfile"', /leads out of/],
  ];
  for (const [what, script, message] of WRONG) {
    it(`refuses ${what}`, async (t) => {
      const at = bench(t);
      const ext = at.extension({ id: 'e', generate: script });
      await assert.rejects(run(input(at, [ext]), at, testContext(t)), (error) => {
        assert.ok(error instanceof SlipwayError);
        assert.match(error.message, message);
        return true;
      });
    });
  }

  it('warns of instructions that are not recommended (D-71)', async (t) => {
    const at = bench(t);
    const ctx = testContext(t);
    const ext = at.extension({ id: 'e', generate: switches('new', 'CMD x\\n') });
    await run(input(at, [ext]), at, ctx);
    assert.ok(logText(ctx.events).includes('Warning: run.Dockerfile command CMD on line 2 is not recommended'));
  });
});
