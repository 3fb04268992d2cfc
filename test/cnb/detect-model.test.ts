import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { detectOrder } from '../../src/cnb/detect-order.ts';
import type { ModuleDescriptor, Order, OrderElement } from '../../src/cnb/module.ts';
import type { PlanSection } from '../../src/cnb/plan.ts';
import { resolvePlan, type DetectAttempt, type DetectRun, type Resolution } from '../../src/cnb/resolve-plan.ts';
import { attempt, descriptor, element, exit, pass } from '../support/detect-runs.ts';
import { modelDetect } from '../support/order-model.ts';
import { groupText, modelResolve, type ModelResolution } from '../support/plan-model.ts';

describe('detection against a slow, obvious model', () => {
  it('resolves any group as the model does: group, plan, order of both, and every line', () => {
    fc.assert(
      fc.property(attempts(), (group) => {
        assert.deepEqual(comparable(resolvePlan(group)), modelResolve(group));
      }),
      { numRuns: 4000 },
    );
  });

  it('the groups that the model is tried with pass, fail and drop often enough', () => {
    const results = fc.sample(attempts(), { numRuns: 1000, seed: 1 }).map((group) => ({
      group,
      result: modelResolve(group),
    }));
    const count = (is: (one: (typeof results)[number]) => boolean): number => results.filter(is).length;
    assert.ok(count(({ result }) => result.kind === 'passed') > 100);
    assert.ok(count(({ result }) => result.plan.length > 0) > 50);
    assert.ok(
      count(({ result }) => result.lines.some((line) => line.startsWith('debug skip') && line.includes('unused'))) > 50,
    );
    assert.ok(count(({ result }) => result.lines.includes('debug Resolving plan... (try #3)')) > 50);
  });

  it('expands any order as the model does: what runs, in which turn, and what comes of it', async () => {
    await fc.assert(
      fc.asyncProperty(worlds(), async (world) => {
        const expected = modelDetect({ ...world, execEnv: 'test' });
        const ran: string[] = [];
        const result = await detectOrder(
          { order: world.order, extensions: world.extensions, target: { os: 'linux', arch: 'amd64' }, execEnv: 'test' },
          {
            find: (one) => Promise.resolve(world.find(one)),
            detect: ({ kind, id, version }) => {
              ran.push(`${kind} ${id}@${version}`);
              return Promise.resolve(world.run({ kind, id, version, optional: false }));
            },
            log: () => undefined,
          },
        );
        assert.deepEqual({ result: comparable(result), ran }, expected);
      }),
      { numRuns: 2000 },
    );
  });
});

function comparable(result: Resolution): ModelResolution {
  const lines = result.lines.map(
    ({ level, message }) => `${level} ${message.replace(/^(unable to satisfy target os\/arch constraints);.*/, '$1')}`,
  );
  if (result.kind === 'failed') return { kind: 'failed', withErrors: result.withErrors, group: [], plan: [], lines };
  return { kind: 'passed', withErrors: false, group: result.group.map(groupText), plan: result.plan, lines };
}

function sections(): fc.Arbitrary<PlanSection> {
  const name = fc.constantFrom('x', 'y', 'z');
  const require = fc.record({ name, metadata: fc.constantFrom({ n: 1n }, { n: 2n }) });
  return fc.record({
    provides: fc.array(name, { maxLength: 2 }),
    requires: fc.array(fc.oneof(fc.record({ name }), require), { maxLength: 2 }),
  });
}

function runs(): fc.Arbitrary<DetectRun> {
  const passing = fc.array(sections(), { minLength: 1, maxLength: 3 }).map((all) => pass(...all));
  return fc.oneof(
    { weight: 12, arbitrary: passing },
    { weight: 2, arbitrary: fc.constantFrom(pass(), { code: 0, output: 'said' }, exit(100), exit(100, 'no')) },
    { weight: 1, arbitrary: fc.constantFrom(exit(7, 'boom'), { code: -1, output: '', error: 'cannot run' }) },
  );
}

function attempts(): fc.Arbitrary<readonly DetectAttempt[]> {
  const one = fc.tuple(fc.constantFrom('', '', '', '+'), fc.constantFrom('', '?'), runs());
  return fc
    .array(one, { maxLength: 5 })
    .map((all) =>
      all.map(([plus, optional, run], at) => attempt(`${plus}${'m'.repeat(at + 1)}@${String(at)}${optional}`, run)),
    );
}

interface World {
  readonly order: Order;
  readonly extensions: Order;
  readonly find: (element: OrderElement) => ModuleDescriptor;
  readonly run: (element: OrderElement) => DetectRun;
  readonly fits: (descriptor: ModuleDescriptor) => boolean;
}

const PLAIN = ['a@1', 'a@2', 'b@1', 'c@1', 'd@1'];
const EXTENSIONS = ['+e@1', '+f@1'];
/** A composite names plain modules and composites before it only, so that there is no cycle. */
const COMPOSITES = ['m@1', 'n@1', 'a@3', 'o@1'];
const ARM = [{ os: 'linux', arch: 'arm64', archVariant: '', distros: [] }];

function orders(names: readonly string[], minLength: number): fc.Arbitrary<Order> {
  const one = fc
    .tuple(fc.constantFrom(...names), fc.constantFrom('', '', '?'))
    .map(([name, optional]) => element(`${name}${optional}`));
  return fc.array(fc.array(one, { maxLength: 3 }), { minLength, maxLength: 2 });
}

function worlds(): fc.Arbitrary<World> {
  const facts = fc.record({
    run: runs(),
    execEnv: fc.constantFrom([], [], [], ['*'], ['test', 'x'], ['production']),
    isMisfit: fc.constantFrom(false, false, false, true),
  });
  const plain = [...PLAIN, ...EXTENSIONS];
  return fc
    .record({
      order: orders([...PLAIN, ...COMPOSITES], 1),
      extensions: fc.oneof(fc.constant([]), orders(EXTENSIONS, 1)),
      facts: fc.tuple(...plain.map(() => facts)),
      inner: fc.tuple(...COMPOSITES.map((_, at) => orders([...PLAIN, ...COMPOSITES.slice(0, at)], 1))),
    })
    .map(({ order, extensions, facts: all, inner }) => {
      const modules = new Map<string, ModuleDescriptor>();
      const results = new Map<string, DetectRun>();
      for (const [at, name] of plain.entries()) {
        const { run, execEnv = [], isMisfit } = all[at] ?? {};
        const module = descriptor(name, { execEnv, targets: isMisfit === true ? ARM : [] });
        modules.set(keyOf(module), module);
        results.set(keyOf(module), run ?? pass());
      }
      for (const [at, name] of COMPOSITES.entries()) {
        const module = descriptor(name, { order: inner[at] ?? [] });
        modules.set(keyOf(module), module);
      }
      return {
        order,
        extensions,
        find: (one) => modules.get(keyOf(one)) ?? assert.fail(`no ${one.id}`),
        run: (one) => results.get(keyOf(one)) ?? assert.fail(`no run of ${one.id}`),
        fits: ({ targets }) => targets.length === 0,
      };
    });
}

function keyOf({
  kind,
  id,
  version,
}: {
  readonly kind: string;
  readonly id: string;
  readonly version: string;
}): string {
  return `${kind} ${id}@${version}`;
}
