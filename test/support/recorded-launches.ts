import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { TestContext } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import type { LaunchProcess } from '../../src/cnb/process.ts';
import { LaunchBed, launchProcess, type TestShell } from './launched.ts';
import { judge } from './verdicts.ts';

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
  readonly name: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly argv: readonly string[];
  readonly exitCode: number;
  /** Lines; absent where the launcher itself spoke, which is in `SAID`. */
  readonly stdout?: readonly string[];
  readonly saysOnStderr: boolean;
}

/** What a launcher says when it cannot start anything (contract §16, §18). */
const NO_PROCESS =
  'ERROR: failed to launch: determine start command: when there is no default process a command is required';
const SAID: Readonly<Record<string, readonly string[]>> = {
  'empty-args': [NO_PROCESS],
  'missing-command': [
    'ERROR: failed to launch: path lookup: exec: "no-such-command": executable file not found in $PATH',
  ],
  'platform-api-bad': [
    "ERROR: failed to set platform API: platform API version '0.99' is incompatible with the lifecycle",
  ],
  'process-type-env': [
    'Warning: CNB_PROCESS_TYPE is not supported in Platform API 0.15',
    "Warning: Run with ENTRYPOINT 'worker' to invoke the 'worker' process type",
    NO_PROCESS,
  ],
};

/** Repeats every recorded run of the Go launcher, a subtest each: same exit code, same output. */
export async function repeatRecordedLaunches(
  test: TestContext,
  shell: TestShell,
  launcher: 'shell' | 'package',
): Promise<void> {
  const bed = imageOf(test, launcher);
  for (const recorded of recordedRuns())
    await test.test(recorded.name, () => {
      const [program = '', ...args] = recorded.argv;
      const type = /^\/cnb\/process\/(.*)$/.exec(program)?.[1];
      const result = bed.launch({
        shell,
        args,
        env: { ...ENV, PWD: bed.app, ...recorded.env },
        ...(type === undefined ? {} : { type }),
      });
      const check = `${launcher} launcher, ${shell.name}`;
      judge({ table: 'launcher', case: recorded.name, check }, (judging) => {
        judging.detail = `${String(recorded.exitCode)} → ${String(result.code)}`;
        assert.equal(result.code, recorded.exitCode, result.stderr);
        const expected = recorded.stdout ?? SAID[recorded.name] ?? assert.fail(`nothing is known of ${recorded.name}`);
        // A process's environment is printed in whatever order the shell passes it.
        assert.deepEqual(plainLines(result.stdout).sort(), [...expected, ''].sort());
        // What is printed there is the text of the machine's /bin/sh.
        assert.equal(result.stderr !== '', recorded.saysOnStderr, result.stderr);
      });
    });
}

/** Without colours, and without what we add below an error. */
function plainLines(text: string): string[] {
  return stripVTControlCharacters(text)
    .split('\n')
    .filter((line) => !line.startsWith('  do '));
}

/** The image of the recording: the fixture buildpack's launch layers, and the processes of the recorded metadata.toml. */
function imageOf(test: TestContext, launcher: 'shell' | 'package'): LaunchBed {
  const layers = (type: string, command: readonly string[], rest: Partial<LaunchProcess> = {}): LaunchProcess =>
    launchProcess(type, command, { buildpackId: 'oracle/layers', ...rest });
  const bed = new LaunchBed(
    test,
    {
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
    },
    launcher,
  );
  // There is no /workspace on this machine; the launcher takes a relative directory as one of the app.
  const recorded = readFileSync(join(GOLDEN, 'metadata.toml'), 'utf8').replace('/workspace/public', 'public');
  bed.write('layers/config/metadata.toml', recorded);
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

function recordedRuns(): readonly Recorded[] {
  const runs: unknown = JSON.parse(readFileSync(join(GOLDEN, 'runs.json'), 'utf8'));
  assert.ok(Array.isArray(runs) && runs.every(isRecorded));
  return runs;
}

function isRecorded(value: unknown): value is Recorded {
  return typeof value === 'object' && value !== null && 'name' in value && 'argv' in value && 'exitCode' in value;
}
