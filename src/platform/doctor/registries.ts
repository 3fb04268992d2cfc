import type { Context } from '../../core/context.ts';
import { SlipwayError } from '../../core/errors.ts';
import { createKeychain, type Keychain } from '../../keychain/keychain.ts';
import type { RegistryFlags } from '../../options/registry-flags.ts';
import { createRegistryClient, type RegistryClient } from '../../registry/client.ts';
import type { Machine } from '../machine.ts';
import { registryOptions } from '../stores.ts';
import type { Finding } from './finding.ts';

/** Whoever waits for the doctor waits no longer than that for a registry that says nothing. */
const TIMEOUT_MS = 5000;

/** Whether each registry can be reached, what it asks for, and with which credentials: one question each, all at once. */
export async function lookAtRegistries(
  names: readonly string[],
  machine: Machine,
  flags: RegistryFlags,
  ctx: Context,
): Promise<readonly Finding[]> {
  if (names.length === 0) return [];
  const keychain = createKeychain(machine);
  const options = registryOptions(machine, ctx.product, { ...flags, keychain });
  const network = options.network === undefined ? {} : { network: { timeoutMs: TIMEOUT_MS, ...options.network } };
  await using client = createRegistryClient({ ...options, ...network, retry: { attempts: 1 } });
  const found = await Promise.all(names.map((name) => lookAtRegistry(name, { client, keychain }, ctx)));
  return found.flat();
}

async function lookAtRegistry(
  name: string,
  { client, keychain }: { readonly client: RegistryClient; readonly keychain: Keychain },
  ctx: Context,
): Promise<readonly Finding[]> {
  const about = { area: 'registries', name } as const;
  const places = await keychain.explain({ registry: name, repository: '' }, ctx);
  const used = places.find(({ isUsed }) => isUsed);
  const credentials: Finding = {
    area: 'credentials',
    name: `for ${name}`,
    verdict: 'note',
    found: used === undefined ? 'none' : used.place,
  };
  try {
    const { challenge } = await client.probe(name, undefined, ctx);
    const asks = challenge === undefined ? 'asks nobody for credentials' : `asks for ${challenge.scheme} credentials`;
    const took =
      challenge === undefined ? '' : used === undefined ? ', and answers without' : ', and takes those of here';
    return [{ ...about, verdict: 'ok', found: `can be reached; it ${asks}${took}` }, credentials];
  } catch (error) {
    ctx.signal.throwIfAborted();
    if (!(error instanceof SlipwayError)) throw error;
    if (error.code === 'REGISTRY_UNAUTHORIZED' && used === undefined) {
      const found = 'can be reached; it answers nobody without credentials, and there are none';
      return [{ ...about, verdict: 'warn', found, remedy: `slipway login ${name}` }, credentials];
    }
    return [{ ...about, verdict: 'bad', found: error.message, remedy: remedyOf(error, name) }, credentials];
  }
}

function remedyOf({ hint }: SlipwayError, name: string): string {
  if (hint?.kind === 'text') return hint.text;
  if (hint?.kind === 'log-in') return `slipway login ${name}`;
  if (hint?.kind === 'allow-insecure') return `--insecure-registry ${hint.registry}, where plain HTTP is meant`;
  if (hint?.kind === 'trust-realm')
    return `--trust-realm ${hint.host}, where that host is to be trusted with credentials`;
  return `slipway auth explain ${name}/IMAGE says more`;
}
