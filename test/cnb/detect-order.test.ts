import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { detectOrder, type DetectOrderInput } from '../../src/cnb/detect-order.ts';
import { decodeAnalyzed } from '../../src/cnb/files/analyzed.ts';
import { decodeGroup, encodeGroup } from '../../src/cnb/files/group.ts';
import { decodeModule } from '../../src/cnb/files/module.ts';
import { decodeOrder } from '../../src/cnb/files/order.ts';
import { decodePlan, encodePlan } from '../../src/cnb/files/plan.ts';
import { moduleName, type ModuleDescriptor, type Order } from '../../src/cnb/module.ts';
import type { DetectRun, Resolution } from '../../src/cnb/resolve-plan.ts';
import { collect } from '../../src/core/bytes.ts';
import { SlipwayError } from '../../src/core/errors.ts';
import { streamOf } from '../../src/core/bytes.ts';
import { parseLocation } from '../../src/oci/location.ts';
import { readTar } from '../../src/tar/reader.ts';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { descriptor, element, exit, pass, section } from '../support/detect-runs.ts';
import { rejectionOf } from '../support/failure.ts';
import { golden, GOLDEN } from '../support/golden-files.ts';

interface Scene {
  /** `a@1 b@1?` per group. */
  readonly order: readonly string[] | { readonly order: Order };
  readonly skipsMisfits?: boolean;
  readonly extensions?: readonly string[];
  readonly modules: readonly ModuleDescriptor[];
  /** By `id@version`; the others pass. */
  readonly runs?: Readonly<Record<string, DetectRun>>;
  readonly execEnv?: string;
  /** Default: linux/amd64. */
  readonly target?: DetectOrderInput['target'];
}

interface Played {
  readonly result: Resolution;
  readonly names: readonly string[];
  readonly ran: readonly string[];
  readonly log: readonly string[];
}

const TARGET = { os: 'linux', arch: 'amd64' } as const;
const orderOf = (groups: readonly string[]): Order =>
  groups.map((group) =>
    group
      .split(' ')
      .filter((name) => name !== '')
      .map(element),
  );

async function play(scene: Scene): Promise<Played> {
  const ran: string[] = [];
  const log: string[] = [];
  const input: DetectOrderInput = {
    order: 'order' in scene.order ? scene.order.order : orderOf(scene.order),
    extensions: orderOf(scene.extensions ?? []),
    target: 'target' in scene ? scene.target : TARGET,
    execEnv: scene.execEnv,
    skipsMisfits: scene.skipsMisfits ?? false,
  };
  const result = await detectOrder(input, {
    find: ({ kind, id, version }) => {
      const found = scene.modules.find((one) => one.kind === kind && one.id === id && one.version === version);
      return found === undefined
        ? Promise.reject(new SlipwayError('BUILDPACK_NOT_FOUND', `no ${id}@${version}`))
        : Promise.resolve(found);
    },
    detect: (module) => {
      ran.push(moduleName(module));
      return Promise.resolve(scene.runs?.[moduleName(module)] ?? pass());
    },
    log: ({ message }) => void log.push(message),
  });
  return { result, ran, log, names: result.kind === 'passed' ? result.group.map(moduleName) : [] };
}

