import type { Order, OrderElement } from '../module.ts';
import { decodeFile, type TomlReader } from './decode.ts';
import { readOrder } from './order.ts';
import type { PackageDependency } from './package.ts';
import type { RunImageEntry } from './run.ts';

/** A `[[buildpacks]]` or `[[extensions]]` of builder.toml. Id and version, where given, are checked against what is found. */
interface BuilderModule {
  readonly id?: string;
  readonly version?: string;
  readonly source: PackageDependency;
}

/** A `[[build.env]]`: a file of `/cnb/build-config/env`. */
interface BuilderVariable {
  readonly name: string;
  readonly value: string;
  readonly suffix: string;
  readonly delimiter: string;
  readonly execEnv: readonly string[];
}

/** builder.toml (pack's keys). */
export interface BuilderFile {
  readonly description: string;
  readonly buildpacks: readonly BuilderModule[];
  readonly extensions: readonly BuilderModule[];
  readonly order: Order;
  readonly orderExtensions: Order;
  readonly buildImage: string;
  readonly runImages: readonly RunImageEntry[];
  readonly stackId: string;
  readonly env: readonly BuilderVariable[];
  /** Absent: the builder has no lifecycle of its own. */
  readonly lifecycle?: BuilderLifecycle;
  readonly targets: readonly string[];
  readonly system: { readonly pre: readonly OrderElement[]; readonly post: readonly OrderElement[] };
  /** What is allowed and most likely not meant, with the key. */
  readonly warnings: readonly string[];
}

/** Programs at a location, or a released version. */
export type BuilderLifecycle = { readonly uri: string } | { readonly version: string };

const TARGET_KEYS = ['os', 'arch', 'variant', 'distros'];
const SYSTEM_KEYS = ['buildpacks'];
const SUFFIXES: readonly string[] = ['', 'default', 'override', 'append', 'prepend'];

/** Throws `FILE_INVALID`: wrong types, unknown keys, no build image, no run image, an old `[stack]` that says otherwise. */
export function decodeBuilder(bytes: Uint8Array | string, file: string): BuilderFile {
  return decodeFile(bytes, file, (reader) => {
    checkKeys(reader);
    const [build, stack, system] = [reader.nested('build'), reader.nested('stack'), reader.nested('system')];
    const lifecycle = readLifecycle(reader.nested('lifecycle'));
    const env = build.list('env', readVariable);
    const order = readOrder(reader, 'order', 'buildpack', { isVersionOptional: true });
    return {
      description: reader.fields.optionalString('description') ?? '',
      buildpacks: reader.list('buildpacks', readModule),
      extensions: reader.list('extensions', readModule),
      order,
      orderExtensions: readOrder(reader, 'order-extensions', 'extension', { isVersionOptional: true }),
      buildImage: agreed(build, 'image', stack, 'build-image'),
      runImages: runImagesOf(reader, stack),
      stackId: stack.fields.optionalString('id') ?? '',
      env,
      ...(lifecycle === undefined ? {} : { lifecycle }),
      targets: reader.list('targets', ({ fields }) => {
        const variant = fields.optionalString('variant');
        return [fields.string('os'), fields.string('arch'), ...(variant === undefined ? [] : [variant])].join('/');
      }),
      system: { pre: systemModules(system.nested('pre')), post: systemModules(system.nested('post')) },
      warnings: [...(order.length === 0 ? ['order: is empty: no buildpack runs'] : []), ...env.flatMap(doubtsOf)],
    };
  });
}

/** A key that means nothing is an error, since it may be a misspelled one. */
function checkKeys(reader: TomlReader): void {
  onlyKeys(reader, [
    ...['description', 'buildpacks', 'extensions', 'order', 'order-extensions', 'build', 'run', 'stack', 'lifecycle'],
    ...['targets', 'system'],
  ]);
  for (const kind of ['buildpacks', 'extensions'])
    reader.list(kind, (module) => onlyKeys(module, ['id', 'version', 'uri', 'image']));
  const build = reader.nested('build');
  onlyKeys(build, ['image', 'env']);
  build.list('env', (variable) => onlyKeys(variable, ['name', 'value', 'suffix', 'delim', 'exec-env']));
  onlyKeys(reader.nested('run'), ['images']);
  reader.nested('run').list('images', (image) => onlyKeys(image, ['image', 'mirrors']));
  onlyKeys(reader.nested('stack'), ['id', 'build-image', 'run-image', 'run-image-mirrors']);
  onlyKeys(reader.nested('lifecycle'), ['uri', 'version']);
  reader.list('targets', (target) => onlyKeys(target, TARGET_KEYS));
  onlyKeys(reader.nested('system'), ['pre', 'post']);
  for (const part of ['pre', 'post']) onlyKeys(reader.nested('system').nested(part), SYSTEM_KEYS);
}

