import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { decodeProject } from '../../../src/cnb/files/project.ts';
import { projectMetadataLabel } from '../../../src/cnb/files/project-metadata.ts';
import { PROJECT_KEYS, PROJECT_SCHEMAS, type ProjectSchema } from '../../../src/cnb/project-keys.ts';
import { projectSource, type ProjectFile } from '../../../src/cnb/project.ts';
import { failureOf } from '../../support/failure.ts';

interface KeyCase {
  readonly value: string;
  /** What must stand beside it in its table. */
  readonly beside?: string;
  readonly expected: Partial<ProjectFile>;
  readonly wrong?: string;
}

const ID = { kind: 'id', id: 'a/b', execEnv: [] } as const;
const INLINE = {
  kind: 'inline',
  id: 'a/b',
  version: '0.0.0',
  api: '0.12',
  shell: '/bin/sh',
  script: 'true',
  execEnv: [],
} as const;
const SCRIPT = 'id = "a/b"\nscript.api = "0.12"\nscript.inline = "true"';
const VARIABLE = { name: 'A', value: 'b', execEnv: [] };

/** Keys of what is said of the project; they are the same in `[project]` and `[_]`. */
const aboutCases = (table: string): Readonly<Record<string, KeyCase>> => ({
  ...Object.fromEntries(
    ['id', 'name', 'version', 'documentation-url', 'source-url'].map((name) => [
      `${table}.${name}`,
      { value: '"text"', expected: { about: { [name]: 'text' } } },
    ]),
  ),
  [`${table}.authors`]: { value: '["a", "b"]', expected: { about: { authors: ['a', 'b'] } }, wrong: '[1]' },
  [`${table}.licenses[].type`]: { value: '"MIT"', expected: { about: { licenses: [{ type: 'MIT' }] } } },
  [`${table}.licenses[].uri`]: { value: '"https://l"', expected: { about: { licenses: [{ uri: 'https://l' }] } } },
});

const fileCases = (table: string): Readonly<Record<string, KeyCase>> => ({
  [`${table}.builder`]: { value: '"acme/builder"', expected: { builder: 'acme/builder' } },
  [`${table}.include`]: { value: '["*.js"]', expected: { files: { kind: 'include', patterns: ['*.js'] } } },
  [`${table}.exclude`]: { value: '["/x/"]', expected: { files: { kind: 'exclude', patterns: ['/x/'] } } },
});

const groupCases = (table: string, member: 'group' | 'pre' | 'post'): Readonly<Record<string, KeyCase>> => ({
  [`${table}[].id`]: { value: '"a/b"', expected: { [member]: [ID] } },
  [`${table}[].version`]: { value: '"1.2"', beside: 'id = "a/b"', expected: { [member]: [{ ...ID, version: '1.2' }] } },
  [`${table}[].uri`]: {
    value: '"../bp"',
    beside: 'id = "a/b"',
    expected: { [member]: [{ kind: 'uri', uri: '../bp', execEnv: [] }] },
  },
  [`${table}[].script.api`]: {
    value: '"0.10"',
    beside: 'id = "a/b"\nscript.inline = "true"',
    expected: { [member]: [{ ...INLINE, api: '0.10' }] },
  },
  [`${table}[].script.inline`]: {
    value: '"make"',
    beside: 'id = "a/b"\nversion = "3"\nscript.api = "0.12"',
    expected: { [member]: [{ ...INLINE, version: '3', script: 'make' }] },
  },
  [`${table}[].script.shell`]: {
    value: '"/bin/bash"',
    beside: SCRIPT,
    expected: { [member]: [{ ...INLINE, shell: '/bin/bash' }] },
  },
});

const envCases = (table: string): Readonly<Record<string, KeyCase>> => ({
  [`${table}[].name`]: { value: '"A"', beside: 'value = "b"', expected: { env: [VARIABLE] } },
  [`${table}[].value`]: { value: '"b"', beside: 'name = "A"', expected: { env: [VARIABLE] } },
});

const METADATA: KeyCase = { value: '{ n = 1, s = "x" }', expected: { about: { metadata: { n: 1n, s: 'x' } } } };

const CASES: Readonly<Record<string, KeyCase>> = {
  ...aboutCases('project'),
  ...fileCases('build'),
  ...groupCases('build.buildpacks', 'group'),
  ...envCases('build.env'),
  'metadata.*': METADATA,
  '_.schema-version': { value: '"0.2"', expected: {}, wrong: '0.2' },
  ...aboutCases('_'),
  '_.metadata.*': METADATA,
  ...fileCases('io.buildpacks'),
  ...groupCases('io.buildpacks.group', 'group'),
  ...groupCases('io.buildpacks.pre.group', 'pre'),
  ...groupCases('io.buildpacks.post.group', 'post'),
  ...Object.fromEntries(
    (['group', 'pre', 'post'] as const).map((member) => [
      `io.buildpacks.${member === 'group' ? '' : `${member}.`}group[].exec-env`,
      {
        value: '["test"]',
        beside: 'id = "a/b"',
        expected: { [member]: [{ ...ID, execEnv: ['test'] }] },
        wrong: '"test"',
      },
    ]),
  ),
  ...envCases('io.buildpacks.build.env'),
  'io.buildpacks.build.env[].exec-env': {
    value: '["test", "*"]',
    beside: 'name = "A"\nvalue = "b"',
    expected: { env: [{ ...VARIABLE, execEnv: ['test', '*'] }] },
    wrong: '"test"',
  },
  ...envCases('io.buildpacks.env.build'),
};

