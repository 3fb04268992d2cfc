import type { Digest } from '../oci/digest.ts';
import type { RawManifest } from '../oci/manifest.ts';
import type { ImageSource } from '../ports/store.ts';

/**
 * The source with one name settled: it leads to that manifest, whatever becomes of it meanwhile, and so does the manifest's digest, which
 * the source itself cannot find where the manifest was made of several entries.
 */
export function pinnedSource(source: ImageSource, name: string | Digest | undefined, raw: RawManifest): ImageSource {
  return {
    ...source,
    resolve: (target, ctx) =>
      target === name || target === raw.descriptor.digest ? Promise.resolve(raw) : source.resolve(target, ctx),
  };
}
