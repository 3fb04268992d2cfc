import { systemClock } from '../core/clock.ts';
import { isUnverified } from './address.ts';
import type { Transport } from './http.ts';
import { NO_NETWORK_OPTIONS } from './network-options.ts';
import type { RegistryOptions } from './options.ts';
import { traced } from './trace.ts';

/** The transport that the options ask for. Its package takes a tenth of a second to load: not before the first request. */
export async function openTransport(options: RegistryOptions): Promise<Transport> {
  const { createTransport } = await import('./transport.ts');
  const { network = NO_NETWORK_OPTIONS, trace } = options;
  const opened = createTransport({
    network,
    clock: systemClock,
    isUnverified: (url) => isUnverified(url, options),
  });
  return trace === undefined ? opened : traced(opened, trace, systemClock);
}
