import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { detectOrder, type DetectOrderInput } from '../../../src/cnb/detect-order.ts';
import { moduleName, type ModuleDescriptor } from '../../../src/cnb/module.ts';
import type { DetectRun } from '../../../src/cnb/resolve-plan.ts';
import type { FailedGroup } from '../../../src/core/events.ts';
import { explainGroups } from '../../../src/phases/detect/explain.ts';
import { groupTable } from '../../../src/phases/detect/group-table.ts';
import { descriptor, element, exit, pass, section } from '../../support/detect-runs.ts';

const TARGET = { os: 'linux', arch: 'arm64', distro: { name: 'debian', version: '12' } } as const;
const amd = { os: 'linux', arch: 'amd64', archVariant: '', distros: [] } as const;

describe('the table of a detection that found nothing', () => {
  it('has every buildpack of every group, its result, exit code, last lines and what it lacked', async () => {
    const lines = await table({
      order: ['acme/node@2.1.0 acme/procfile@1.0.0?', 'acme/java@3.0.0 acme/jdk@1.2.0', 'acme/go@0.9.0'],
      modules: [descriptor('acme/go@0.9.0', { targets: [amd] })],
      runs: {
        'acme/node@2.1.0': exit(100, 'looking\nno package.json\n'),
        'acme/procfile@1.0.0': exit(100),
        'acme/java@3.0.0': pass(section('', 'jdk')),
        'acme/jdk@1.2.0': exit(3, 'one\ntwo\n\nreading .jdk-version\npermission denied\n'),
      },
    });
    assert.deepEqual(lines, [
      'group 1',
      '  acme/node 2.1.0      fail     no package.json',
      '  acme/procfile 1.0.0  skip',
      'group 2',
      '  acme/java 3.0.0      pass     needs "jdk"',
      '  acme/jdk 1.2.0       error 3  two',
      '                                reading .jdk-version',
      '                                permission denied',
      'group 3',
      '  acme/go 0.9.0        skipped  supports linux/amd64 only, target is linux/arm64',
      'nearest',
      '  group 2: it would pass if acme/jdk did not fail',
    ]);
  });

  it('tells what is required, what nobody needs, and what comes too late', async () => {
    const lines = await table({
      order: ['a@1 b@1 c@1'],
      runs: {
        'a@1': pass(section('', 'late none')),
        'b@1': pass(section('late', 'late')),
        'c@1': pass(section('x y')),
      },
    });
    assert.deepEqual(lines, [
      'group 1',
      '  a 1  pass  needs "late", which b 1 provides only after it, "none"',
      '  b 1  pass',
      '  c 1  pass  nobody needs its "x", "y"',
      'nearest',
      '  group 1: it would pass if b came before a, something before a provided "none" and something in it needed the "x" of c (and 1 more)',
    ]);
  });

  it('takes the alternative of each plan that lacks least', async () => {
    const lines = await table({
      order: ['a@1 b@1'],
      runs: { 'a@1': pass(section('p q r'), section('p')), 'b@1': pass(section('', 'z'), section('', 'p z')) },
    });
    assert.deepEqual(lines.slice(0, 3), ['group 1', '  a 1  pass', '  b 1  pass  needs "z"']);
  });

  it('says of a group without participants that nothing in it takes part', async () => {
    const lines = await table({ order: ['a@1? b@1?'], runs: { 'a@1': exit(100, 'no a'), 'b@1': exit(7, 'boom') } });
    assert.deepEqual(lines, [
      'group 1',
      '  a 1  skip     no a',
      '  b 1  error 7  boom',
      '  none of its buildpacks takes part',
      'nearest',
      '  group 1: it would pass if at least one of its buildpacks passed',
    ]);
  });

  it('shows the choices that a composite gives, and the group without it', async () => {
    const order = [[element('a@1')], [element('b@1')]];
    const lines = await table({
      order: ['meta@1? c@1'],
      modules: [descriptor('meta@1', { order })],
      runs: { 'a@1': exit(100), 'b@1': exit(1, 'one\ntwo'), 'c@1': exit(100, 'not mine') },
    });
    assert.deepEqual(lines, [
      'group 1.1',
      '  a 1  fail',
      '  c 1  fail     not mine',
      'group 1.2',
      '  b 1  error 1  one',
      '                two',
      '  c 1  fail     not mine',
      'group 1 without meta',
      '  c 1  fail     not mine',
      'nearest',
      '  group 1 without meta: it would pass if c did not fail',
    ]);
  });

  it('gives the whole tail of an output once, then its last line', async () => {
    const lines = await table({ order: ['a@1 b@1', 'a@1'], runs: { 'a@1': exit(2, 'one\ntwo'), 'b@1': exit(100) } });
    assert.deepEqual(lines, [
      'group 1',
      '  a 1  error 2  one',
      '                two',
      '  b 1  fail',
      'group 2',
      '  a 1  error 2  two',
      'nearest',
      '  group 2: it would pass if a did not fail',
    ]);
  });

  it('names what kept a buildpack from running: its distro, its execution environment, an error', async () => {
    const distros = [{ name: 'ubuntu', version: '24.04' }];
    const lines = await table({
      order: ['a@1 b@1 c@1'],
      execEnv: 'production',
      modules: [
        descriptor('a@1', { targets: [{ ...amd, arch: '', distros }] }),
        descriptor('b@1', { execEnv: ['test', 'ci'] }),
      ],
      runs: { 'c@1': { code: -1, output: 'ignored', error: 'cannot start bin/detect: permission denied' } },
    });
    assert.deepEqual(lines.slice(0, 4), [
      'group 1',
      '  a 1  skipped  supports linux with ubuntu 24.04 only, target is linux/arm64 with debian 12',
      '  c 1  error    cannot start bin/detect: permission denied',
      '  b 1  skipped  is for the execution environment test, ci only, this build is for production',
    ]);
  });

  it('stays on a screen: twenty groups, the nearest one, and how many more there are', () => {
    const failed = (group: string): FailedGroup => ({ group, buildpacks: [row('a@1', 'fail'), row('b@1', 'fail')] });
    const groups = Array.from({ length: 30 }, (_, index) => failed(String(index + 1)));
    const details = groupTable([...groups, { group: '31', buildpacks: [row('a@1', 'pass'), row('c@1', 'fail')] }]);
    assert.deepEqual(Object.keys(details).slice(-4), ['group 20', 'group 31', 'more', 'nearest']);
    assert.equal(details['more'], '10 groups that are not shown');
    assert.equal(details['nearest'], 'group 31: it would pass if c did not fail');
  });
});

