import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { copyFileSync, cpSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import type { LaunchProcess } from '../../src/cnb/process.ts';
import { LaunchBed, launchProcess, testShells } from '../support/launched.ts';

const GOLDEN = 'testdata/golden/launcher';
const BUILDPACKS = 'testdata/golden/fixtures/buildpacks.tar';
/** The recorded environment of the image, and what the recording's own shell added. */
const ENV = {
  CNB_USER_ID: '1000',
  CNB_GROUP_ID: '1000',
  PATH: '/cnb/process:/cnb/lifecycle:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  CNB_DEPRECATION_MODE: 'quiet',
  SHLVL: '0',
  OLDPWD: '/',
};

interface Recorded {
  readonly env: Readonly<Record<string, string>>;
  readonly argv: readonly string[];
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

const cases = readdirSync(GOLDEN).filter((name) => name.endsWith('.txt') && name !== 'unknown-process.txt');

describe('recorded runs of the Go launcher', () => {
  for (const shell of testShells()) {
    it(`come out the same under ${shell.name}`, async (test) => {
      const bed = imageOf(test);
      for (const name of cases)
        await test.test(name, () => {
          const recorded = readRecorded(name);
          const [program = '', ...args] = recorded.argv;
          const type = /^\/cnb\/process\/(.*)$/.exec(program)?.[1];
          const result = bed.launch({
            shell,
            args,
            env: { ...ENV, PWD: bed.app, ...recorded.env },
            ...(type === undefined ? {} : { type }),
          });
          assert.equal(result.code, recorded.code, result.stderr);
          assert.deepEqual(lines(result.stdout), lines(recorded.stdout));
          // What is printed there is the text of the machine's /bin/sh.
          assert.equal(result.stderr === '', recorded.stderr === '', result.stderr);
        });
    });
  }
});

/** The image of the recording: the fixture buildpack's launch layers, and the processes of the recorded metadata.toml. */
function imageOf(test: TestContext): LaunchBed {
  const layers = (type: string, command: readonly string[], rest: Partial<LaunchProcess> = {}): LaunchProcess =>
    launchProcess(type, command, { buildpackId: 'oracle/layers', ...rest });
  const bed = new LaunchBed(test, {
    buildpacks: [
      { id: 'oracle/hello', version: '1.0.0', api: '0.10' },
      { id: 'oracle/moon', version: '1.0.0', api: '0.10' },
      { id: 'oracle/layers', version: '2.1.0', api: '0.12' },
      { id: 'oracle/amd64', version: '1.0.0', api: '0.12' },
    ],
    processes: [
      layers('dev-only', ['false'], { execEnv: ['development'] }),
      layers('shell', ['bash', '-c'], { args: ['echo moon shell'], buildpackId: 'oracle/moon' }),
      layers('task', ['true'], { execEnv: ['production', 'test'] }),
      layers('web', ['tool'], { args: ['--port', '8080'] }),
      layers('worker', ['/bin/sh', '-c'], { args: ['echo worker <&> "q"'], workingDir: 'public' }),
    ],
  });
  copyFileSync(join(GOLDEN, 'metadata.toml'), join(bed.layers, 'config/metadata.toml'));
  bed.write('workspace/VERSION', '1\n');
  bed.write('workspace/public/index.html', '');
  const made = join(bed.root, 'made');
  mkdirSync(made);
  assert.equal(spawnSync('tar', ['-xf', resolve(BUILDPACKS), '-C', bed.root]).status, 0);
  const built = spawnSync(join(bed.root, 'buildpacks/oracle_layers/2.1.0/bin/build'), [made, '/platform', '/plan'], {
    cwd: bed.app,
  });
  assert.equal(built.status, 0, built.stderr.toString());
  for (const layer of ['launch-only', 'all', 'launch-cache'])
    cpSync(join(made, layer), join(bed.layers, 'oracle_layers', layer), { recursive: true, verbatimSymlinks: true });
  return bed;
}

function readRecorded(name: string): Recorded {
  const text = readFileSync(join(GOLDEN, name), 'utf8');
  const match = /^\$ (.*?)\[(.*)\] {3}#.*\nexit code: (\d+)\n---- stdout\n([^]*?)---- stderr\n([^]*)$/.exec(text);
  assert.ok(match, name);
  const [, before = '', list = '', code = '', stdout = '', stderr = ''] = match;
  const argv = [...list.matchAll(/'([^']*)'|"([^"]*)"/g)].map((word) => word[1] ?? word[2] ?? '');
  const env = Object.fromEntries(
    before
      .trim()
      .split(' ')
      .filter((word) => word.includes('='))
      .map((word): [string, string] => [word.slice(0, word.indexOf('=')), word.slice(word.indexOf('=') + 1)]),
  );
  return { env, argv, code: Number(code), stdout, stderr };
}

/** Lines in an order of their own, since a process's environment is printed in whatever order the shell passes it. */
function lines(text: string): readonly string[] {
  return text.split('\n').sort();
}
