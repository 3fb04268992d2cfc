import { moduleName, type ModuleKind, type OrderElement } from '../../cnb/module.ts';
import {
  moduleLayersKey,
  moduleLayersLabel,
  packageMetadataKey,
  packageMetadataLabel,
} from '../../cnb/package-labels.ts';
import type { ModuleListing } from '../../cnb/files/module-listing.ts';
import type { Label } from '../../cnb/process.ts';
import { SlipwayError } from '../../core/errors.ts';
import { assemble } from '../../image/assemble.ts';
import { encodeIndex, type RawManifest } from '../../oci/manifest.ts';
import { OCI_INDEX } from '../../oci/media-types.ts';
import type { Platform } from '../../oci/platform.ts';
import type { AssembledImage } from '../../store/copy.ts';
import { layersOf } from './flatten.ts';
import type { PackagedModule } from './packaged-module.ts';

/** Of images whose bytes depend on what is in them only (contract §14.1). */
export const PACKAGE_CREATED = '1980-01-01T00:00:01Z';

/** What a package is made of. */
export interface PackageContents {
  /** The module that the package is for. */
  readonly listing: ModuleListing;
  /** It and those that it needs; ids and versions once. */
  readonly modules: readonly PackagedModule[];
  /** Asked for beside those of the specification. */
  readonly labels: readonly Label[];
}

/**
 * The image of a package for one platform (distribution spec): from scratch, a layer a module, two labels. The same modules give the
 * same bytes. Throws `PACKAGE_INCOMPLETE` when a composite buildpack names one that is not there.
 */
export function packageImage(contents: PackageContents, platform: Platform): AssembledImage {
  const { listing, modules } = contents;
  checkComplete(listing, modules);
  return assemble({
    base: { kind: 'scratch', platform, family: 'oci' },
    layers: layersOf(modules),
    env: [],
    prependPath: [],
    workingDir: '',
    entrypoint: [],
    cmd: undefined,
    labels: [
      { key: packageMetadataKey(listing.kind), value: packageMetadataLabel(listing) },
      ...layerLabels(modules, listing.kind),
      ...contents.labels,
    ],
    created: PACKAGE_CREATED,
  });
}

/** The label of layers for each kind of module that is there, and for `always`. */
export function layerLabels(modules: readonly PackagedModule[], always: ModuleKind): readonly Label[] {
  return (['buildpack', 'extension'] as const).flatMap((kind) => {
    const own = modules.filter((module) => module.kind === kind);
    if (own.length === 0 && kind !== always) return [];
    const labelled = own.map(({ id, version, info, layer }) => ({ id, version, info, diffId: layer.diffId }));
    return [{ key: moduleLayersKey(kind), value: moduleLayersLabel(labelled) }];
  });
}

/** An index over the images of several platforms, in the order given. */
export function indexOver(images: readonly AssembledImage[]): RawManifest {
  const manifests = images.map(({ manifest, platform }) => ({ ...manifest.descriptor, platform }));
  return encodeIndex({ mediaType: OCI_INDEX, manifests, annotations: {} });
}

/** Every buildpack that an order names must be there. An order may leave the version out where there is one only. */
function checkComplete(listing: ModuleListing, modules: readonly PackagedModule[]): void {
  const missing = listing.order.flat().filter((element) => !element.optional && !isThere(element, modules));
  if (missing.length === 0) return;
  const names = [...new Set(missing.map(moduleName))].join(', ');
  throw new SlipwayError(
    'PACKAGE_INCOMPLETE',
    `the order of ${moduleName(listing)} names ${names}, which the package does not have`,
    {
      details: { has: modules.map(moduleName).join(', ') },
      hint: 'add them to [[dependencies]] of package.toml',
    },
  );
}

function isThere({ id, version }: OrderElement, modules: readonly PackagedModule[]): boolean {
  return modules.some((module) => module.id === id && (version === '' || module.version === version));
}
