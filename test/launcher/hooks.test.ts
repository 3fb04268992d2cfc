import assert from 'node:assert/strict';
import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { LaunchBed, launchProcess, TEST_BUILDPACK, testShells } from '../support/launched.ts';

const LAYER = 'layers/test_one/layer';
/** A program whose stdout is its environment, one NAME=VALUE a NUL. */
const ENV = ['/usr/bin/env', '-0'] as const;

for (const shell of testShells()) {
  describe(`the shell launcher under ${shell.name} runs exec.d files`, () => {
    const outcome = (
      bed: LaunchBed,
    ): { readonly code: number | null; readonly env: ReadonlyMap<string, string>; readonly out: string } => {
      const result = bed.launch({ shell, type: 'web', env: { PATH: '/usr/bin:/bin', GIVEN: 'user' } });
      const entries = result.stdout.split('\0').map((entry): [string, string] => {
        const equals = entry.indexOf('=');
        return [entry.slice(0, equals), entry.slice(equals + 1)];
      });
      return { code: result.code, env: new Map(entries), out: result.stdout };
    };

    it('with what the files before them set, their output shown, nothing to read (L-11)', (test) => {
      const bed = newBed(test);
      bed.write(`${LAYER}/env/FROM_ENV`, 'env file');
      bed.write(
        `${LAYER}/exec.d/1`,
        '#!/bin/sh\nread line && exit 3\necho shown\necho warned >&2\nprintf \'ONE = "%s, %s"\\nFOO-BAR = "odd"\\n\' "$FROM_ENV" "$LC_ALL" >&3\n',
      );
      bed.write(
        `${LAYER}/exec.d/2`,
        '#!/bin/sh\nprintf \'TWO = "%s 2"\\nGIVEN = "%s %s"\\n\' "$ONE" "$GIVEN" "$PWD" >&3\n',
      );
      bed.write(`${LAYER}/exec.d/web/0`, '#!/bin/sh\nprintf \'THREE = "%s 3"\\n\' "$TWO" >&3\n');
      bed.write(`${LAYER}/exec.d/other/0`, '#!/bin/sh\nexit 1\n');
      const result = bed.launch({ shell, type: 'web' });
      assert.equal(result.code, 0, result.stdout);
      assert.equal(result.stderr, 'warned\n');
      assert.match(result.stdout, /^shown\n/);
      const { env } = outcome(bed);
      assert.equal(env.get('THREE'), 'env file,  2 3');
      assert.equal(env.get('GIVEN'), `user ${bed.app}`.replace(bed.root, ''));
      assert.equal(env.get('FOO-BAR'), 'odd');
    });

    it('and reads what they write as a flat TOML table of strings', (test) => {
      const bed = newBed(test);
      const toml = [
        '# a comment',
        'BARE-1 = "a"  # after',
        '  "quoted key" = \'lit\\eral "x"\'\t',
        "'literal key'='b'\r",
        'ESCAPES = "\\" \\\\ \\n \\t \\r \\b \\f \\u00e9 \\U0001F600 \\u000a."',
        'EMPTY = ""',
        '',
        'LINES = """',
        'first',
        '',
        '  "two" ""quotes""',
        'joined \\',
        '',
        '    here"""',
        "RAW = '''",
        "it's \\raw",
        "''''",
        'TAB = "a\tb"',
        'LAST = "$HOME `id` \'x\'"',
      ].join('\n');
      bed.write('toml', toml);
      bed.write(`${LAYER}/exec.d/1`, `#!/bin/sh\ncat ${join(bed.root, 'toml')} >&3\n`);
      const { env, code, out } = outcome(bed);
      assert.equal(code, 0, out);
      const expected: Readonly<Record<string, string>> = {
        'BARE-1': 'a',
        'quoted key': 'lit\\eral "x"',
        'literal key': 'b',
        ESCAPES: '" \\ \n \t \r \b \f é 😀 \n.',
        EMPTY: '',
        LINES: 'first\n\n  "two" ""quotes""\njoined here',
        RAW: "it's \\raw\n'",
        TAB: 'a\tb',
        LAST: "$HOME `id` 'x'",
      };
      assert.deepEqual(Object.fromEntries(Object.keys(expected).map((name) => [name, env.get(name)])), expected);
    });

    it('and refuses everything else', (test) => {
      const bed = newBed(test);
      const bad = [
        'A = 1',
        'A = true',
        'A = ["x"]',
        'A = { b = "c" }',
        '[table]\nA = "x"',
        'a.b = "x"',
        'A = "x" B = "y"',
        'A = "x"\nA = "y"',
        'A "x"',
        'A = x',
        'A = "x',
        "A = 'x\n'",
        'A = "\\q"',
        'A = "\\u12"',
        'A = "\\ud800"',
        'A = "\\U00110000"',
        'A = "\\u0000"',
        'A = "a\u0001b"',
        'A = """x',
        'A = """a\\ b"""',
        '= "x"',
        'é = "x"',
        'garbage',
      ];
      bed.write(`${LAYER}/exec.d/1`, `#!/bin/sh\ncat ${join(bed.root, 'toml')} >&3\n`);
      for (const text of bad) {
        bed.write('toml', `GOOD = "1"\n${text}\n`);
        const result = bed.launch({ shell, type: 'web' });
        assert.equal(result.code, 82, text);
        assert.match(
          result.stdout,
          /^ERROR: failed to launch: failed to decode output from exec\.d file at path '\/layers\/test_one\/layer\/exec\.d\/1': ./,
        );
      }
    });

    it('a long output in time, and stops when one fails (L-11)', (test) => {
      const bed = newBed(test);
      const line = (index: number): string =>
        `KEY_${String(index)} = "value \\"${String(index)}\\" with \\t some text around it\\n"`;
      bed.write('toml', Array.from({ length: 300 }, (_, index) => line(index)).join('\n'));
      bed.write(`${LAYER}/exec.d/1`, `#!/bin/sh\ncat ${join(bed.root, 'toml')} >&3\n`);
      const start = performance.now();
      assert.equal(outcome(bed).env.get('KEY_299'), 'value "299" with \t some text around it\n');
      assert.ok(performance.now() - start < 10_000);
      const failure = (status: string): string =>
        `ERROR: failed to launch: failed to execute exec.d file at path '/${LAYER}/exec.d/1': exit status ${status}\n`;
      bed.write(`${LAYER}/exec.d/1`, '#!/bin/sh\nexit 7\n');
      assert.deepEqual([outcome(bed).code, outcome(bed).out], [82, failure('7')]);
      chmodSync(join(bed.root, LAYER, 'exec.d/1'), 0o644);
      assert.equal(outcome(bed).code, 82);
    });
  });

  describe(`the shell launcher under ${shell.name} starts shell processes`, () => {
    const run = (bed: LaunchBed, ...args: readonly string[]): string => {
      const result = bed.launch({ shell, args });
      assert.equal(result.stderr, '');
      return result.stdout;
    };

    it('after the profiles, which a command without -- is the script of (L-06, L-11, L-12, L-13)', (test) => {
      const bed = newBed(test);
      bed.write(`${LAYER}/env/V`, 'env');
      bed.write(`${LAYER}/exec.d/1`, '#!/bin/sh\necho "V = \'$V exec\'" >&3\n');
      bed.write(`${LAYER}/profile.d/a.sh`, 'export V="$V profile"; echo "for $0"\n');
      bed.write(`${LAYER}/profile.d/web/b.sh`, 'exit 1\n');
      bed.write('workspace/.profile', 'export V="$V app"\n');
      assert.equal(run(bed, 'echo "$V"; echo second'), 'for /cnb/lifecycle/launcher\nenv exec profile app\nsecond\n');
      assert.equal(
        run(bed, 'echo', '$V', '$(echo x  y)', 'a   b'),
        'for /cnb/lifecycle/launcher\nenv exec profile app x y a b\n',
      );
      const many = Array.from({ length: 12 }, (_, index) => `w${String(index)}`);
      assert.equal(run(bed, 'printf', '%s.', ...many), `for /cnb/lifecycle/launcher\n${many.join('.')}.`);
    });

    it('also for a process of an old buildpack, with its type and working directory (L-12, L-14)', (test) => {
      const bed = new LaunchBed(test, {
        buildpacks: [{ ...TEST_BUILDPACK, api: '0.8' }],
        processes: [launchProcess('web', ['echo "$V"; pwd'], { direct: false, workingDir: '/' })],
      });
      bed.write(`${LAYER}/profile.d/web/b.sh`, 'export V="typed"\n');
      assert.equal(bed.launch({ shell, type: 'web' }).stdout, 'typed\n/\n');
    });

    it('passing exit codes on', (test) => {
      const bed = newBed(test);
      assert.equal(bed.launch({ shell, args: ['exit 7'] }).code, 7);
      assert.equal(bed.launch({ shell, args: ['--', 'sh', '-c', 'exit 8'] }).code, 8);
      bed.write('workspace/broken', '#!/none/such\n');
      const broken = bed.launch({ shell, args: ['--', './broken'] }).code;
      assert.ok(shell.name === 'bash' ? broken !== 0 : broken === 82, String(broken));
    });
  });
}

function newBed(test: TestContext): LaunchBed {
  return new LaunchBed(test, { buildpacks: [TEST_BUILDPACK], processes: [launchProcess('web', ENV)] });
}
