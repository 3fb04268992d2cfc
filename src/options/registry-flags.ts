import type { NetworkFlags } from '../registry/network-options.ts';
import type { CommandValues } from './command-values.ts';

/** What the options of the group `Registries` say: for `openStores`. */
export interface RegistryFlags {
  /** Exact `host[:port]` that may be asked over plain HTTP. */
  readonly insecure: readonly string[];
  readonly offline?: boolean;
  readonly network?: NetworkFlags;
}

export function readRegistryFlags(values: CommandValues): RegistryFlags {
  const timeout = values.text('timeout');
  const traceHttp = values.text('trace-http');
  return {
    insecure: values.list('insecure-registry'),
    offline: values.boolean('offline'),
    network: {
      caFiles: values.list('ca-file'),
      ...(timeout === undefined ? {} : { timeout }),
      ...(traceHttp === undefined ? {} : { traceHttp }),
    },
  };
}
