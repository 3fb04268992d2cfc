import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import type { BuildMetadata } from '../../src/cnb/process.ts';
import {
  LaunchBed,
  launchProcess,
  PACKAGE_LAUNCHER,
  TEST_BUILDPACK,
  type LaunchOptions,
  type Launched,
} from '../support/launched.ts';
import { NODE } from '../support/program.ts';
import { repeatRecordedLaunches } from '../support/recorded-launches.ts';

describe('the launcher of the package', () => {
  it('repeats the recorded runs of the Go launcher (L-05, L-08, L-09)', (test) =>
    repeatRecordedLaunches(test, PACKAGE_LAUNCHER, 'package'));

  it('is selected by the name of a link, dots and all, and passes hostile words (L-01, L-02)', (test) => {
    const words = ["it's", '$(id)', 'a\nb', '', '*', 'é😀', '--'];
    const dump = [NODE, '-e', 'console.log(JSON.stringify(process.argv.slice(1)))', '--'];
    const bed = bedOf(test, { processes: [launchProcess('web.v1-a.js', dump, { args: words })] });
    const run = (...args: readonly string[]): unknown => JSON.parse(launch(bed, { type: 'web.v1-a.js', args }).stdout);
    assert.deepEqual(run(), words);
    assert.deepEqual(run('x', ...words), ['x', ...words]);
  });

  it('ends with the codes of the contract when it cannot start (L-17, L-21, L-22, C-11)', (test) => {
    const bed = bedOf(test, {
      buildpacks: [TEST_BUILDPACK],
      processes: [launchProcess('empty', []), launchProcess('orphan', ['echo'], { buildpackId: 'test/gone' })],
    });
    const said = ({ code, stdout }: Launched): readonly [number | null, string] => [code, stdout];
    assert.equal(launch(bed, { env: { CNB_PLATFORM_API: undefined } }).code, 11);
    assert.equal(launch(bed, { env: { CNB_PLATFORM_API: '0.6' } }).code, 11);
    assert.deepEqual(said(launch(bed, { type: 'empty' })), [
      82,
      'ERROR: failed to launch: no command provided for process type "empty"\n',
    ]);
    assert.deepEqual(said(launch(bed, { type: 'orphan', args: ['x'] })), [
      82,
      'ERROR: failed to launch: determine start command: failed to find buildpack for process orphan with buildpack ID test/gone\n',
    ]);
    const file = join(bed.layers, 'config/metadata.toml');
    writeFileSync(file, '[[buildpacks]]\nid = "a/b"\nversion = "1"\napi = "0.6"\n');
    const old = launch(bed, { args: ['true'] });
    assert.equal(old.code, 12);
    assert.match(
      old.stdout,
      /^ERROR: failed to set API for buildpack 'a\/b': buildpack API version '0\.6' is incompatible with the lifecycle\n/,
    );
    writeFileSync(file, 'processes = 1');
    assert.equal(launch(bed, { args: ['true'] }).code, 1);
    rmSync(file);
    const missing = launch(bed, { args: ['true'] });
    assert.equal(missing.code, 1);
    assert.match(
      missing.stdout,
      /^ERROR: failed to read metadata: open \/layers\/config\/metadata\.toml: no such file or directory\n/,
    );
  });

  it('reads a command that is one string as well as a list (L-19)', (test) => {
    const bed = bedOf(test, {});
    const processes = ['command = "echo"\nargs = ["a  b"]', 'command = ["echo", "always"]\nargs = ["a  b"]'];
    const outputs = processes.map((lines) => {
      const text = `[[processes]]\ntype = "other"\ndirect = true\nbuildpack-id = "test/one"\n${lines}\n`;
      writeFileSync(
        join(bed.layers, 'config/metadata.toml'),
        `[[buildpacks]]\nid = "test/one"\nversion = "1"\napi = "0.12"\n${text}`,
      );
      return launch(bed, { type: 'other' }).stdout;
    });
    assert.deepEqual(outputs, ['a  b\n', 'always a  b\n']);
  });

  it('holds metadata longer than one argument may be', (test) => {
    const processes = Array.from({ length: 3000 }, (_, index) =>
      launchProcess(`process-${String(index)}`, ['echo', `number ${String(index)} é😀`, 'x'.repeat(60)]),
    );
    const bed = bedOf(test, { processes: [...processes, launchProcess('other', ['echo', 'last'])] });
    assert.equal(launch(bed, { type: 'other', args: ["it's"] }).stdout, "last it's\n");
  });

  it('ends as the process does, by code or by signal, and signals reach it (L-20)', async (test) => {
    const bed = bedOf(test, {});
    assert.equal(launch(bed, { args: ['--', 'sh', '-c', 'exit 7'] }).code, 7);
    assert.deepEqual(await ended(start(bed, ['--', 'sh', '-c', 'kill -KILL $$'])), [null, 'SIGKILL']);
    const asleep = start(bed, ['--', 'sh', '-c', 'trap "exit 9" TERM; echo ready; while :; do sleep 0.01; done']);
    assert.ok(asleep.stdout);
    await once(asleep.stdout, 'data');
    asleep.kill('SIGTERM');
    assert.deepEqual(await ended(asleep), [9, null]);
  });

  it('leaves no signal ignored that Node ignores', (test) => {
    const bed = bedOf(test, {});
    assert.equal(
      launch(bed, { args: ['--', 'grep', 'SigIgn', '/proc/self/status'] }).stdout,
      'SigIgn:\t0000000000000000\n',
    );
  });
});

function bedOf(test: TestContext, metadata: Partial<BuildMetadata>): LaunchBed {
  const bed = new LaunchBed(test, { buildpacks: [TEST_BUILDPACK], ...metadata }, 'package');
  bed.link('other');
  return bed;
}

function launch(bed: LaunchBed, options: LaunchOptions): Launched {
  return bed.launch({ ...options, env: { CNB_NO_COLOR: 'true', ...options.env }, shell: PACKAGE_LAUNCHER });
}

function start(bed: LaunchBed, args: readonly string[]): ChildProcess {
  return spawn(NODE, [bed.launcher(), ...args], {
    env: { PATH: process.env['PATH'], CNB_PLATFORM_API: '0.15', CNB_LAYERS_DIR: bed.layers, CNB_APP_DIR: bed.app },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

function ended(child: ChildProcess): Promise<readonly [number | null, string | null]> {
  return new Promise((done) => child.once('exit', (code, signal) => done([code, signal])));
}
