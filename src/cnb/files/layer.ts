import { SlipwayError } from '../../core/errors.ts';
import type { LayerFile, LayerTypes } from '../layer-metadata.ts';
import type { TomlTable } from '../toml-value.ts';
import { decodeFile } from './decode.ts';
import { encodeToml, struct } from './toml-write.ts';

/** `<layer>.toml` (contract §5.16). Throws `FILE_INVALID`; flags outside `[types]` are `BUILDPACK_INVALID`, exit 52. */
export function decodeLayerFile(bytes: Uint8Array | string, file: string): LayerFile {
  return decodeFile(bytes, file, (reader) => {
    if (['launch', 'build', 'cache'].some((key) => reader.fields.has(key))) {
      throw new SlipwayError(
        'BUILDPACK_INVALID',
        `the launch, cache and build flags should be in the types table of ${file}`,
        { exit: 52 },
      );
    }
    const { fields } = reader.nested('types');
    const metadata = reader.table('metadata');
    return {
      types: { launch: fields.boolean('launch'), build: fields.boolean('build'), cache: fields.boolean('cache') },
      ...(metadata === undefined ? {} : { metadata }),
    };
  });
}

/** As the restorer writes it: `[metadata]` only, an empty file when there is none; `[types]` first when given. */
export function encodeLayerFile(metadata: TomlTable | null | undefined, types?: LayerTypes): string {
  const flags = types === undefined ? undefined : { launch: types.launch, build: types.build, cache: types.cache };
  return encodeToml(
    struct([
      ['types', flags === undefined ? undefined : struct(Object.entries(flags))],
      ['metadata', metadata],
    ]),
  );
}
