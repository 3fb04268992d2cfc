import type { ModuleKind } from '../module.ts';
import { decodeFile, type TomlReader } from './decode.ts';

/** package.toml (distribution spec; pack's keys): what goes into a buildpackage. */
export interface PackageFile {
  /** Absent: the directory itself. */
  readonly module?: { readonly kind: ModuleKind; readonly uri: string };
  /** Locations or paths of the buildpacks that a composite one needs. */
  readonly dependencies: readonly PackageDependency[];
  /** `os/arch[/variant]`. */
  readonly targets: readonly string[];
}

export type PackageDependency = { readonly uri: string } | { readonly image: string };

const KEYS: readonly string[] = ['buildpack', 'extension', 'dependencies', 'targets', 'platform'];

/** Throws `FILE_INVALID`; a key that means nothing is an error, since it may be a misspelled one. */
export function decodePackage(bytes: Uint8Array | string, file: string): PackageFile {
  return decodeFile(bytes, file, (reader) => {
    onlyKeys(reader, KEYS);
    const kinds = (['buildpack', 'extension'] as const).filter((kind) => reader.fields.has(kind));
    if (kinds.length > 1) reader.fields.issue('extension', 'cannot stand beside [buildpack]');
    const [kind] = kinds;
    return {
      ...(kind === undefined ? {} : { module: { kind, uri: uriOf(reader.nested(kind)) } }),
      dependencies: reader.list('dependencies', readDependency),
      targets: targetsOf(reader),
    };
  });
}

function uriOf(reader: TomlReader): string {
  onlyKeys(reader, ['uri']);
  return reader.fields.optionalString('uri') ?? '.';
}

function readDependency(reader: TomlReader): PackageDependency {
  onlyKeys(reader, ['uri', 'image']);
  const uri = reader.fields.optionalString('uri');
  const image = reader.fields.optionalString('image');
  if (uri === undefined && image === undefined)
    reader.fields.issue('uri', 'is missing: a dependency is a uri or an image');
  if (uri !== undefined && image !== undefined) reader.fields.issue('image', 'cannot stand beside uri');
  return image === undefined ? { uri: uri ?? '' } : { image };
}

/** `[[targets]]`; the old `[platform] os` stands for every machine of that system. */
function targetsOf(reader: TomlReader): readonly string[] {
  return reader.list('targets', (target) => {
    onlyKeys(target, ['os', 'arch', 'variant', 'distros']);
    const variant = target.fields.optionalString('variant');
    const parts = [
      target.fields.string('os'),
      target.fields.string('arch'),
      ...(variant === undefined ? [] : [variant]),
    ];
    return parts.join('/');
  });
}

function onlyKeys(reader: TomlReader, known: readonly string[]): void {
  for (const key of reader.fields.keys())
    if (!known.includes(key)) reader.fields.issue(key, 'is no key of a package.toml');
}
