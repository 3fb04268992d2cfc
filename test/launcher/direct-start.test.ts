import assert from 'node:assert/strict';
import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { platformFeatures } from '../../src/cnb/features.ts';
import type { BuildMetadata, LaunchProcess } from '../../src/cnb/process.ts';
import { directStart, type DirectFacts, type DirectStart } from '../../src/launcher/direct-start.ts';
import { readLaunchDirectory } from '../../src/launcher/read-launch-layer.ts';
import { LaunchBed, launchProcess, TEST_BUILDPACK } from '../support/launched.ts';

const NO_DEFAULT: BuildMetadata = { buildpacks: [], extensions: [], labels: [], processes: [], slices: [] };
const BASE_ENV = ['PATH=/usr/bin:/bin', 'GIVEN=base', 'EMPTY='];

describe('a start without a launcher', () => {
  it('has the environment that the launcher makes', async (test) => {
    const bed = bedOf(test);
    const files: Readonly<Record<string, string>> = {
      'a/env/V': 'plain',
      'a/env/V.append': 'a',
      'a/env/V.default': 'd',
      'a/env/V.override': 'o',
      'a/env/V.prepend': 'p',
      'a/env/V.delim': ',',
      'a/env/EMPTY.default': ' taken\n',
      'a/env/E.': 'e',
      'a/env/Q.b.c': 'nothing',
      'a/env/FOO-BAR': 'odd $x `y`',
      'a/env.build/B': 'at build only',
      'a/env.launch/GIVEN.append': '+1',
      'a/env.launch/web/GIVEN.prepend': '2+',
      'a/env.launch/other/GIVEN': 'of another',
      'a/bin/tool': '',
      'a/lib/x.so': '',
      'b/bin/tool': '',
      'b/env/PATH.append': ':/last',
      'é/env/V.append': 'é',
    };
    for (const [name, text] of Object.entries(files)) bed.write(`layers/test_one/${name}`, text);
    const start = await startOf(bed, ['a', 'b', 'é']);
    const launched = bed.launch({ type: 'web', env: Object.fromEntries(BASE_ENV.map(splitEntry)) });
    const expected = new Map(launched.bytes.toString().split('\0').map(splitEntry));
    const actual = new Map([...BASE_ENV.map(splitEntry), ...start.env]);
    for (const name of ['', 'PWD', 'SHLVL', '_', 'OLDPWD']) expected.delete(name);
    assert.deepEqual(new Map([...actual].sort()), new Map([...expected].sort()));
    assert.equal(actual.get('B'), undefined);
  });

  it('has the words of the process, where the user’s replace the defaults or come after them', async (test) => {
    const old = { id: 'test/old', version: '1', api: '0.8' };
    const words = async (process: Partial<LaunchProcess>, api = '0.15') => {
      const bed = bedOf(test, { ...launchProcess('web', ['serve']), args: ['a', 'b'], ...process }, [
        TEST_BUILDPACK,
        old,
      ]);
      const { entrypoint, cmd, workingDir } = await startOf(bed, [], { features: platformFeatures(api) });
      return [entrypoint, cmd, workingDir.replace(bed.root, '')];
    };
    assert.deepEqual(await words({}), [['/usr/bin/serve'], ['a', 'b'], '/workspace']);
    assert.deepEqual(await words({ command: ['/x/serve', 'y'] }), [['/x/serve', 'y'], ['a', 'b'], '/workspace']);
    assert.deepEqual(await words({ buildpackId: 'test/old' }), [['/usr/bin/serve', 'a', 'b'], [], '/workspace']);
    assert.deepEqual(await words({}, '0.9'), [['/usr/bin/serve', 'a', 'b'], [], '/workspace']);
    assert.deepEqual(await words({ workingDir: 'in/side' }), [['/usr/bin/serve'], ['a', 'b'], '/workspace/in/side']);
    assert.deepEqual(await words({ workingDir: '/data' }), [['/usr/bin/serve'], ['a', 'b'], '/data']);
  });

  it('is refused with the reason where a launcher would do more', async (test) => {
    const reason = async (process: Partial<LaunchProcess>, facts: Partial<DirectFacts> = {}) => {
      const bed = bedOf(test, { ...launchProcess('web', ['serve']), ...process });
      const start = await directStart({ ...factsOf(bed, []), ...facts });
      return 'obstacle' in start ? start.obstacle : undefined;
    };
    assert.equal(await reason({}), undefined);
    assert.equal(await reason({}, { processType: 'gone' }), 'there is no process of type gone');
    assert.equal(await reason({ direct: false }), 'the process web is one that a shell starts');
    assert.equal(await reason({ command: [] }), 'the process web has no command');
    assert.match((await reason({ buildpackId: 'gone' })) ?? '', /is not in the metadata/);
    assert.match((await reason({ execEnv: ['test'] })) ?? '', /is not for the execution environment production/);
    assert.equal(await reason({ execEnv: ['test'] }, { features: platformFeatures('0.14') }), undefined);
    assert.equal(await reason({ command: ['./serve'] }), undefined);
    assert.match((await reason({ command: ['./serve'], workingDir: '/data' })) ?? '', /is relative/);
    assert.equal(await reason({}, { metadata: NO_DEFAULT }), 'there is no default process');
  });

  it('looks for a bare command in PATH as the layers leave it, in its order', async (test) => {
    const bed = bedOf(test, launchProcess('web', ['serve', 'x']));
    bed.write('layers/test_one/a/bin/other', '');
    bed.write('layers/test_one/a/env/PATH.append', '::relative:/last');
    const asked: (readonly string[])[] = [];
    const findIn = (program: string | undefined) => (paths: readonly string[]) => {
      asked.push(paths);
      return Promise.resolve(program);
    };
    const start = await startOf(bed, ['a'], { findProgram: findIn('/last/serve') });
    assert.deepEqual(start.entrypoint, ['/last/serve', 'x']);
    const own = join(bed.layers, 'test_one/a/bin/serve');
    assert.deepEqual(asked, [[own, '/usr/bin/serve', '/bin/serve', '/last/serve']]);
    const missing = await directStart({ ...factsOf(bed, []), findProgram: findIn(undefined) });
    assert.deepEqual(missing, { obstacle: 'its command serve is in no directory of PATH (/usr/bin:/bin)' });
    await startOf(bed, [], { baseEnv: [], findProgram: findIn('/sbin/serve') });
    assert.equal(asked.at(-1)?.[0], '/usr/local/sbin/serve');
  });

  it('is refused for layers that only a launcher can make use of', async (test) => {
    const reason = async (prepare: (bed: LaunchBed, layer: string) => void) => {
      const bed = bedOf(test);
      const layer = join(bed.layers, 'test_one/a');
      mkdirSync(layer, { recursive: true });
      prepare(bed, layer);
      const start = await directStart(factsOf(bed, ['a']));
      return 'obstacle' in start ? start.obstacle.replace(bed.root, '') : undefined;
    };
    const file = (path: string, bytes: string | Buffer) => (bed: LaunchBed) => {
      bed.write(`layers/test_one/a/${path}`, bytes);
    };
    assert.equal(await reason(file('exec.d/1', '')), '/layers/test_one/a/exec.d/1 runs at each start');
    assert.equal(await reason(file('exec.d/web/1', '')), '/layers/test_one/a/exec.d/web/1 runs at each start');
    assert.equal(await reason(file('exec.d/other/1', '')), undefined);
    assert.equal(await reason(file('profile.d/1', '')), undefined);
    assert.equal(await reason(file('env/V', 'a\0b')), '/layers/test_one/a/env/V has a NUL');
    assert.equal(await reason(file('env/V', Buffer.from([0xff]))), '/layers/test_one/a/env/V is not UTF-8');
    assert.equal(await reason(file('env/A=B', 'x')), '/layers/test_one/a/env/A=B is not the name of a variable');
    const link = (path: string) => (_: LaunchBed, layer: string) => {
      mkdirSync(join(layer, 'env'), { recursive: true });
      symlinkSync('/etc', join(layer, path));
    };
    assert.match((await reason(link('env/V'))) ?? '', /env\/V is a link/);
    assert.match((await reason(link('exec.d'))) ?? '', /exec\.d is no directory of its own/);
    assert.equal(await reason(link('bin')), undefined);
  });

  it('drops the launcher’s directories from the PATH of a base that had one', async (test) => {
    const bed = bedOf(test);
    const start = await directStart({ ...factsOf(bed, []), baseEnv: ['PATH=/cnb/process:/cnb/lifecycle:/bin'] });
    assert.ok('env' in start);
    assert.deepEqual(start.env, [['PATH', '/bin']]);
  });
});

