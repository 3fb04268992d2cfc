import { SlipwayError } from '../core/errors.ts';
import { goJson } from '../oci/go-json.ts';
import type { TomlReader } from './files/decode.ts';
import { struct, type TomlDocument } from './files/toml-write.ts';
import { tomlToJson } from './toml-json.ts';
import type { TomlTable } from './toml-value.ts';

/** A legacy `[[bom]]` entry of launch.toml or build.toml (contract §12.5). */
export interface BomEntry {
  readonly name: string;
  readonly metadata?: TomlTable;
}

/** An entry with the buildpack that wrote it. */
export interface OwnedBomEntry extends BomEntry {
  readonly buildpack: { readonly id: string; readonly version: string };
}

export const BOM_WARNING =
  'BOM table is deprecated in this buildpack api version, though it remains supported for backwards compatibility. Buildpack authors should write BOM information to <layer>.sbom.<ext>, launch.sbom.<ext>, or build.sbom.<ext>.' as const;

/** Throws `BUILDPACK_INVALID` (exit 52) for an entry with a top-level version. */
export function readBom(reader: TomlReader): readonly BomEntry[] {
  return reader.list('bom', (entry) => {
    const name = entry.fields.optionalString('name') ?? '';
    if (entry.fields.has('version')) {
      throw new SlipwayError(
        'BUILDPACK_INVALID',
        `bom entry '${name}' has a top level version which is not allowed. The buildpack should instead set metadata.version`,
        { exit: 52 },
      );
    }
    const metadata = entry.table('metadata');
    return { name, ...(metadata === undefined ? {} : { metadata }) };
  });
}

/** `[[bom]]` of metadata.toml, where each entry says whose it is. */
export function readOwnedBom(reader: TomlReader): readonly OwnedBomEntry[] {
  return reader.list('bom', (entry) => {
    const metadata = entry.table('metadata');
    const { fields } = entry.nested('buildpack');
    return {
      name: entry.fields.optionalString('name') ?? '',
      ...(metadata === undefined ? {} : { metadata }),
      buildpack: { id: fields.optionalString('id') ?? '', version: fields.optionalString('version') ?? '' },
    };
  });
}

/** The entries of one buildpack's file. */
export function ownedBom(
  entries: readonly BomEntry[],
  { id, version }: OwnedBomEntry['buildpack'],
): readonly OwnedBomEntry[] {
  return entries.map((entry) => ({ ...entry, buildpack: { id, version } }));
}

/** As tables of a TOML file. */
export function bomDocument(entries: readonly OwnedBomEntry[]): readonly TomlDocument[] {
  return entries.map(({ name, metadata, buildpack }) =>
    struct([
      ['name', name],
      ['metadata', metadata],
      [
        'buildpack',
        struct([
          ['id', buildpack.id],
          ['version', buildpack.version],
        ]),
      ],
    ]),
  );
}

/** As data for JSON: a list, or `null` when empty. */
export function bomJson(entries: readonly OwnedBomEntry[]): unknown {
  if (entries.length === 0) return null;
  return entries.map(({ name, metadata, buildpack }) => ({
    name,
    metadata: metadata === undefined ? null : tomlToJson(metadata),
    buildpack: { id: buildpack.id, version: buildpack.version },
  }));
}

/** `sbom.legacy.json` (contract §5.19): `bomJson` and a newline. */
export function legacyBomJson(entries: readonly OwnedBomEntry[]): string {
  return `${goJson(bomJson(entries))}\n`;
}
