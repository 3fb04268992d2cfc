/** The SBOM formats of the specification by file suffix. */
export const SBOM_MEDIA_TYPES: Readonly<Record<string, string>> = {
  cdx: 'application/vnd.cyclonedx+json',
  spdx: 'application/spdx+json',
  syft: 'application/vnd.syft+json',
};

/** A `*.sbom.*.json` file that a buildpack wrote. */
export interface SbomFile {
  readonly path: string;
  readonly scope:
    { readonly kind: 'launch' } | { readonly kind: 'build' } | { readonly kind: 'layer'; readonly name: string };
  /** `cdx`, `spdx`, `syft`, or whatever stands there. */
  readonly format: string;
  /** Undefined for a format that is not supported. */
  readonly mediaType: string | undefined;
}

/** SBOM files of one buildpack's directory that belong to launch, build or a known layer (contract §5.19, GAP-22). */
export function listSbomFiles(_directory: string, _layerNames: readonly string[]): Promise<readonly SbomFile[]> {
  throw new Error('not yet');
}
