import type { NetworkFlags } from '../registry/network-options.ts';
import type { CommandValues } from './command-values.ts';

/** What the options of the group `Registries` say: for `openStores`. */
export interface RegistryFlags {
  /** Exact `host[:port]` that may be asked over plain HTTP. */
  readonly insecure: readonly string[];
  readonly offline?: boolean;
  /** `host[:port]` of token endpoints that may have credentials although their host is not the registry's. */
  readonly trustedRealms?: readonly string[];
  readonly network?: NetworkFlags;
}

export function readRegistryFlags(values: CommandValues): RegistryFlags {
  const timeout = values.text('timeout');
  const traceHttp = values.text('trace-http');
  return {
    insecure: values.list('insecure-registry'),
    offline: values.boolean('offline'),
    trustedRealms: values.list('trust-realm'),
    network: {
      caFiles: values.list('ca-file'),
      ...(timeout === undefined ? {} : { timeout }),
      ...(traceHttp === undefined ? {} : { traceHttp }),
    },
  };
}
