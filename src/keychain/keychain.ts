import type { CredentialLookup } from '../registry/options.ts';

export interface KeychainInput {
  /** Read: `CNB_REGISTRY_AUTH`, `DOCKER_CONFIG`, and `PATH` for credential helpers. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string | undefined;
}

export function createKeychain(input: KeychainInput): CredentialLookup {
  throw new Error(`not yet: ${String(input.home)}`);
}
