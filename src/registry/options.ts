import type { Context } from '../core/context.ts';
import type { MirrorMap } from './mirror-map.ts';
import type { NetworkOptions } from './network-options.ts';

/** What a keychain knows of a registry: a name and password, a token to send as it is, or a refresh token for the token endpoint. */
export type Credentials =
  | { readonly kind: 'basic'; readonly username: string; readonly password: string }
  | { readonly kind: 'bearer'; readonly token: string }
  | { readonly kind: 'identity'; readonly token: string };

export interface FoundCredentials {
  /** Absent = anonymous. */
  readonly credentials?: Credentials;
  /** Where it was looked and what was there, a line each; never a secret. */
  readonly trace: readonly string[];
}

/** Where the client asks for credentials. Throws `CREDENTIALS_INVALID` for a source that is there and cannot be read. */
export interface CredentialLookup {
  readonly find: (registry: string, repository: string, ctx: Context) => Promise<FoundCredentials>;
}

export interface RetryOptions {
  /** How often a request is sent at most. Default 4. */
  readonly attempts?: number;
  /** First delay in milliseconds; doubled each time, with jitter. Default 500. */
  readonly baseDelayMs?: number;
}

interface UploadOptions {
  /** Larger blobs go in requests of at most so many bytes (more where the registry asks for more); absent: in one. */
  readonly chunkBytes?: number;
  /** Directory where uploads are noted that may be continued by a later run; absent: none is. */
  readonly memory?: string;
}

/** One configuration for every role (run image, app image, cache …). */
export interface RegistryOptions {
  /**
   * Exact `host[:port]` that may be spoken to over plain HTTP; loopback always may. `https://host[:port]`: over TLS whatever its
   * certificate, with a warning.
   */
  readonly insecure: readonly string[];
  readonly credentials: CredentialLookup;
  /** `host[:port]` of token endpoints that may have credentials although a registry on another host names them, or they are private. */
  readonly trustedRealms?: readonly string[];
  /** Registry name → base URL, where they differ (golden comparisons: a recorded host served on a free port). */
  readonly addresses?: ReadonlyMap<string, string>;
  /** Any network call is an error that names who asked. */
  readonly offline?: boolean;
  readonly userAgent: string;
  /** Default: `NO_NETWORK_OPTIONS`. */
  readonly network?: NetworkOptions;
  /** Is given every request and answer, without secrets. */
  readonly trace?: (text: string) => void;
  readonly retry?: RetryOptions;
  readonly uploads?: UploadOptions;
  /** Asked for when the first repository is opened. Default: none. Throws what keeps them from being known. */
  readonly mirrors?: () => MirrorMap;
}
