import { isVariableName } from '../env.ts';
import { PROJECT_SCHEMAS, unknownProjectKeys, type ProjectSchema } from '../project-keys.ts';
import type { FileRule, ProjectFile, ProjectModule, ProjectVariable } from '../project.ts';
import type { TomlTable, TomlValue } from '../toml-value.ts';
import { decodeFile, type TomlReader } from './decode.ts';
import { readExecEnv } from './exec-env.ts';

/** Unknown keys that are named one by one. */
const NAMED_KEYS = 20;

/**
 * project.toml of schema 0.1, 0.2 and 0.3 (interfaces §5.3); without a schema version it is 0.1. Unknown keys are warnings. Throws
 * `FILE_INVALID` naming the key: wrong types, an unknown schema version, keys that exclude each other or are missing.
 */
export function decodeProject(bytes: Uint8Array | string, file: string): ProjectFile {
  return decodeFile(bytes, file, (reader) => {
    const head = reader.nested('_').fields;
    const declared = head.optionalString('schema-version') ?? '';
    const schema = declared === '' ? '0.1' : PROJECT_SCHEMAS.find((version) => version === declared);
    if (schema === undefined) {
      head.issue('schema-version', `"${declared}" is none of ${PROJECT_SCHEMAS.join(', ')}`);
      return { schema: '0.1', group: [], pre: [], post: [], env: [], about: {}, warnings: [] };
    }
    const document = Object.fromEntries(reader.fields.keys().map((key) => [key, reader.fields.raw(key)]));
    const unknown = unknownProjectKeys(document, schema);
    const { warnings = [], ...content } = schema === '0.1' ? readOld(reader) : readNew(reader, schema);
    return {
      schema,
      ...content,
      warnings: [
        ...(declared === '' ? [`${file} has no schema version, which is [_] schema-version: it is read as 0.1`] : []),
        ...unknown.slice(0, NAMED_KEYS).map((key) => `${file}: ${key} is no key of schema ${schema} and is ignored`),
        ...(unknown.length > NAMED_KEYS
          ? [`${file}: ${String(unknown.length - NAMED_KEYS)} more keys are ignored`]
          : []),
        ...warnings.map((text) => `${file}: ${text}`),
      ],
    };
  });
}

type Content = Omit<ProjectFile, 'schema' | 'warnings'> & { readonly warnings?: readonly string[] };

function readOld(reader: TomlReader): Content {
  const build = reader.nested('build');
  return {
    ...readBuilder(build),
    group: build.list('buildpacks', (module) => readModule(module, '0.1')),
    pre: [],
    post: [],
    env: build.list('env', (variable) => readVariable(variable, '0.1')),
    about: readAbout(reader.nested('project'), reader.table('metadata')),
  };
}

function readNew(reader: TomlReader, schema: ProjectSchema): Content {
  const head = reader.nested('_');
  const buildpacks = reader.nested('io').nested('buildpacks');
  const group = (table: TomlReader): readonly ProjectModule[] =>
    table.list('group', (module) => readModule(module, schema));
  const build = buildpacks.nested('build');
  const old = schema === '0.2' ? buildpacks.nested('env') : undefined;
  const oldEnv = old?.list('build', (variable) => readVariable(variable, schema)) ?? [];
  const isNewSpelling = build.fields.has('env');
  return {
    ...readBuilder(buildpacks),
    group: group(buildpacks),
    pre: group(buildpacks.nested('pre')),
    post: group(buildpacks.nested('post')),
    env: isNewSpelling ? build.list('env', (variable) => readVariable(variable, schema)) : oldEnv,
    about: readAbout(head, head.table('metadata')),
    ...(isNewSpelling && oldEnv.length > 0
      ? { warnings: ['io.buildpacks.env.build is ignored beside io.buildpacks.build.env'] }
      : {}),
  };
}

function readBuilder({ fields }: TomlReader): Pick<ProjectFile, 'builder' | 'files'> {
  const builder = fields.optionalString('builder') ?? '';
  const [include, exclude] = [fields.optionalStrings('include'), fields.optionalStrings('exclude')];
  if (include !== undefined && exclude !== undefined) fields.issue('exclude', 'cannot stand beside include');
  const files = rule('exclude', exclude) ?? rule('include', include);
  return { ...(builder === '' ? {} : { builder }), ...(files === undefined ? {} : { files }) };
}

function rule(kind: FileRule['kind'], patterns: readonly string[] | undefined): FileRule | undefined {
  return patterns === undefined || patterns.length === 0 ? undefined : { kind, patterns };
}

function readModule(reader: TomlReader, schema: ProjectSchema): ProjectModule {
  const { fields } = reader;
  const [id = '', version = '', uri = ''] = ['id', 'version', 'uri'].map((key) => fields.optionalString(key));
  const execEnv = schema === '0.3' ? readExecEnv(reader) : [];
  if (id === '' && uri === '') fields.issue('id', 'is missing: a buildpack has an id or a uri');
  if (uri !== '' && version !== '') fields.issue('version', 'cannot stand beside uri');
  if (fields.has('script')) {
    if (uri !== '') fields.issue('script', 'cannot stand beside uri');
    const script = reader.nested('script').fields;
    for (const key of ['api', 'inline']) if (script.raw(key) === '') script.issue(key, 'is empty');
    return {
      kind: 'inline',
      id,
      version: version === '' ? '0.0.0' : version,
      api: script.string('api'),
      shell: script.optionalString('shell') ?? '/bin/sh',
      script: script.string('inline'),
      execEnv,
    };
  }
  if (uri !== '') return { kind: 'uri', uri, execEnv };
  return { kind: 'id', id, ...(version === '' ? {} : { version }), execEnv };
}

function readVariable(reader: TomlReader, schema: ProjectSchema): ProjectVariable {
  const { fields } = reader;
  const name = fields.string('name');
  if (fields.raw('name') === name && !isVariableName(name)) fields.issue('name', `"${name}" cannot be a variable`);
  return {
    name,
    value: fields.optionalString('value') ?? '',
    execEnv: schema === '0.3' ? readExecEnv(reader) : [],
  };
}

function readAbout(reader: TomlReader, metadata: TomlTable | undefined): TomlTable {
  const { fields } = reader;
  const licenses = reader.list('licenses', (license): TomlTable => {
    const [type = '', uri = ''] = ['type', 'uri'].map((key) => license.fields.optionalString(key));
    if (type === '' && uri === '') license.fields.issue('type', 'is missing: a license has a type or a uri');
    return present({ type, uri });
  });
  if (metadata !== undefined && hasNoJson(metadata))
    fields.issue('metadata', 'has nan or inf, which a label cannot hold');
  const text = (key: string): string => fields.optionalString(key) ?? '';
  return present({
    id: text('id'),
    name: text('name'),
    version: text('version'),
    authors: fields.strings('authors'),
    'documentation-url': text('documentation-url'),
    'source-url': text('source-url'),
    licenses,
    metadata: metadata ?? {},
  });
}

/** Without what is empty. */
function present(table: TomlTable): TomlTable {
  const isEmpty = (value: TomlValue | undefined): boolean =>
    value === '' || (typeof value === 'object' && value !== null && Object.keys(value).length === 0);
  return Object.fromEntries(Object.entries(table).filter(([, value]) => !isEmpty(value)));
}

function hasNoJson(value: TomlValue | undefined): boolean {
  if (typeof value === 'number') return !Number.isFinite(value);
  return typeof value === 'object' && value !== null && Object.values(value).some(hasNoJson);
}
