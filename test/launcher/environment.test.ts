import assert from 'node:assert/strict';
import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { LaunchBed, launchProcess, TEST_BUILDPACK, testShells, type Launched } from '../support/launched.ts';

const LAYER = 'layers/test_one/layer';
/** Set by the shell itself, not by the launcher (docs/reference/differences.md). */
const OF_THE_SHELL = ['PWD', 'SHLVL', '_', 'OLDPWD'];

for (const shell of testShells()) {
  describe(`the shell launcher under ${shell.name} makes an environment`, () => {
    const direct = (bed: LaunchBed, env: Readonly<Record<string, string | undefined>> = {}): Map<string, string> =>
      environmentOf(bed.launch({ shell, type: 'web', env }));
    const bedOf = (test: Parameters<typeof newBed>[0]): LaunchBed => newBed(test);

    it('by the suffixes of env files, in byte order of their names (L-10)', (test) => {
      const bed = bedOf(test);
      const files: Readonly<Record<string, string>> = {
        'env/V': 'plain',
        'env/V.append': 'a',
        'env/V.default': 'd',
        'env/V.override': 'o',
        'env/V.prepend': 'p',
        'env/V.delim': ',',
        'env/W.append': '1',
        'env/W.prepend': '2',
        'env.launch/W.append': 'bb',
        'env/E.': 'e',
        'env/Q.b.c': 'nothing',
        'env.launch/web/T': 'typed',
        'env.launch/other/T': 'of another',
        'env.build/B': 'at build only',
        'env/GIVEN.default': 'not taken',
        'env/GIVEN_EMPTY.default': 'taken',
        'env/JOINED.append': 'x',
        'env/JOINED.': 'y',
      };
      for (const [name, text] of Object.entries(files)) bed.write(`${LAYER}/${name}`, text);
      const env = direct(bed, { GIVEN: 'user', GIVEN_EMPTY: '', JOINED: 'user' });
      const expected: Readonly<Record<string, string | undefined>> = {
        V: 'p,o',
        W: '21bb',
        E: 'e',
        Q: undefined,
        T: 'typed',
        B: undefined,
        GIVEN: 'user',
        GIVEN_EMPTY: 'taken',
        JOINED: 'y:userx',
      };
      assert.deepEqual(Object.fromEntries(Object.keys(expected).map((name) => [name, env.get(name)])), expected);
    });

    it('with the exact bytes of the files', (test) => {
      const bed = bedOf(test);
      const all = Buffer.from(Array.from({ length: 255 }, (_, index) => index + 1));
      const values: Readonly<Record<string, Buffer>> = {
        ALL: all,
        EMPTY: Buffer.from(''),
        NEWLINES: Buffer.from('\n\na\n\n'),
        NO_NEWLINE: Buffer.from(' a\\n $HOME `id` *'),
        LONG: Buffer.from('é\n'.repeat(5000)),
      };
      for (const [name, bytes] of Object.entries(values)) bed.write(`${LAYER}/env/${name}`, bytes);
      const bytes = Buffer.concat([Buffer.from('\0'), bed.launch({ shell, type: 'web' }).bytes]);
      for (const [name, value] of Object.entries(values))
        assert.ok(bytes.includes(Buffer.concat([Buffer.from(`\0${name}=`), value, Buffer.from('\0')])), name);
    });

    it('with names that a shell cannot hold or that it changes by itself', (test) => {
      const bed = bedOf(test);
      const names = [
        'FOO-BAR',
        '1ST',
        'LC_ALL',
        'IFS',
        'UID',
        'PPID',
        'OPTIND',
        'RANDOM',
        'SECONDS',
        'PWD',
        'SHLVL',
        'PS4',
        'BASH_ENV',
        'cnb__type',
        'TMOUT',
      ];
      for (const name of names) bed.write(`${LAYER}/env/${name}`, `abc of ${name}`);
      bed.write(`${LAYER}/env/FOO-BAR.append`, ' and more');
      bed.write(`${LAYER}/env/X-APPENDED.append`, '-more');
      const env = direct(bed, { 'X-APPENDED': 'given', 'spring.profiles.active': "a'b\n\\c", 'a/b': '"$x"' });
      for (const name of names)
        assert.equal(env.get(name), name === 'FOO-BAR' ? 'abc of FOO-BAR and more' : `abc of ${name}`, name);
      assert.equal(env.get('X-APPENDED'), 'given-more');
      assert.equal(env.get('spring.profiles.active'), "a'b\n\\c");
      assert.equal(env.get('a/b'), '"$x"');
    });

    it('with such names also when a layer leaves no env on PATH', (test) => {
      const bed = bedOf(test);
      bed.write(`${LAYER}/env/FOO-BAR`, 'odd');
      bed.write(`${LAYER}/env/PATH`, '/opt/app/bin');
      const env = direct(bed);
      assert.deepEqual([env.get('FOO-BAR'), env.get('PATH')], ['odd', '/opt/app/bin']);
    });

    it('that is otherwise the one it was given (L-07, L-15)', (test) => {
      const bed = bedOf(test);
      const given = {
        A: '1',
        LC_ALL: 'C',
        OLDPWD: '/',
        SHLVL: '3',
        CNB_EXEC_ENV: 'production',
        HOME: '/home/x',
        CDPATH: '/x',
      };
      const env = direct(bed, {
        ...given,
        CNB_PROCESS_TYPE: '',
        CNB_DEPRECATION_MODE: 'quiet',
        PATH: '/cnb/lifecycle:/bin::/cnb/process:/usr/bin:/cnb/process',
      });
      env.delete('PWD');
      env.delete('_');
      assert.deepEqual(Object.fromEntries(env), { ...given, PATH: '/bin::/usr/bin' });
      const bare = direct(bed, { PATH: '/usr/bin:/bin' });
      for (const name of OF_THE_SHELL) if (name === 'PWD' || shell.name === 'bash') bare.delete(name);
      assert.deepEqual(Object.fromEntries(bare), { PATH: '/usr/bin:/bin' });
    });

    it('from bin and lib of the layers, and from layers and buildpacks in order (L-07, L-10, L-16)', (test) => {
      const bed = new LaunchBed(test, {
        buildpacks: [
          TEST_BUILDPACK,
          { id: 'z/two', version: '1', api: '0.12' },
          { id: 'a/three', version: '1', api: '0.12' },
        ],
        processes: [launchProcess('web', ['env', '-0'])],
      });
      for (const layer of ['b', 'a b*', '.h', '-x', '+p', 'é', 'Z', '0', '~', '$HOME'])
        bed.write(`layers/test_one/${layer}/env/ORDER.append`, `${layer}|`);
      bed.write('layers/z_two/l/env/ORDER.append', 'two|');
      bed.write('layers/a_three/l/env/ORDER.append', 'three|');
      bed.write('layers/not_listed/l/env/ORDER.append', 'never');
      bed.write('layers/test_one/b.toml', '');
      bed.write('elsewhere/env/ORDER.append', 'linked');
      symlinkSync(join(bed.root, 'elsewhere'), join(bed.layers, 'test_one/linked'));
      for (const directory of ['test_one/Z/bin', 'test_one/b/bin', 'test_one/b/lib', 'z_two/l/bin'])
        mkdirSync(join(bed.layers, directory));
      const env = environmentOf(bed.launch({ shell, type: 'web', env: { PATH: '/usr/bin:/bin' } }));
      assert.equal(env.get('ORDER'), '$HOME|+p|-x|.h|0|Z|a b*|b|~|é|two|three|');
      assert.equal(env.get('PATH'), '/layers/z_two/l/bin:/layers/test_one/b/bin:/layers/test_one/Z/bin:/usr/bin:/bin');
      assert.equal(env.get('LD_LIBRARY_PATH'), '/layers/test_one/b/lib');
    });

    it('or stops at a file it cannot read', (test) => {
      const bed = bedOf(test);
      mkdirSync(join(bed.root, LAYER, 'env/DIRECTORY'), { recursive: true });
      assert.equal(bed.launch({ shell, type: 'web' }).code, 0);
      symlinkSync('/none/such', join(bed.root, LAYER, 'env/BROKEN'));
      const result = bed.launch({ shell, type: 'web' });
      assert.equal(result.code, 82);
      assert.match(result.stdout, /^ERROR: failed to launch: modify env: open .*BROKEN: no such file or directory\n$/);
    });

    it('when there is no variable at all but those it needs', (test) => {
      const bed = bedOf(test);
      bed.write(`${LAYER}/env/A`, 'a');
      const result = bed.launch({ shell, args: ['--', '/usr/bin/env', '-0'], env: { PATH: undefined } });
      const env = environmentOf(result);
      env.delete('PATH'); // a shell without PATH takes one of its own, and ash exports it
      for (const name of OF_THE_SHELL) if (name === 'PWD' || shell.name === 'bash') env.delete(name);
      assert.deepEqual(Object.fromEntries(env), { A: 'a' });
    });
  });
}

function newBed(test: ConstructorParameters<typeof LaunchBed>[0]): LaunchBed {
  return new LaunchBed(test, {
    buildpacks: [TEST_BUILDPACK],
    processes: [launchProcess('web', ['/usr/bin/env', '-0'])],
  });
}

function environmentOf(result: Launched): Map<string, string> {
  assert.equal(result.code, 0, `${result.stdout}${result.stderr}`);
  assert.equal(result.stderr, '');
  return new Map(
    result.stdout
      .split('\0')
      .filter((entry) => entry !== '')
      .map((entry): [string, string] => [entry.slice(0, entry.indexOf('=')), entry.slice(entry.indexOf('=') + 1)]),
  );
}
