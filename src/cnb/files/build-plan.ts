import { SlipwayError } from '../../core/errors.ts';
import type { ModuleKind } from '../module.ts';
import type { BuildPlan, PlanSection } from '../plan.ts';
import { decodeFile, type TomlReader } from './decode.ts';
import { readRequire } from './plan.ts';

/**
 * The plan written by `bin/detect` (contract §5.12). Throws `FILE_INVALID`, or `BUILDPACK_INVALID` with the texts of §7.3 for
 * `version` keys and for an extension that requires something.
 */
export function decodeBuildPlan(bytes: Uint8Array | string, file: string, kind: ModuleKind, id: string): BuildPlan {
  return decodeFile(bytes, file, (reader) => {
    const found: VersionKeys = { bare: false, double: false };
    const plan: BuildPlan = [readSection(reader, found), ...reader.list('or', (entry) => readSection(entry, found))];
    refuseVersions(found, id);
    if (kind === 'extension' && plan.some((section) => section.requires.length > 0)) {
      throw new SlipwayError('BUILDPACK_INVALID', `extension ${id} outputs "requires" which is not allowed`);
    }
    return plan;
  });
}

/** Forbidden `version` keys that were seen. */
interface VersionKeys {
  bare: boolean;
  double: boolean;
}

function readSection(reader: TomlReader, found: VersionKeys): PlanSection {
  return {
    provides: reader.list('provides', ({ fields }) => fields.optionalString('name') ?? ''),
    requires: reader.list('requires', (entry) => {
      const require = readRequire(entry);
      if (entry.fields.has('version')) {
        found.bare = true;
        found.double ||= require.metadata !== undefined && Object.hasOwn(require.metadata, 'version');
      }
      return require;
    }),
  };
}

function refuseVersions(found: VersionKeys, id: string): void {
  if (found.double) {
    throw new SlipwayError(
      'BUILDPACK_INVALID',
      `buildpack ${id} has a "version" key and a "metadata.version" which cannot be specified together. "metadata.version" should be used instead`,
    );
  }
  if (found.bare) {
    throw new SlipwayError(
      'BUILDPACK_INVALID',
      `buildpack ${id} has a "version" key which is not supported. "metadata.version" should be used instead`,
    );
  }
}
