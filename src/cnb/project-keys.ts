import { isObject } from '../schema/reader.ts';

export const PROJECT_SCHEMAS = ['0.1', '0.2', '0.3'] as const;
export type ProjectSchema = (typeof PROJECT_SCHEMAS)[number];

/** A key of project.toml: `a.b`, in every table of a list `a[].b`, or with everything below it `a.*`. */
export interface ProjectKey {
  readonly key: string;
  readonly schemas: readonly ProjectSchema[];
}

const OLD: readonly ProjectSchema[] = ['0.1'];
const NEW: readonly ProjectSchema[] = ['0.2', '0.3'];
const NEWEST: readonly ProjectSchema[] = ['0.3'];

/**
 * Every key that project.toml may have (interfaces §5.3): the others are warned about. The table of `docs/reference/project-toml.md` has
 * exactly these.
 */
export const PROJECT_KEYS: readonly ProjectKey[] = [
  ...keys(OLD, 'project', ['id', 'name', 'version', 'authors', 'documentation-url', 'source-url']),
  ...keys(OLD, 'project.licenses[]', ['type', 'uri']),
  ...keys(OLD, 'build', ['builder', 'include', 'exclude']),
  ...keys(OLD, 'build.buildpacks[]', ['id', 'version', 'uri', 'script.api', 'script.inline', 'script.shell']),
  ...keys(OLD, 'build.env[]', ['name', 'value']),
  { key: 'metadata.*', schemas: OLD },
  ...keys(NEW, '_', ['schema-version', 'id', 'name', 'version', 'authors', 'documentation-url', 'source-url']),
  ...keys(NEW, '_.licenses[]', ['type', 'uri']),
  { key: '_.metadata.*', schemas: NEW },
  ...keys(NEW, 'io.buildpacks', ['builder', 'include', 'exclude']),
  ...['group', 'pre.group', 'post.group'].flatMap((group) => [
    ...keys(NEW, `io.buildpacks.${group}[]`, ['id', 'version', 'uri', 'script.api', 'script.inline', 'script.shell']),
    ...keys(NEWEST, `io.buildpacks.${group}[]`, ['exec-env']),
  ]),
  ...keys(NEW, 'io.buildpacks.build.env[]', ['name', 'value']),
  ...keys(NEWEST, 'io.buildpacks.build.env[]', ['exec-env']),
  ...keys(['0.2'], 'io.buildpacks.env.build[]', ['name', 'value']),
];

/** Tables of this file; all others belong to other programs, by the reverse of a domain. */
const OWN: readonly string[] = ['_', 'io', 'project', 'build', 'metadata'];

/** The paths of what the schema does not know: `io.buildpacks.group[1].verison`. Tables of other programs are not looked into. */
export function unknownProjectKeys(
  document: Readonly<Record<string, unknown>>,
  schema: ProjectSchema,
): readonly string[] {
  const known = PROJECT_KEYS.filter(({ schemas }) => schemas.includes(schema)).map(({ key }) => key);
  const found: string[] = [];
  const look = (value: unknown, pattern: string, path: string): void => {
    if (known.includes(pattern) || known.includes(`${pattern}.*`)) return;
    if (!known.some((key) => key.startsWith(`${pattern}.`) || key.startsWith(`${pattern}[]`))) {
      found.push(path);
    } else if (Array.isArray(value)) {
      for (const [index, item] of value.entries()) members(item, `${pattern}[]`, `${path}[${String(index)}]`);
    } else members(value, pattern, path);
  };
  const members = (table: unknown, pattern: string, path: string): void => {
    if (!isObject(table)) return;
    for (const [key, value] of Object.entries(table)) look(value, `${pattern}.${key}`, `${path}.${key}`);
  };
  for (const [key, value] of Object.entries(document)) {
    if (!isObject(value) || !OWN.includes(key)) {
      if (!isObject(value)) found.push(key);
    } else if (key !== 'io') look(value, key, key);
    else if (Object.hasOwn(value, 'buildpacks')) look(value['buildpacks'], 'io.buildpacks', 'io.buildpacks');
  }
  return found;
}

function keys(schemas: readonly ProjectSchema[], table: string, names: readonly string[]): readonly ProjectKey[] {
  return names.map((name) => ({ key: `${table}.${name}`, schemas }));
}