describe('expanding an order', () => {
  const [a, b, c] = [descriptor('a@1'), descriptor('b@1'), descriptor('c@1')];

  it('takes the first group that passes and runs no later one (D-21)', async () => {
    const played = await play({ order: ['a@1', 'b@1', 'c@1'], modules: [a, b, c], runs: { 'a@1': exit(100) } });
    assert.deepEqual(played.names, ['b@1']);
    assert.deepEqual(played.ran, ['a@1', 'b@1']);
  });

  it('expands composites two levels deep and keeps what follows (D-18, D-19)', async () => {
    const inner = descriptor('inner@1', { order: orderOf(['b@1']) });
    const outer = descriptor('outer@1', { order: orderOf(['a@1 inner@1']) });
    const played = await play({ order: ['outer@1 c@1'], modules: [a, b, c, inner, outer] });
    assert.deepEqual(played.names, ['a@1', 'b@1', 'c@1']);
  });

  it('tries each group of a composite from the same start (D-18)', async () => {
    const composite = descriptor('meta@1', { order: orderOf(['a@1', 'b@1']) });
    const played = await play({ order: ['c@1 meta@1'], modules: [a, b, c, composite], runs: { 'a@1': exit(100) } });
    assert.deepEqual(played.names, ['c@1', 'b@1']);
    assert.deepEqual(played.ran, ['c@1', 'a@1', 'b@1']);
  });

  it('goes on without an optional composite (D-20)', async () => {
    const composite = descriptor('meta@1', { order: orderOf(['a@1']) });
    const runs = { 'a@1': exit(100) };
    assert.deepEqual((await play({ order: ['meta@1? c@1'], modules: [a, c, composite], runs })).names, ['c@1']);
    assert.equal((await play({ order: ['meta@1 c@1'], modules: [a, c, composite], runs })).result.kind, 'failed');
  });

  it('looks at an id once in a group, whatever its version (D-22)', async () => {
    const played = await play({ order: ['a@1 b@1 a@2'], modules: [a, b] });
    assert.deepEqual(played.names, ['a@1', 'b@1']);
  });

  it('runs a module once for the whole order (D-23)', async () => {
    const played = await play({ order: ['a@1 b@1', 'a@1 c@1'], modules: [a, b, c], runs: { 'b@1': exit(100) } });
    assert.deepEqual(played.names, ['a@1', 'c@1']);
    assert.deepEqual(played.ran, ['a@1', 'b@1', 'c@1']);
  });

  it('starts the modules of a group together (D-24)', async () => {
    let waiting = 0;
    let release: () => void = () => undefined;
    const bothStarted = new Promise<void>((resolve) => (release = resolve));
    const result = await detectOrder(
      { order: orderOf(['a@1 b@1']), extensions: [], target: TARGET, execEnv: undefined },
      {
        find: ({ id }) => Promise.resolve(id === 'a' ? a : b),
        detect: async () => {
          waiting += 1;
          if (waiting === 2) release();
          await bothStarted;
          return pass();
        },
        log: () => undefined,
      },
    );
    assert.equal(result.kind, 'passed');
  });

  it('says whether any group failed with errors', async () => {
    const runs = { 'a@1': exit(7), 'b@1': exit(100) };
    const { result } = await play({ order: ['a@1', 'b@1'], modules: [a, b], runs });
    assert.ok(result.kind === 'failed' && result.withErrors);
    const plain = await play({ order: ['b@1'], modules: [b], runs });
    assert.ok(plain.result.kind === 'failed' && !plain.result.withErrors);
  });

  it('stops at a module that is missing, after all that it started has ended', async () => {
    let isEnded = false;
    const error = await rejectionOf(
      detectOrder(
        { order: orderOf(['a@1 x@1']), extensions: [], target: TARGET, execEnv: undefined },
        {
          find: ({ id }) =>
            id === 'a' ? Promise.resolve(a) : Promise.reject(new SlipwayError('BUILDPACK_NOT_FOUND', id)),
          detect: async () => {
            await new Promise((resolve) => setImmediate(resolve));
            isEnded = true;
            return pass();
          },
          log: () => undefined,
        },
      ),
    );
    assert.equal(error.code, 'BUILDPACK_NOT_FOUND');
    assert.ok(isEnded);
  });

  it('names the chain of a cycle (D-76, GAP-31)', async () => {
    const one = descriptor('one@1', { order: orderOf(['two@1']) });
    const two = descriptor('two@1', { order: orderOf(['a@1 one@1']) });
    const error = await rejectionOf(play({ order: ['one@1'], modules: [a, one, two] }));
    assert.equal(error.code, 'ORDER_CYCLE');
    assert.match(error.message, /one@1 → two@1 → one@1/);
  });

  it('checks the targets of what a composite holds (D-50)', async () => {
    const arm = descriptor('arm@1', { targets: [{ os: 'linux', arch: 'arm64', archVariant: '', distros: [] }] });
    const composite = descriptor('meta@1', { order: orderOf(['arm@1', 'a@1']) });
    const played = await play({ order: ['meta@1'], modules: [a, arm, composite] });
    assert.deepEqual([played.names, played.ran], [['a@1'], ['a@1']]);
  });

  it('checks no target where the Platform API has none (D-54)', async () => {
    const arm = descriptor('arm@1', { targets: [{ os: 'linux', arch: 'arm64', archVariant: '', distros: [] }] });
    const played = await play({ order: ['arm@1'], modules: [arm], target: undefined });
    assert.deepEqual([played.names, played.log], [['arm@1'], []]);
  });

  it('gives the same group and plan in whatever order the programs end (D-77, GAP-28)', async () => {
    const names = ['z', 'a', 'm', '10', '2'];
    const modules = names.map((name) => descriptor(`${name}@1`));
    const texts = new Set<string>();
    for (let round = 0; round < 50; round += 1) {
      const result = await detectOrder(
        { order: orderOf([names.map((name) => `${name}@1`).join(' ')]), extensions: [], target: TARGET, execEnv: '' },
        {
          find: ({ id }) => Promise.resolve(modules.find((one) => one.id === id) ?? assert.fail(id)),
          detect: async ({ id }) => {
            // Another one is the last to end in each round.
            for (let turn = (names.indexOf(id) * 7 + round * 3) % 11; turn > 0; turn -= 1) await Promise.resolve();
            return pass(section(`${id} shared`, `${id} shared`));
          },
          log: () => undefined,
        },
      );
      assert.ok(result.kind === 'passed');
      texts.add(encodePlan(result.plan) + encodeGroup(result.group));
    }
    assert.equal(texts.size, 1);
  });

  it('takes the homepage along (D-44)', async () => {
    const home = descriptor('home@1', { homepage: 'https://home.example' });
    const { result } = await play({ order: ['home@1 a@1'], modules: [a, home] });
    assert.ok(result.kind === 'passed');
    assert.deepEqual(
      result.group.map(({ homepage }) => homepage),
      ['https://home.example', undefined],
    );
    assert.match(encodeGroup(result.group), /homepage = "https:\/\/home\.example"/);
  });

  it('takes the same composite twice in a group for no cycle', async () => {
    const composite = descriptor('meta@1', { order: orderOf(['a@1']) });
    const played = await play({ order: ['meta@1 b@1 meta@1'], modules: [a, b, composite] });
    assert.deepEqual(played.names, ['a@1', 'b@1']);
  });

  it('puts extensions in front, and goes on without them (D-59)', async () => {
    const extension = descriptor('+e@1');
    const scene = { order: ['a@1'], extensions: ['+e@1'], modules: [a, extension] };
    const used = await play({ ...scene, runs: { 'e@1': pass(section('x')), 'a@1': pass(section('', 'x')) } });
    assert.deepEqual(used.names, ['e@1', 'a@1']);
    const failed = await play({ ...scene, runs: { 'e@1': exit(100) } });
    assert.deepEqual(failed.names, ['a@1']);
  });

  it('fails a required module of another target, and remembers that for an optional one (D-45, GAP-14)', async () => {
    const arm = descriptor('arm@1', { targets: [{ os: 'linux', arch: 'arm64', archVariant: '', distros: [] }] });
    const first = await play({ order: ['arm@1 a@1', 'a@1 arm@1?'], modules: [a, arm] });
    assert.deepEqual([first.names, first.ran], [['a@1'], ['a@1']]);
    const alone = await play({ order: ['a@1 arm@1?'], modules: [a, arm] });
    assert.deepEqual(
      [alone.names, alone.ran],
      [
        ['a@1', 'arm@1'],
        ['a@1', 'arm@1'],
      ],
    );
    const error = alone.result.lines.find(({ message }) => message.startsWith('unable'));
    assert.equal(error, undefined);
    assert.ok(
      first.result.lines.some(
        ({ message }) =>
          message ===
          'unable to satisfy target os/arch constraints; run image: {"os":"linux","arch":"amd64"}, buildpack: [{"os":"linux","arch":"arm64"}]',
      ),
    );
  });

  it('skips an optional module of another target in strict mode, and a required one as ever (GAP-14)', async () => {
    const arm = descriptor('arm@1', { targets: [{ os: 'linux', arch: 'arm64', archVariant: '', distros: [] }] });
    const strict = { modules: [a, arm], skipsMisfits: true };
    const optional = await play({ ...strict, order: ['a@1 arm@1?'] });
    assert.deepEqual([optional.names, optional.ran], [['a@1'], ['a@1']]);
    assert.deepEqual(
      optional.result.lines.map(({ level, message }) => `${level} ${message}`),
      [
        'debug ======== Results ========',
        'debug pass: a@1',
        'debug skip: arm@1',
        'debug Resolving plan... (try #1)',
        'info 1 of 2 buildpacks participating',
        'info a 1',
      ],
    );
    const required = await play({ ...strict, order: ['arm@1'] });
    assert.ok(required.result.kind === 'failed' && required.result.withErrors);
  });

  it('leaves out what its group has for other environments only, composites too, from Platform API 0.15 on (GAP-20)', async () => {
    const composite = descriptor('meta@1', { order: orderOf(['b@1']) });
    const order = decodeOrder(
      `[[order]]
[[order.group]]
id = "a"
version = "1"
exec-env = ["test"]
[[order.group]]
id = "meta"
version = "1"
[[order.group.exec-env]]
name = "ci"
[[order.group]]
id = "c"
version = "1"
exec-env = ["ci", "production"]
`,
      'order.toml',
    );
    const modules = [a, b, c, composite];
    const played = await play({ order, modules, execEnv: 'production' });
    assert.deepEqual([played.names, played.ran], [['c@1'], ['c@1']]);
    assert.deepEqual(played.log, [
      'Skipping a@1 due to execution environment mismatch; current: production, group supports: [test]',
      'Skipping meta@1 due to execution environment mismatch; current: production, group supports: [ci]',
    ]);
    assert.deepEqual((await play({ order, modules })).names, ['a@1', 'b@1', 'c@1']);
  });

  for (const [what, execEnv, overrides, isRun] of [
    ['no list', 'test', {}, true],
    ['a star', 'test', { execEnv: ['*'] }, true],
    ['the environment', 'test', { execEnv: ['production', 'test'] }, true],
    ['another environment', 'test', { execEnv: ['production', 'x'] }, false],
    ['another environment under an old buildpack API', 'test', { execEnv: ['production'], api: '0.11' }, true],
    ['another environment under an old platform API', undefined, { execEnv: ['production'] }, true],
  ] as const) {
    it(`${isRun ? 'runs' : 'leaves out'} a module whose exec-env is ${what} (D-55, D-56)`, async () => {
      const module = descriptor('x@1', overrides);
      const played = await play({
        order: ['a@1 x@1'],
        modules: [a, module],
        ...(execEnv === undefined ? {} : { execEnv }),
      });
      assert.deepEqual(played.names, isRun ? ['a@1', 'x@1'] : ['a@1']);
      assert.deepEqual(
        played.log,
        isRun
          ? []
          : ['Skipping x@1 due to execution environment mismatch; current: test, buildpack supports: [production x]'],
      );
    });
  }
});