/** A file of that schema with one key, at its place. */
function fileWith(schema: ProjectSchema, key: string, { value, beside = '' }: KeyCase): string {
  const [table = '', name = ''] = key.includes('[].') ? key.split('[].') : splitLast(key.replace(/\.\*$/, ''));
  const head = `schema-version = "${schema}"`;
  const line = `${name} = ${value}`;
  if (key === '_.schema-version') return `[_]\n${line}`;
  if (table === '') return schema === '0.1' ? line : `${line}\n[_]\n${head}`;
  const body = key.includes('[].') ? `[[${table}]]\n${beside}\n${line}` : `[${table}]\n${line}`;
  if (schema === '0.1') return body;
  return table === '_' ? `[_]\n${head}\n${line}` : `[_]\n${head}\n${body}`;
}

function splitLast(key: string): readonly [string, string] {
  const at = key.lastIndexOf('.');
  return at < 0 ? ['', key] : [key.slice(0, at), key.slice(at + 1)];
}

const EMPTY = { group: [], pre: [], post: [], env: [], about: {} };
const NO_SCHEMA = 'project.toml has no schema version, which is [_] schema-version: it is read as 0.1';

describe('the keys of project.toml', () => {
  it('each has a case here', () => {
    assert.deepEqual(Object.keys(CASES).sort(), PROJECT_KEYS.map(({ key }) => key).sort());
  });

  for (const { key, schemas } of PROJECT_KEYS) {
    const given = CASES[key];
    if (given === undefined) continue;

    for (const schema of schemas.filter((version) => key !== '_.schema-version' || version === '0.2'))
      it(`${key} is read in schema ${schema}`, () => {
        const { warnings, ...project } = decodeProject(fileWith(schema, key, given), 'project.toml');
        assert.deepEqual(project, { ...EMPTY, ...given.expected, schema });
        assert.deepEqual(warnings, schema === '0.1' ? [NO_SCHEMA] : []);
      });

    for (const schema of PROJECT_SCHEMAS.filter((version) => !schemas.includes(version) && key !== '_.schema-version'))
      it(`${key} is warned about and ignored in schema ${schema}`, () => {
        const { warnings, ...project } = decodeProject(fileWith(schema, key, given), 'project.toml');
        const shown = warnings.filter((warning) => warning !== NO_SCHEMA);
        const [first = ''] = shown;
        const named = /^project\.toml: (\S+) is no key of schema \S+ and is ignored$/.exec(first)?.[1] ?? '-';
        assert.ok(key.replaceAll('[]', '[0]').startsWith(named), first);
        for (const member of Object.keys(given.expected)) {
          if (key.endsWith('exec-env')) continue;
          assert.deepEqual({ ...EMPTY, ...project }[member as keyof typeof EMPTY], EMPTY[member as keyof typeof EMPTY]);
        }
      });

    const [schema = '0.2'] = [...schemas].reverse();
    it(`${key} of a wrong type is refused by its name`, () => {
      const error = failureOf(() =>
        decodeProject(fileWith(schema, key, { ...given, value: given.wrong ?? '1' }), 'p.toml'),
      );
      assert.equal(error.code, 'FILE_INVALID');
      const path = key.replaceAll('[]', '[0]').replace(/\.\*$/, '');
      assert.equal(error.details['file'], 'p.toml');
      assert.equal(error.details['key'], path);
      assert.match(error.message, /^p\.toml: .*: expected a /);
    });
  }
});

