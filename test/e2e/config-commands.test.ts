import assert from 'node:assert/strict';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { temporaryDirectory } from '../support/context.ts';
import { slipway, type ProgramResult } from '../support/program.ts';

describe('slipway config', () => {
  it('writes our file alone, in pack’s format, and says from which file a value is', async (t) => {
    const { run, ours, pack } = desk(t);
    write(pack, 'pull-policy = "never"\n');
    await done(run('default-builder', 'registry.example/acme/builder'));
    await done(run('registry-mirrors', 'add', 'index.docker.io', '--mirror', 'hub.example'));
    await done(run('run-image-mirrors', 'add', 'debian:12', '--mirror', 'a.example/debian:12', '--mirror', 'oci:run'));
    await done(run('trusted-builders', 'add', 'registry.example/acme/builder'));
    await done(run('experimental', 'true'));
    assert.equal(
      readFileSync(ours, 'utf8'),
      [
        'default-builder-image = "registry.example/acme/builder"',
        'experimental = true',
        '',
        '[registry-mirrors]',
        '  "index.docker.io" = "hub.example"',
        '',
        '[[run-images]]',
        '  image = "debian:12"',
        `  mirrors = ["a.example/debian:12", "oci:${join(dirname(pack), '..', 'run')}"]`,
        '',
        '[[trusted-builders]]',
        '  name = "registry.example/acme/builder"',
        '',
      ].join('\n'),
    );
    assert.equal(statSync(ours).mode & 0o777, 0o600);
    assert.equal(readFileSync(pack, 'utf8'), 'pull-policy = "never"\n');
    const shown = await done(run('show', '--origin'));
    assert.match(
      shown.stdout,
      /^default-builder-image +registry\.example\/acme\/builder +~\/\.config\/slipway\/config\.toml$/m,
    );
    assert.match(shown.stdout, /^pull-policy +never +~\/\.pack\/config\.toml$/m);
    assert.equal((await done(run('default-builder'))).stdout, 'registry.example/acme/builder\n');
    assert.equal((await done(run('get', 'pull-policy'))).stdout, 'never\n');
    const unset = await run('default-builder', '--unset');
    assert.equal(unset.code, 0, unset.stderr);
    const gone = await run('get', 'default-builder-image');
    assert.deepEqual([gone.code, gone.stdout], [1, '']);
  });

  it('keeps keys that it does not know, their order and kinds, the mode, and a link to the file', async (t) => {
    const { run, ours, home } = desk(t);
    const text = [
      'pull-policy = "never"',
      'future = 1.0',
      'since = 2024-01-02T03:04:05Z',
      '',
      '[zeta]',
      '  b = [1, 2]',
      '  [zeta.a]',
      '    x = 1',
      '',
      '[[run-images]]',
      '  image = "debian:12"',
      '  mirrors = ["a.example/debian:12"]',
      '  note = "ours"',
      '',
    ].join('\n');
    const real = join(home, 'dotfiles', 'slipway.toml');
    write(real, text);
    chmodSync(real, 0o644);
    mkdirSync(dirname(ours), { recursive: true });
    symlinkSync(real, ours);
    await done(run('run-image-mirrors', 'add', 'debian:12', '--mirror', 'b.example/debian:12'));
    const changed = text.replace('["a.example/debian:12"]', '["a.example/debian:12", "b.example/debian:12"]');
    assert.equal(readFileSync(real, 'utf8'), changed);
    await done(run('run-image-mirrors', 'remove', 'debian', '--mirror', 'x').then(refused));
    await done(run('run-image-mirrors', 'remove', 'debian:12'));
    assert.equal(readFileSync(real, 'utf8').includes('run-images'), false);
    assert.equal(lstatSync(ours).isSymbolicLink(), true);
    assert.equal(statSync(real).mode & 0o777, 0o644);
  });

  it('two writers at once lose nothing', async (t) => {
    const { run, ours } = desk(t);
    const names = ['a', 'b', 'c', 'd'];
    await Promise.all(names.map((name) => done(run('registry-mirrors', 'add', `${name}.example`, '--mirror', name))));
    const text = readFileSync(ours, 'utf8');
    for (const name of names) assert.match(text, new RegExp(`"${name}.example" = "${name}"`));
    assert.equal(existsSync(`${ours}.lock`), false);
  });

  it('refuses what cannot be, and leaves a broken file as it is', async (t) => {
    const { run, ours, pack } = desk(t);
    const said = async (...args: readonly string[]): Promise<string> => {
      const result = await run(...args);
      assert.equal(result.code, 3, result.stderr);
      return result.stderr;
    };
    const wrong: readonly (readonly [readonly string[], RegExp])[] = [
      [['set', 'pull-polcy', 'never'], /did you mean pull-policy\?/],
      [['set', 'pull-policy', 'sometimes'], /always, if-not-present, never/],
      [['set', 'registry-mirrors', 'x'], /slipway config registry-mirrors add/],
      [['set', 'default-builder-image', 'UPPER/x'], /REFERENCE_INVALID/],
      [['experimental', 'maybe'], /true or false/],
      [['registry-mirrors', 'add', '*', '--mirror', 'https://m.example'], /is an URL/],
      [['registry-mirrors', 'add', '*'], /name it: --mirror HOST/],
      [['trusted-builders', 'sdd', 'acme/x'], /list, add or remove/],
      [['trusted-builders', 'remove', 'acme/x'], /is not in ~\/\.config/],
    ];
    await Promise.all(wrong.map(async ([args, reason]) => assert.match(await said(...args), reason)));
    assert.equal(existsSync(ours), false);

    write(pack, '[[trusted-builders]]\nname = "acme/x"\n');
    assert.match(await said('trusted-builders', 'remove', 'acme/x'), /it is in ~\/\.pack\/config\.toml/);
    write(ours, 'pull-policy = "never"\nbroken\n');
    const broken = await run('set', 'pull-policy', 'always');
    assert.deepEqual([broken.code, /config\.toml:2:\d+/.test(broken.stderr)], [1, true], broken.stderr);
    assert.equal(readFileSync(ours, 'utf8'), 'pull-policy = "never"\nbroken\n');
    const shown = await run('show');
    assert.deepEqual([shown.code, shown.stderr.includes('FILE_INVALID')], [1, true]);
  });
});

interface Desk {
  readonly home: string;
  readonly ours: string;
  readonly pack: string;
  readonly run: (...args: readonly string[]) => Promise<ProgramResult>;
}

function desk(t: TestContext): Desk {
  const home = temporaryDirectory(t);
  return {
    home,
    ours: join(home, '.config', 'slipway', 'config.toml'),
    pack: join(home, '.pack', 'config.toml'),
    run: (...args) => slipway(['config', ...args], { cwd: home, env: { HOME: home } }),
  };
}

async function done(running: Promise<ProgramResult>): Promise<ProgramResult> {
  const result = await running;
  assert.equal(result.code, 0, result.stderr);
  return result;
}

function refused(result: ProgramResult): ProgramResult {
  return { ...result, code: result.code === 3 ? 0 : 1 };
}

function write(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}
