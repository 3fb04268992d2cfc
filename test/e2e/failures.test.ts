import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { layoutBackend } from '../../src/registryd/layout-backend.ts';
import { copyImage } from '../../src/store/copy.ts';
import { openLayoutSink } from '../../src/store/layout/layout-sink.ts';
import { openLayout } from '../../src/store/layout/layout-source.ts';
import { readDifferences } from '../support/differences.ts';
import { FAILURE_CASES } from '../support/failure-cases.ts';
import { FailureRuns, lostFiles, lostNames } from '../support/failure-runs.ts';
import { GOLDEN } from '../support/golden-compare.ts';
import { beginRecorded, skipRecorded } from '../support/golden-runs.ts';
import { lifecycleBed, putRunImage, type LifecycleBed } from '../support/lifecycle-bed.ts';
import { recordedFailures, type FailureStep } from '../support/recorded-failures.ts';
import { startRegistry } from '../support/registry.ts';
import { judge } from '../support/verdicts.ts';

const recorded = recordedFailures();
/** Rows by the `case/step` whose exit code is another one here. */
const rows = new Map(
  readDifferences().flatMap(({ id, exits }) => [...exits].map(([step, code]) => [step, { id, code }])),
);
const AUTH = ['auth-missing', 'auth-ok', 'auth-wrong'] as const;

describe('recorded failures', { skip: skipRecorded() }, () => {
  it('end as recorded or as listed, name their subject, and lose nothing', async (t) => {
    const { root, ctx } = await beginRecorded(t);
    await using sink = await openLayoutSink(root.registry, 'base/run:arm64-only', ctx);
    await copyImage({ source: openLayout(`${GOLDEN}/fixtures/base/run-arm64-only`), name: undefined }, sink, ctx);
    await sink.commit(ctx);
    const failures = new FailureRuns(root);
    failures.prepareStates();
    for (const each of FAILURE_CASES) failures.add(each, stepsOf(each.name));
    const results = await root.finish();
    for (const each of FAILURE_CASES)
      await t.test(each.name, () => {
        const runs = failures.runs.filter(({ name }) => name === each.name);
        assert.equal(runs.length, Object.keys(each.says).length);
        for (const run of runs) {
          const { exitCode, output } = results[run.index] ?? assert.fail('no result');
          judgeExit(each.name, run.step, { exitCode, output });
          assert.match(output, each.says[run.step.step] ?? assert.fail(run.step.step));
          assert.deepEqual(lostNames(run), []);
          if (exitCode !== 0) assert.deepEqual(lostFiles(run), []);
        }
      });
  });

  it('every recorded case and every listed difference is one of these', () => {
    const names = [...FAILURE_CASES.map(({ name }) => name), ...AUTH];
    assert.deepEqual(names.sort(), [...recorded.keys()].sort());
    for (const [path, { code }] of rows) {
      const [name = '', step] = path.split('/');
      const found = stepsOf(name).find((each) => each.step === step);
      assert.ok(found !== undefined && found.exitCode !== code, `${path} needs no row`);
    }
    // What comes after the step in which a case stops here is not reached, which takes a row.
    for (const { name, says } of FAILURE_CASES) {
      const rest = stepsOf(name).findIndex(({ step }) => !(step in says));
      const last = stepsOf(name)[rest - 1]?.step ?? '';
      assert.ok(rest < 0 || rows.has(`${name}/${last}`), `${name} is not repeated to its end`);
    }
  });
});

describe('recorded failures of a registry with credentials', () => {
  it('auth-missing: the image that may not be read is named', async (t) => {
    const { run } = await closedRegistry(t);
    for (const step of stepsOf('auth-missing')) {
      const subject = step.args.find((word) => word.startsWith('127.0.0.1:5911/')) ?? assert.fail();
      await run('auth-missing', step, {}, subject);
    }
  });

  it('auth-ok: a run image and an image that may be read', async (t) => {
    const { bed, run } = await closedRegistry(t);
    const [step = assert.fail()] = stepsOf('auth-ok');
    await run('auth-ok', step, credentials(bed, 'oracle:secret'), '127.0.0.1:5911/app/x');
  });

  it('auth-wrong: an image is named, and no password is', async (t) => {
    const { bed, run } = await closedRegistry(t);
    const [step = assert.fail()] = stepsOf('auth-wrong');
    const output = await run('auth-wrong', step, credentials(bed, 'oracle:wrong-secret'), '127.0.0.1:5911/');
    assert.doesNotMatch(output, /wrong-secret/);
    assert.ok(!output.includes(Buffer.from('oracle:wrong-secret').toString('base64')));
  });
});

function judgeExit(
  name: string,
  step: FailureStep,
  result: { readonly exitCode: number | null; readonly output: string },
): void {
  const path = `${name}/${step.step}`;
  judge({ table: 'failures', case: name, check: step.step }, (judging) => {
    const row = rows.get(path);
    judging.detail = `${String(step.exitCode)} → ${String(result.exitCode)}`;
    if (row !== undefined) judging.rows.add(row.id);
    assert.equal(result.exitCode, row?.code ?? step.exitCode, `${path}: ${result.output}`);
  });
}

function stepsOf(name: string): readonly FailureStep[] {
  return recorded.get(name) ?? assert.fail(`no recorded failure ${name}`);
}

interface ClosedRegistry {
  readonly bed: LifecycleBed;
  /** Repeats a step; the output must name `subject`. */
  readonly run: (
    name: string,
    step: FailureStep,
    ...[env, subject]: readonly [Readonly<Record<string, string>>, string]
  ) => Promise<string>;
}

/** A registry that wants credentials in the place of 127.0.0.1:5911, and an open one with the same images in that of :5910. */
async function closedRegistry(t: TestContext): Promise<ClosedRegistry> {
  const bed = await lifecycleBed(t, { auth: { kind: 'basic', users: { oracle: 'secret' } } });
  await putRunImage(bed, undefined, 'base/run:v1');
  const open = await startRegistry(t, { backend: layoutBackend(join(bed.directory, 'registry')) });
  const here = (text: string): string =>
    text.replace('127.0.0.1:5911', bed.registry).replace('127.0.0.1:5910', open.name);
  return {
    bed,
    run: async (name, step, env, subject) => {
      const { code, stdout, stderr } = await bed.run(step.program, step.args.map(here), env);
      const output = stdout + stderr;
      judgeExit(name, step, { exitCode: code, output });
      assert.ok(output.includes(here(subject)), `${here(subject)} in: ${output}`);
      return output;
    },
  };
}

function credentials(bed: LifecycleBed, user: string): Readonly<Record<string, string>> {
  const basic = Buffer.from(user).toString('base64');
  return { CNB_REGISTRY_AUTH: JSON.stringify({ [bed.registry]: `Basic ${basic}` }) };
}