function onlyKeys(reader: TomlReader, known: readonly string[]): void {
  for (const key of reader.fields.keys())
    if (!known.includes(key)) reader.fields.issue(key, 'is no key of a builder.toml');
}

function readLifecycle({ fields }: TomlReader): BuilderLifecycle | undefined {
  const [uri, version] = [fields.optionalString('uri'), fields.optionalString('version')];
  if (uri !== undefined && version !== undefined) fields.issue('version', 'cannot stand beside uri');
  if (version !== undefined && !/^v?\d+\.\d+\.\d+[0-9A-Za-z.+-]*$/.test(version))
    fields.issue('version', `"${version}" is no version of the lifecycle`);
  if (uri !== undefined) return { uri };
  return version === undefined ? undefined : { version };
}

/** As pack warns; and a file of /cnb/build-config/env cannot be of one execution environment. */
function doubtsOf({ name, value, suffix, delimiter, execEnv }: BuilderVariable): readonly string[] {
  return [
    ...(execEnv.length > 0 ? [`build.env: ${name} is set in every execution environment: exec-env is not kept`] : []),
    ...(value === '' ? [`build.env: ${name} has an empty value`] : []),
    ...(delimiter === '' && (suffix === 'append' || suffix === 'prepend')
      ? [`build.env: ${name} is ${suffix}ed without a delim`]
      : []),
  ];
}

function readModule(reader: TomlReader): BuilderModule {
  const { fields } = reader;
  const [id, version] = [fields.optionalString('id'), fields.optionalString('version')];
  const [uri, image] = [fields.optionalString('uri'), fields.optionalString('image')];
  if (uri === undefined && image === undefined) fields.issue('uri', 'is missing: a module is a uri or an image');
  if (uri !== undefined && image !== undefined) fields.issue('image', 'cannot stand beside uri');
  return {
    ...(id === undefined ? {} : { id }),
    ...(version === undefined ? {} : { version }),
    source: image === undefined ? { uri: uri ?? '' } : { image },
  };
}

/** The value of the new key, else of the old one; both must say the same. */
function agreed(reader: TomlReader, key: string, old: TomlReader, oldKey: string): string {
  const value = reader.fields.optionalString(key);
  const before = old.fields.optionalString(oldKey);
  if (value !== undefined && before !== undefined && value !== before)
    old.fields.issue(oldKey, `is "${before}", but build.${key} is "${value}"`);
  const found = value ?? before ?? '';
  if (found === '') reader.fields.issue(key, 'is missing');
  return found;
}

function runImagesOf(reader: TomlReader, stack: TomlReader): readonly RunImageEntry[] {
  const run = reader.nested('run');
  const images = run.list('images', ({ fields }) => ({
    image: fields.string('image'),
    mirrors: fields.strings('mirrors'),
  }));
  const old = stack.fields.optionalString('run-image');
  if (images.length === 0 && old !== undefined)
    return [{ image: old, mirrors: stack.fields.strings('run-image-mirrors') }];
  const [first] = images;
  if (first === undefined) run.fields.issue('images', 'is missing: a builder names at least one run image');
  else if (old !== undefined && old !== first.image)
    stack.fields.issue('run-image', `is "${old}", but run.images begins with "${first.image}"`);
  return images;
}

function readVariable({ fields }: TomlReader): BuilderVariable {
  const name = fields.string('name');
  const suffix = fields.optionalString('suffix') ?? '';
  if (!SUFFIXES.includes(suffix)) fields.issue('suffix', `"${suffix}" is none of default, override, append, prepend`);
  if (name === '' || /[/\0=]/.test(name)) fields.issue('name', `"${name}" cannot be a variable`);
  return {
    name,
    value: fields.string('value'),
    suffix,
    delimiter: fields.optionalString('delim') ?? '',
    execEnv: fields.strings('exec-env'),
  };
}

function systemModules(reader: TomlReader): readonly OrderElement[] {
  return reader.list('buildpacks', ({ fields }) => ({
    kind: 'buildpack',
    id: fields.string('id'),
    version: fields.optionalString('version') ?? '',
    optional: fields.boolean('optional'),
  }));
}