/** The lines that contract §7.2 and §7.7 ask for, in their order. */
const MISFIT = [
  '======== Error: oracle/arm64@1.0.0 ========',
  'unable to satisfy target os/arch constraints; run image: {"id":"oracle.base","os":"linux","arch":"amd64","distro":{"name":"oracle","version":"1"}}, buildpack: [{"os":"linux","arch":"arm64","distros":[{"name":"oracle","version":"1"}]}]',
];
const RESULTS = '======== Results ========';
const checking = (...targets: readonly string[]): readonly string[] =>
  targets.map((target) => `Checking for match against descriptor: {${target}}`);
const [ARM, ANY, AMD] = ['linux arm64  [{oracle 1}]', 'linux   []', 'linux amd64  []'];
const LINES_OF_COMPOSITE = [
  ...checking(ARM, ANY, ANY, AMD),
  ...MISFIT,
  ...[RESULTS, 'err:  oracle/arm64@1.0.0', 'pass: oracle/hello@1.0.0'],
  ...[RESULTS, 'pass: oracle/hello@1.0.0', 'pass: oracle/moon@1.0.0'],
  ...['Resolving plan... (try #1)', 'oracle/hello 1.0.0', 'oracle/moon  1.0.0'],
];
const LINES_OF_FIVE = [
  ...checking(ARM, ANY, ANY, AMD, ANY, AMD, ARM),
  ...MISFIT,
  ...[RESULTS, 'err:  oracle/arm64@1.0.0', 'pass: oracle/hello@1.0.0'],
  ...MISFIT,
  ...[RESULTS, 'pass: oracle/hello@1.0.0', 'pass: oracle/moon@1.0.0', 'pass: oracle/layers@2.1.0'],
  ...['pass: oracle/amd64@1.0.0', 'err:  oracle/arm64@1.0.0'],
  ...['Resolving plan... (try #1)', '4 of 5 buildpacks participating'],
  ...['oracle/hello  1.0.0', 'oracle/moon   1.0.0', 'oracle/layers 2.1.0', 'oracle/amd64  1.0.0'],
];

