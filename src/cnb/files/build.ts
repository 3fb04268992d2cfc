import { SlipwayError } from '../../core/errors.ts';
import { readBom, type BomEntry } from '../bom.ts';
import { decodeFile } from './decode.ts';

export interface BuildFile {
  /** Names of plan entries that the buildpack left to others. */
  readonly unmet: readonly string[];
  readonly bom: readonly BomEntry[];
}

export const EMPTY_BUILD: BuildFile = { unmet: [], bom: [] };

/** build.toml (contract §5.15). Throws `FILE_INVALID` or `BUILDPACK_INVALID`, exit 52. */
export function decodeBuild(bytes: Uint8Array | string, file: string): BuildFile {
  const build = decodeFile(bytes, file, (reader) => ({
    unmet: reader.list('unmet', ({ fields }) => fields.optionalString('name') ?? ''),
    bom: readBom(reader),
  }));
  if (build.unmet.includes('')) {
    throw new SlipwayError('BUILDPACK_INVALID', 'unmet.name is required', { exit: 52, details: { file } });
  }
  return build;
}