interface Scene {
  readonly order: readonly string[];
  /** The others have nothing special. */
  readonly modules?: readonly ModuleDescriptor[];
  readonly runs: Readonly<Record<string, DetectRun>>;
  readonly execEnv?: string;
}

/** The table as lines: a label, below it its value. */
async function table(scene: Scene): Promise<readonly string[]> {
  const input: DetectOrderInput = {
    order: scene.order.map((group) => group.split(' ').map(element)),
    extensions: [],
    target: TARGET,
    execEnv: scene.execEnv,
  };
  const result = await detectOrder(input, {
    find: (wanted) =>
      Promise.resolve(
        scene.modules?.find((one) => moduleName(one) === moduleName(wanted)) ?? descriptor(moduleName(wanted)),
      ),
    detect: (module) => Promise.resolve(scene.runs[moduleName(module)] ?? pass()),
    log: () => undefined,
  });
  assert.ok(result.kind === 'failed');
  const groups = explainGroups(result.tried, { target: TARGET, execEnv: scene.execEnv ?? '' });
  return Object.entries(groupTable(groups)).flatMap(([label, value]) => [
    label,
    ...value.split('\n').map((line) => `  ${line}`),
  ]);
}

function row(buildpack: string, result: 'pass' | 'fail'): FailedGroup['buildpacks'][number] {
  return { buildpack, optional: false, result, lines: [], missing: [], unused: [] };
}
