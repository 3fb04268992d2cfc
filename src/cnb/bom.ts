import { SlipwayError } from '../core/errors.ts';
import { goJson } from '../oci/go-json.ts';
import type { TomlReader } from './files/decode.ts';
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

/** `sbom.legacy.json` (contract §5.19): a list, or `null` when empty, and a newline. */
export function legacyBomJson(entries: readonly OwnedBomEntry[]): string {
  if (entries.length === 0) return 'null\n';
  const list = entries.map(({ name, metadata, buildpack }) => ({
    name,
    metadata: metadata === undefined ? null : tomlToJson(metadata),
    buildpack: { id: buildpack.id, version: buildpack.version },
  }));
  return `${goJson(list)}\n`;
}
