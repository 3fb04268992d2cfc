import type { Product } from '../core/context.ts';

// Put in by the bundler; absent when a test runs the sources.
declare const __SLIPWAY_VERSION__: string | undefined;
declare const __SLIPWAY_COMMIT__: string | undefined;
declare const __SLIPWAY_REPOSITORY__: string | undefined;

export const PRODUCT: Product = {
  version: typeof __SLIPWAY_VERSION__ === 'undefined' ? '0.0.0' : __SLIPWAY_VERSION__,
  commit: typeof __SLIPWAY_COMMIT__ === 'undefined' ? '' : __SLIPWAY_COMMIT__,
  repository: typeof __SLIPWAY_REPOSITORY__ === 'undefined' ? '' : __SLIPWAY_REPOSITORY__,
};

/** `<version>` or `<version>+<commit>`; plain when there is no commit or the version has it already (contract §1.1). */
export function versionText(product: Product = PRODUCT): string {
  return product.commit === '' || product.version.includes(product.commit)
    ? product.version
    : `${product.version}+${product.commit}`;
}
