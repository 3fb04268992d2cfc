import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { isSystem } from '../core/errors.ts';
import { compareBytes } from '../oci/go-json.ts';

/** The SBOM formats of the specification by file suffix. */
const SBOM_MEDIA_TYPES: Readonly<Record<string, string>> = {
  cdx: 'application/vnd.cyclonedx+json',
  spdx: 'application/spdx+json',
  syft: 'application/vnd.syft+json',
};

type SbomScope =
  { readonly kind: 'launch' } | { readonly kind: 'build' } | { readonly kind: 'layer'; readonly name: string };

/** A `*.sbom.*.json` file that a buildpack wrote. */
export interface SbomFile {
  readonly path: string;
  readonly scope: SbomScope;
  /** `cdx`, `spdx`, `syft`, or whatever stands between `.sbom.` and `.json`. */
  readonly format: string;
  /** Undefined for a format that is not supported. */
  readonly mediaType: string | undefined;
}

/**
 * SBOM files of one buildpack's directory that belong to launch, build or a known layer, in byte order (contract §5.19, §12.6). A
 * layer is found by its whole name first, so that names with dots keep their SBOM (GAP-22). Files with another ending are none of ours.
 */
export async function listSbomFiles(directory: string, layerNames: readonly string[]): Promise<readonly SbomFile[]> {
  const names = await readNames(directory);
  return names.flatMap((fileName) => {
    const at = fileName.lastIndexOf('.sbom.');
    if (at <= 0 || !fileName.slice(at + '.sbom.'.length).endsWith('.json')) return [];
    const scope = scopeOf(fileName.slice(0, at), layerNames);
    if (scope === undefined) return [];
    const format = fileName.slice(at + '.sbom.'.length, -'.json'.length);
    const mediaType = Object.hasOwn(SBOM_MEDIA_TYPES, format) ? SBOM_MEDIA_TYPES[format] : undefined;
    return [{ path: join(directory, fileName), scope, format, mediaType }];
  });
}

function scopeOf(owner: string, layerNames: readonly string[]): SbomScope | undefined {
  if (owner === 'launch' || owner === 'build') return { kind: owner };
  return layerNames.includes(owner) ? { kind: 'layer', name: owner } : undefined;
}

async function readNames(directory: string): Promise<readonly string[]> {
  try {
    return (await readdir(directory)).sort(compareBytes);
  } catch (error) {
    if (isSystem(error, 'ENOENT')) return [];
    throw error;
  }
}