function bedOf(
  test: TestContext,
  process: LaunchProcess = launchProcess('web', ['/usr/bin/env', '-0']),
  buildpacks: BuildMetadata['buildpacks'] = [TEST_BUILDPACK],
): LaunchBed {
  return new LaunchBed(test, { buildpacks, processes: [process], defaultProcessType: 'web' });
}

function factsOf(bed: LaunchBed, layers: readonly string[]): DirectFacts {
  return {
    metadata: bed.metadata,
    features: platformFeatures('0.15'),
    execEnv: 'production',
    processType: undefined,
    appDir: bed.app,
    baseEnv: BASE_ENV,
    readLayers: () =>
      Promise.all(
        layers.map((name) => {
          const path = join(bed.layers, 'test_one', name);
          return readLaunchDirectory({ id: `test/one:${name}`, path }, path);
        }),
      ),
    findProgram: (paths) => Promise.resolve(paths.find((path) => path.startsWith('/usr/bin/'))),
  };
}

async function startOf(
  bed: LaunchBed,
  layers: readonly string[],
  facts: Partial<DirectFacts> = {},
): Promise<DirectStart> {
  const start = await directStart({ ...factsOf(bed, layers), ...facts });
  assert.ok(!('obstacle' in start), 'obstacle' in start ? start.obstacle : '');
  return start;
}

function splitEntry(entry: string): [string, string] {
  const equals = entry.indexOf('=');
  return [entry.slice(0, Math.max(0, equals)), entry.slice(equals + 1)];
}
