import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseGoFlags } from '../../src/options/go-flags.ts';
import { flagSpecs, OptionValues } from '../../src/options/option-values.ts';
import { OPTIONS, PROGRAMS, type Program } from '../../src/options/table.ts';

describe('precedence', () => {
  it('a flag beats its variable, the variable beats the default, for every input', () => {
    for (const row of OPTIONS) {
      const [env, flag] =
        row.kind === 'integer'
          ? ['11', '12']
          : row.kind === 'boolean'
            ? ['true', 'true']
            : row.kind === 'duration'
              ? ['1h', '2h']
              : ['/e', '/f'];
      const program = PROGRAMS.find((candidate) => row.flags[candidate] !== undefined);
      assert.ok(program, row.name);
      const isDefined = flagSpecs(program, '0.15').some((each) => each.name === row.name);
      if (row.env !== undefined && row.kind !== 'strings') {
        const values = valuesOf(program, [], { [row.env]: env });
        assert.equal(row.kind === 'boolean' ? String(values.boolean(row.name)) : values.text(row.name), env, row.name);
        assert.equal(values.origin(row.name), 'env');
      }
      if (!isDefined || row.kind === 'strings') continue;
      const given = valuesOf(program, [`-${row.name}=${flag}`], row.env === undefined ? {} : { [row.env]: env });
      assert.equal(row.kind === 'boolean' ? String(given.boolean(row.name)) : given.text(row.name), flag, row.name);
      assert.equal(given.origin(row.name), 'flag');
      assert.equal(valuesOf(program, []).origin(row.name), row.fallback === undefined ? 'none' : 'default');
    }
  });

  it('variables are read even where the program defines no flag', () => {
    assert.equal(valuesOf('creator', [], { CNB_PLAN_PATH: '/p.toml' }).path('plan'), '/p.toml');
  });

  it('an empty variable counts as unset', () => {
    assert.equal(valuesOf('detector', [], { CNB_APP_DIR: '' }).text('app'), '/workspace');
  });

  it('a boolean variable that is no boolean is false, a number that is no number is 0', () => {
    const values = valuesOf('analyzer', [], { CNB_USE_LAYOUT: 'yes', CNB_USER_ID: 'me' });
    assert.equal(values.boolean('layout'), false);
    assert.equal(values.integer('uid'), 0);
  });

  it('insecure registries of variable and flags come together (C-29)', () => {
    const values = valuesOf('analyzer', ['-insecure-registry', 'c'], { CNB_INSECURE_REGISTRIES: 'a,b' });
    assert.deepEqual(values.list('insecure-registry'), ['a', 'b', 'c']);
  });
});

describe('paths', () => {
  it('defaults follow the layers directory', () => {
    const values = valuesOf('exporter', ['-layers', '/l']);
    for (const name of ['analyzed', 'group', 'report', 'project-metadata'] as const)
      assert.equal(values.text(name), `/l/${name}.toml`);
    assert.equal(valuesOf('extender', ['-layers', '/l']).text('generated'), '/l/generated');
    assert.equal(valuesOf('exporter', ['-layers', '/l']).text('extended'), '/l/extended');
  });

  it('directories are made absolute, files and the layout directory stay as given (C-20)', () => {
    const values = valuesOf('creator', [
      '-layers=l',
      '-app',
      './app',
      '-cache-dir=c',
      '-report=r.toml',
      '-layout-dir=out',
    ]);
    assert.equal(values.text('layers'), '/cwd/l');
    assert.equal(values.text('app'), '/cwd/app');
    assert.equal(values.text('cache-dir'), '/cwd/c');
    assert.equal(values.text('report'), 'r.toml');
    assert.equal(values.path('report'), '/cwd/r.toml');
    assert.equal(values.text('layout-dir'), 'out');
    assert.equal(values.path('analyzed'), '/cwd/l/analyzed.toml');
  });

  it('order.toml in the layers directory wins over the builder’s, never over an explicit one (C-19)', () => {
    assert.equal(valuesOf('detector', []).text('order'), '/cnb/order.toml');
    const there = new Set(['/layers/order.toml']);
    assert.equal(valuesOf('detector', [], {}, there).text('order'), '/layers/order.toml');
    assert.equal(valuesOf('detector', ['-order', '/o.toml'], {}, there).text('order'), '/o.toml');
    assert.equal(valuesOf('detector', [], { CNB_ORDER_PATH: '/e.toml' }, there).text('order'), '/e.toml');
  });
});

function valuesOf(
  program: Program,
  argv: readonly string[],
  env: Readonly<Record<string, string>> = {},
  files: ReadonlySet<string> = new Set(),
): OptionValues {
  const result = parseGoFlags(flagSpecs(program, '0.15'), argv);
  assert.equal(result.kind, 'parsed', JSON.stringify(result));
  return new OptionValues({
    program,
    api: '0.15',
    env,
    cwd: '/cwd',
    flags: result.parsed,
    exists: (path) => files.has(path),
  });
}