describe('golden detections', () => {
  for (const [name, order, lines] of [
    ['registry-5phase', golden('fixtures/order.toml'), LINES_OF_FIVE],
    ['composite-order', '[[order]]\n[[order.group]]\nid = "oracle/meta"\nversion = "3.0.0"', LINES_OF_COMPOSITE],
  ] as const) {
    it(`${name}: the same lines, group and plan`, async () => {
      const analyzed = decodeAnalyzed(golden(`${name}/layers-dir/analyzed.toml`), 'a', parseLocation);
      const target = analyzed.runImage?.target;
      assert.ok(target !== undefined);
      const modules = await recordedModules();
      const log: string[] = [];
      const result = await detectOrder(
        { ...decodeOrder(order, 'o'), target, execEnv: 'production' },
        {
          find: ({ id }) => Promise.resolve(modules.get(id) ?? assert.fail(`no ${id}`)),
          detect: (module) => Promise.resolve(RECORDED[module.id] ?? pass()),
          log: ({ message }) => void log.push(message),
        },
      );
      assert.ok(result.kind === 'passed');
      assert.deepEqual([...log, ...result.lines.map(({ message }) => message)], lines);
      assert.deepEqual(result.group, decodeGroup(golden(`${name}/layers-dir/group.toml`), 'g'));
      assert.deepEqual(result.plan, decodePlan(golden(`${name}/layers-dir/plan.toml`), 'p'));
    });
  }
});

/** What `bin/detect` of the recorded buildpacks writes. */
const RECORDED: Readonly<Record<string, DetectRun>> = {
  'oracle/hello': pass(section('greeting', 'greeting')),
  'oracle/moon': pass(section('', 'greeting', { craters: 3n, phases: ['new', 'full'], world: 'moon' })),
};

async function recordedModules(): Promise<ReadonlyMap<string, ModuleDescriptor>> {
  const modules = new Map<string, ModuleDescriptor>();
  const facts = { root: '/b', hasBuild: true, hasDetect: true, hasGenerate: false };
  const archive = streamOf(readFileSync(join(GOLDEN, 'fixtures', 'buildpacks.tar')));
  for await (const entry of readTar(archive, 'buildpacks.tar')) {
    const name = Buffer.from(entry.header.name).toString();
    if (!name.endsWith('/buildpack.toml')) continue;
    const module = decodeModule(await collect(entry.body, 65536, name), name, 'buildpack', facts);
    modules.set(module.id, module);
  }
  return modules;
}
