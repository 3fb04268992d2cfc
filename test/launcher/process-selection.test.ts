import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { PLATFORM_APIS } from '../../src/cnb/features.ts';
import { LaunchBed, launchProcess, TEST_BUILDPACK, testShells, type Launched } from '../support/launched.ts';

const DUMP = [process.execPath, '-e', 'console.log(JSON.stringify(process.argv.slice(1)))', '--'] as const;
const failed = (message: string): string => `ERROR: failed to launch: ${message}\n`;

for (const shell of testShells()) {
  describe(`the shell launcher under ${shell.name} selects`, () => {
    it('the process of its own name, with its default arguments, or with those of the user in their place (L-01, L-02, L-03, L-21, L-22)', (test) => {
      const bed = new LaunchBed(test, {
        buildpacks: [TEST_BUILDPACK, { id: 'test/old', version: '1', api: '0.8' }],
        processes: [
          launchProcess('web.v1-a', [...DUMP, 'always'], { args: ['by', 'default'] }),
          launchProcess('one-word', ['echo'], { args: ['by', 'default'] }),
          launchProcess('old', ['echo'], { args: ['by default'], buildpackId: 'test/old' }),
          launchProcess('orphan', ['echo'], { buildpackId: 'test/gone' }),
          launchProcess('empty', []),
        ],
      });
      const run = (type: string, ...args: readonly string[]): string => bed.launch({ shell, type, args }).stdout;
      assert.equal(run('web.v1-a'), '["always","by","default"]\n');
      assert.equal(run('web.v1-a', 'x y', ''), '["always","x y",""]\n');
      assert.equal(run('one-word'), 'by default\n');
      assert.equal(run('one-word', 'x'), 'x\n');
      assert.equal(run('old', 'x'), 'by default x\n');
      assert.equal(run('orphan'), '\n');
      assert.equal(
        run('orphan', 'x'),
        failed('determine start command: failed to find buildpack for process orphan with buildpack ID test/gone'),
      );
      assert.equal(run('empty'), failed('no command provided for process type "empty"'));
    });

    it('the default arguments and then the user’s below Platform API 0.10, whatever the buildpack (L-02)', (test) => {
      const bed = new LaunchBed(test, {
        buildpacks: [TEST_BUILDPACK],
        processes: [
          launchProcess('web', ['echo'], { args: ['by', 'default'] }),
          launchProcess('words', [...DUMP, 'always'], { args: ['default'] }),
          launchProcess('orphan', ['echo'], { args: ['orphan'], buildpackId: 'test/gone' }),
          launchProcess('script', ["echo 'a", "b'"], { direct: false, args: [] }),
        ],
      });
      const run = (CNB_PLATFORM_API: string, type: string, ...args: readonly string[]): string =>
        bed.launch({ shell, type, args, env: { CNB_PLATFORM_API } }).stdout;
      for (const api of ['0.7', '0.8', '0.9', 'v0.9']) {
        assert.equal(run(api, 'web', 'x'), 'by default x\n');
        assert.equal(run(api, 'words', 'x'), '["always","default","x"]\n');
        assert.equal(run(api, 'orphan', 'x'), 'orphan x\n');
        assert.equal(run(api, 'script'), 'a b\n');
      }
      for (const api of ['0.10', '0.13']) {
        assert.equal(run(api, 'web', 'x'), 'x\n');
        assert.equal(run(api, 'words', 'x'), '["always","x"]\n');
      }
    });

    it('a command of the user when no process has its name, and stops when there is none (L-04, L-05)', (test) => {
      const bed = new LaunchBed(test, {
        buildpacks: [TEST_BUILDPACK],
        processes: [launchProcess('web', ['echo', 'web'])],
      });
      bed.write('layers/test_one/layer/env.launch/other/TYPED', 'of a type that no process has');
      bed.link('other');
      const run = (...args: readonly string[]): Launched => bed.launch({ shell, type: 'other', args });
      assert.equal(run('--', 'printenv', 'TYPED').code, 1);
      assert.equal(run('echo "$((1 + 1))"').stdout, '2\n');
      const nothing = failed('determine start command: when there is no default process a command is required');
      assert.deepEqual([run().code, run().stdout], [82, nothing]);
    });

    it('by exec-env: none, a star, a match, the first match of several (L-18)', (test) => {
      const echo = (type: string, word: string, execEnv?: readonly string[]) =>
        launchProcess(type, ['echo', word], execEnv === undefined ? {} : { execEnv });
      const bed = new LaunchBed(test, {
        buildpacks: [TEST_BUILDPACK],
        processes: [
          echo('any', 'any', ['*']),
          echo('several', 'for test', ['test']),
          echo('several', 'for both', ['test', 'production']),
          echo('several', 'for all'),
          echo('never', 'never', ['elsewhere']),
        ],
      });
      const run = (type: string, CNB_EXEC_ENV?: string): string =>
        bed.launch({ shell, type, env: { CNB_EXEC_ENV } }).stdout;
      assert.equal(run('any', 'odd'), 'any\n');
      assert.equal(run('several'), 'for both\n');
      assert.equal(run('several', ''), 'for both\n');
      assert.equal(run('several', 'test'), 'for test\n');
      assert.equal(run('several', 'odd'), 'for all\n');
      assert.equal(run('never'), failed('determine start command: process type never was not found'));
      for (const CNB_PLATFORM_API of ['0.14', '0.12', '0.7'])
        assert.equal(bed.launch({ shell, type: 'never', env: { CNB_PLATFORM_API } }).stdout, 'never\n');
    });

    it('a working directory, absolute or in the app, and looks the command up before it goes there (L-14)', (test) => {
      const bed = new LaunchBed(test, {
        buildpacks: [TEST_BUILDPACK],
        processes: [
          launchProcess('relative', ['pwd'], { workingDir: 'in/side' }),
          launchProcess('gone', ['pwd'], { workingDir: 'gone' }),
          launchProcess('absolute', ['pwd'], { workingDir: '/' }),
          launchProcess('script', ['./say.sh'], { workingDir: 'in/side' }),
        ],
      });
      bed.write('workspace/in/side/file', '');
      bed.write('workspace/say.sh', '#!/bin/sh\necho outside\n');
      bed.write('workspace/in/side/say.sh', '#!/bin/sh\necho inside\n');
      const run = (type: string): string => bed.launch({ shell, type, env: { CDPATH: '/' } }).stdout;
      assert.equal(run('relative'), '/workspace/in/side\n');
      assert.equal(run('absolute'), '/\n');
      assert.equal(run('gone'), failed('change directory: chdir gone: no such file or directory'));
      assert.equal(run('script'), 'inside\n');
    });

    it('the words after -- as a direct command, found through PATH as Go does (L-06, L-08)', (test) => {
      const bed = new LaunchBed(test, {});
      bed.write('workspace/data', 'no program');
      bed.write('workspace/tool', '#!/bin/sh\necho tool\n');
      bed.write('bin/-n', '#!/bin/sh\necho "the file -n: $1"\n');
      const run = (args: readonly string[], PATH?: string): string =>
        bed.launch({ shell, args: ['--', ...args], ...(PATH === undefined ? {} : { env: { PATH } }) }).stdout;
      const lookup = (text: string): string => failed(`path lookup: exec: ${text}`);
      assert.equal(run(['./tool']), 'tool\n');
      assert.equal(run(['tool']), lookup('"tool": executable file not found in $PATH'));
      assert.equal(run(['tool'], ''), lookup('"tool": executable file not found in $PATH'));
      assert.equal(
        run(['tool'], '.:/usr/bin'),
        lookup('"tool": cannot run executable found relative to current directory'),
      );
      assert.equal(run(['./none']), lookup('"./none": stat ./none: no such file or directory'));
      assert.equal(run(['./data']), lookup('"./data": permission denied'));
      assert.equal(run(['/']), lookup('"/": is a directory'));
      assert.equal(run(['-n', 'x'], `${join(bed.root, 'bin')}:/usr/bin:/bin`), 'the file -n: x\n');
      assert.equal(run([process.execPath, '-p', 'process.argv0']), `${process.execPath}\n`);
    });

    it('nothing when the image or the platform is not as it must be (L-17)', (test) => {
      const bed = new LaunchBed(test, {});
      const api = (CNB_PLATFORM_API: string | undefined): readonly [number | null, string] => {
        const result = bed.launch({ shell, args: ['--', 'true'], env: { CNB_PLATFORM_API } });
        return [result.code, result.stdout];
      };
      for (const known of PLATFORM_APIS) assert.equal(api(known)[0], 0, known);
      const unset =
        "ERROR: failed to get platform API version; please set 'CNB_PLATFORM_API' to specify the desired platform API version\n";
      assert.deepEqual(api(undefined), [11, unset]);
      assert.deepEqual(api(' '), [11, unset]);
      assert.deepEqual(api('new'), [11, "ERROR: failed to parse platform API 'new'\n"]);
      for (const old of ['0.6', '0.16', '0.3', '1.0'])
        assert.deepEqual(api(old), [
          11,
          `ERROR: failed to set platform API: platform API version '${old}' is incompatible with the lifecycle\n`,
        ]);
      const elsewhere = bed.launch({ shell, args: ['--', 'true'], env: { CNB_APP_DIR: '/none/such' } });
      assert.deepEqual(
        [elsewhere.code, elsewhere.stdout],
        [82, failed('change to app directory: chdir /none/such: no such file or directory')],
      );
      rmSync(join(bed.layers, 'config/metadata.toml'));
      assert.deepEqual(api('0.15'), [
        1,
        'ERROR: failed to read metadata: open /layers/config/metadata.toml: no such file or directory\n',
      ]);
    });

    it('hostile words as they are', (test) => {
      const pieces = [
        "'",
        '"',
        '$',
        '`',
        '\\',
        '\n',
        '\r',
        '\t',
        '*',
        '?',
        '[',
        ']',
        '~',
        '!',
        '#',
        '&',
        ';',
        '(',
        ')',
        '{',
        '}',
      ];
      const piece = fc.oneof(
        fc.constantFrom(
          ...pieces,
          '$(id)',
          '${PATH}',
          '\u0001',
          '\u001b',
          '\u007f',
          '\u00e9',
          '\u{1f600}',
          ' ',
          '-',
          'a',
        ),
        fc.string(),
      );
      const word = fc.array(piece, { maxLength: 12 }).map((parts) => parts.join('').replaceAll('\0', ''));
      const words = fc.sample(word, { numRuns: 400, seed: 894 });
      const bed = new LaunchBed(test, {
        buildpacks: [TEST_BUILDPACK],
        processes: [launchProcess('web', DUMP, { args: words }), launchProcess('other', [...DUMP, ...words])],
      });
      assert.deepEqual(JSON.parse(bed.launch({ shell, type: 'web' }).stdout), words);
      assert.deepEqual(JSON.parse(bed.launch({ shell, type: 'other', args: words }).stdout), [...words, ...words]);
      assert.deepEqual(JSON.parse(bed.launch({ shell, args: ['--', ...DUMP, ...words] }).stdout), words);
    });
  });
}
