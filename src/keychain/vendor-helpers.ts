/** A credential helper that is asked without being configured, as the Go lifecycle asks the ones built into it (contract §15.5). */
export interface VendorHelper {
  /** `docker-credential-<suffix>` on PATH. */
  readonly suffix: string;
  /** The variable that switches it off when it is `true`. */
  readonly skip: string;
}

const AMAZON: VendorHelper = { suffix: 'ecr-login', skip: 'CNB_REGISTRY_AUTH_KEYCHAIN_SKIP_AMAZON' };
const AZURE: VendorHelper = { suffix: 'acr-env', skip: 'CNB_REGISTRY_AUTH_KEYCHAIN_SKIP_AZURE' };

/** The helper of the cloud whose registry this is; undefined for every other. */
export function vendorHelper(registry: string): VendorHelper | undefined {
  const host = registry.toLowerCase();
  if (host === 'public.ecr.aws' || /^\d{12}\.dkr[.-]ecr(?:-fips)?\.[a-z0-9.-]+$/.test(host)) return AMAZON;
  return /(?:^|\.)azurecr\.(?:io|cn|de|us)$/.test(host) ? AZURE : undefined;
}
