import { join } from 'node:path';
import type { Product } from '../core/context.ts';
import { createKeychain } from '../keychain/keychain.ts';
import { createLocator, type Locator } from '../locate/locator.ts';
import type { RegistryFlags } from '../options/registry-flags.ts';
import type { MirrorMap } from '../registry/mirror-map.ts';
import { readNetworkOptions } from '../registry/network-options.ts';
import type { CredentialLookup, RegistryOptions } from '../registry/options.ts';
import { openConfig } from './config/config.ts';
import { registryMirrors } from './config/use.ts';
import { openTrace } from './http-trace.ts';
import type { Machine } from './machine.ts';

/** What is not said by flags is that of the machine's environment. */
export interface StoreOptions extends RegistryFlags {
  /** Default: that of the machine's environment. */
  readonly keychain?: CredentialLookup;
  /** Default: those of the config files. */
  readonly mirrors?: () => MirrorMap;
  /** Registry name → base URL, for comparisons with recorded runs. */
  readonly addresses?: ReadonlyMap<string, string>;
}

/** One configuration of registries for every role: run image, app image, previous image. The caller disposes. */
export function openStores(machine: Machine, product: Product, options: StoreOptions): Locator {
  return createLocator({
    registry: registryOptions(machine, product, options),
    hostArchitecture: machine.architecture,
    ...(machine.standard === undefined ? {} : { standard: machine.standard }),
  });
}

/** The same for commands that speak to a registry and to no other store. */
export function registryOptions(machine: Machine, product: Product, options: StoreOptions): RegistryOptions {
  const network = readNetworkOptions(machine, options.network);
  const trace = network.traceHttp === undefined ? undefined : openTrace(network.traceHttp, machine);
  return {
    insecure: options.insecure,
    credentials: options.keychain ?? createKeychain(machine),
    trustedRealms: [...splitList(machine.env['SLIPWAY_TRUST_REALMS']), ...(options.trustedRealms ?? [])],
    userAgent: `slipway/${product.version}`,
    network,
    mirrors: options.mirrors ?? (() => registryMirrors(openConfig(machine))),
    ...uploadsOf(machine),
    ...(trace === undefined ? {} : { trace }),
    ...(options.offline === undefined ? {} : { offline: options.offline }),
    ...(options.addresses === undefined ? {} : { addresses: options.addresses }),
  };
}

function splitList(text: string | undefined): readonly string[] {
  return (text ?? '').split(',').flatMap((part) => (part.trim() === '' ? [] : [part.trim()]));
}

/** Unfinished uploads are noted in the user's cache, where there is one. */
function uploadsOf({ env, home }: Machine): Pick<RegistryOptions, 'uploads'> {
  const named = env['XDG_CACHE_HOME'];
  const cache = named?.startsWith('/') === true ? named : home === undefined ? undefined : join(home, '.cache');
  return cache === undefined ? {} : { uploads: { memory: join(cache, 'slipway', 'uploads') } };
}