describe('what project.toml must not say', () => {
  const group = (lines: string): string => `[_]\nschema-version = "0.2"\n[[io.buildpacks.group]]\n${lines}`;

  for (const [what, text, key, message] of [
    [
      'a schema version of the future',
      '[_]\nschema-version = "0.4"',
      '_.schema-version',
      '"0.4" is none of 0.1, 0.2, 0.3',
    ],
    [
      'include beside exclude',
      '[_]\nschema-version = "0.3"\n[io.buildpacks]\ninclude = ["a"]\nexclude = []',
      'io.buildpacks.exclude',
      'cannot stand beside include',
    ],
    [
      'include beside exclude in schema 0.1',
      '[build]\ninclude = ["a"]\nexclude = ["b"]',
      'build.exclude',
      'cannot stand beside include',
    ],
    ['a buildpack of no name', group('version = "1"'), 'io.buildpacks.group[0].id', 'a buildpack has an id or a uri'],
    [
      'a uri with a version',
      group('uri = "x"\nversion = "1"'),
      'io.buildpacks.group[0].version',
      'cannot stand beside uri',
    ],
    [
      'a uri with a script',
      group('id = "a"\nuri = "x"\nscript.api = "0.12"\nscript.inline = "true"'),
      'io.buildpacks.group[0].script',
      'cannot stand beside uri',
    ],
    [
      'a script without an API',
      group('id = "a"\nscript.inline = "true"'),
      'io.buildpacks.group[0].script.api',
      'is missing',
    ],
    [
      'a script without a text',
      group('id = "a"\nscript.api = "0.12"'),
      'io.buildpacks.group[0].script.inline',
      'is missing',
    ],
    [
      'an empty script',
      group('id = "a"\nscript.api = "0.12"\nscript.inline = ""'),
      'io.buildpacks.group[0].script.inline',
      'is empty',
    ],
    [
      'a license of nothing',
      '[_]\nschema-version = "0.2"\n[[_.licenses]]',
      '_.licenses[0].type',
      'a license has a type or a uri',
    ],
    [
      'a variable that cannot be a file',
      '[_]\nschema-version = "0.2"\n[[io.buildpacks.build.env]]\nname = "../A"\nvalue = ""',
      'io.buildpacks.build.env[0].name',
      '"../A" cannot be a variable',
    ],
    [
      'a variable without a name',
      '[_]\nschema-version = "0.2"\n[[io.buildpacks.build.env]]\nvalue = "x"',
      'io.buildpacks.build.env[0].name',
      'is missing',
    ],
    [
      'metadata that no label can hold',
      '[_]\nschema-version = "0.2"\n[_.metadata]\nx = [{ y = nan }]',
      '_.metadata',
      'has nan or inf',
    ],
  ] as const)
    it(`${what} is refused with file and key`, () => {
      const error = failureOf(() => decodeProject(text, 'app/project.toml'));
      assert.equal(error.code, 'FILE_INVALID');
      assert.deepEqual(error.details, { file: 'app/project.toml', key });
      assert.ok(error.message.includes(`${key}: `) && error.message.includes(message), error.message);
    });

  it('bad TOML is refused with line and column', () => {
    const error = failureOf(() => decodeProject('[_]\nschema-version = 0.2.1', 'project.toml'));
    assert.match(error.message, /^project\.toml:2:/);
  });
});

describe('what project.toml says', () => {
  it('without a schema version it is schema 0.1, with a warning', () => {
    for (const text of ['', '[_]\nschema-version = ""']) {
      const { schema, warnings } = decodeProject(text, 'project.toml');
      assert.equal(schema, '0.1');
      assert.equal(warnings[0], NO_SCHEMA);
    }
  });

  it('tables of other programs are not looked into, words outside of tables are', () => {
    const text = 'stray = 1\n[_]\nschema-version = "0.3"\n[com.example.tool]\nx = 1\n[io.kpack]\ny = 2';
    assert.deepEqual(decodeProject(text, 'p').warnings, ['p: stray is no key of schema 0.3 and is ignored']);
  });

  it('names an unknown key by its place, and not more than twenty', () => {
    const text =
      '[_]\nschema-version = "0.2"\n[[io.buildpacks.group]]\nid = "a"\n[[io.buildpacks.group]]\nid = "b"\nverison = "1"';
    assert.deepEqual(decodeProject(text, 'p').warnings, [
      'p: io.buildpacks.group[1].verison is no key of schema 0.2 and is ignored',
    ]);
    const many = Array.from({ length: 25 }, (_, index) => `k${String(index)} = 1`).join('\n');
    const { warnings } = decodeProject(`[_]\nschema-version = "0.2"\n${many}`, 'p');
    assert.deepEqual([warnings.length, warnings.at(-1)], [21, 'p: 5 more keys are ignored']);
  });

  it('an empty list of patterns is no rule', () => {
    assert.equal(decodeProject('[build]\nexclude = []', 'p').files, undefined);
  });

  it('the new spelling of variables hides the old one, and says so', () => {
    const env = (table: string, value: string): string =>
      `[[io.buildpacks.${table}]]\nname = "A"\nvalue = "${value}"\n`;
    const project = decodeProject(
      `[_]\nschema-version = "0.2"\n${env('env.build', 'old')}${env('build.env', 'new')}`,
      'p',
    );
    assert.deepEqual(project.env, [{ name: 'A', value: 'new', execEnv: [] }]);
    assert.deepEqual(project.warnings, ['p: io.buildpacks.env.build is ignored beside io.buildpacks.build.env']);
  });

  it('all that is said of the project is in its label, version and URL where pack has them', () => {
    const { about } = decodeProject(
      '[_]\nschema-version = "0.2"\nname = "Shop"\nversion = "1.2"\nsource-url = "https://s"\nauthors = ["A"]\n[[_.licenses]]\ntype = "MIT"\n[_.metadata]\nn = 1',
      'p',
    );
    assert.deepEqual(JSON.parse(projectMetadataLabel(projectSource(about))), {
      source: {
        type: 'project',
        version: { declared: '1.2' },
        metadata: { url: 'https://s', name: 'Shop', authors: ['A'], licenses: [{ type: 'MIT' }], metadata: { n: 1 } },
      },
    });
    assert.equal(projectMetadataLabel(projectSource({})), '{}');
  });
});
