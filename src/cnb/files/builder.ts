import type { Order, OrderElement } from '../module.ts';
import { decodeFile, type TomlReader } from './decode.ts';
import { readOrder } from './order.ts';
import type { PackageDependency } from './package.ts';
import type { RunImageEntry } from './run.ts';

/** A `[[buildpacks]]` or `[[extensions]]` of builder.toml. Id and version, where given, are checked against what is found. */
export interface BuilderModule {
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
  /** A directory with the lifecycle's programs; absent: the builder has none. */
  readonly lifecycleUri?: string;
  readonly targets: readonly string[];
  readonly system: { readonly pre: readonly OrderElement[]; readonly post: readonly OrderElement[] };
}

const KEYS: readonly string[] = [
  ...['description', 'buildpacks', 'extensions', 'order', 'order-extensions', 'build', 'run', 'stack', 'lifecycle'],
  ...['targets', 'system'],
];
const SUFFIXES: readonly string[] = ['', 'default', 'override', 'append', 'prepend'];

/** Throws `FILE_INVALID`: wrong types, unknown keys, no build image, no run image, an old `[stack]` that says otherwise. */
export function decodeBuilder(bytes: Uint8Array | string, file: string): BuilderFile {
  return decodeFile(bytes, file, (reader) => {
    for (const key of reader.fields.keys())
      if (!KEYS.includes(key)) reader.fields.issue(key, 'is no key of a builder.toml');
    const build = reader.nested('build');
    const stack = reader.nested('stack');
    const system = reader.nested('system');
    const lifecycle = reader.nested('lifecycle').fields;
    const lifecycleUri = lifecycle.optionalString('uri');
    if (lifecycle.has('version'))
      lifecycle.issue('version', 'is not downloaded by this version: name a directory with uri');
    return {
      description: reader.fields.optionalString('description') ?? '',
      buildpacks: reader.list('buildpacks', readModule),
      extensions: reader.list('extensions', readModule),
      order: readOrder(reader, 'order', 'buildpack', { isVersionOptional: true }),
      orderExtensions: readOrder(reader, 'order-extensions', 'extension', { isVersionOptional: true }),
      buildImage: agreed(build, 'image', stack, 'build-image'),
      runImages: runImagesOf(reader, stack),
      stackId: stack.fields.optionalString('id') ?? '',
      env: build.list('env', readVariable),
      ...(lifecycleUri === undefined ? {} : { lifecycleUri }),
      targets: reader.list('targets', ({ fields }) => {
        const variant = fields.optionalString('variant');
        return [fields.string('os'), fields.string('arch'), ...(variant === undefined ? [] : [variant])].join('/');
      }),
      system: { pre: systemModules(system.nested('pre')), post: systemModules(system.nested('post')) },
    };
  });
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
  return { name, value: fields.string('value'), suffix, delimiter: fields.optionalString('delim') ?? '' };
}

function systemModules(reader: TomlReader): readonly OrderElement[] {
  return reader.list('buildpacks', ({ fields }) => ({
    kind: 'buildpack',
    id: fields.string('id'),
    version: fields.optionalString('version') ?? '',
    optional: fields.boolean('optional'),
  }));
}
