import { access } from 'node:fs/promises';
import { SlipwayError } from '../../core/errors.ts';
import type { RegistryFlags } from '../../options/registry-flags.ts';
import { readNetworkOptions, type NetworkOptions } from '../../registry/network-options.ts';
import { proxyFor } from '../../registry/proxy.ts';
import { readRegistriesConf } from '../../registry/registries-conf-files.ts';
import { createTrust } from '../../registry/tls-trust.ts';
import type { Machine } from '../machine.ts';
import type { Finding } from './finding.ts';

type Found = Omit<Finding, 'area'>;

/** Proxies, authorities and registries.conf, as registries would be reached; nothing is sent. */
export async function lookAtNetwork(machine: Machine, flags: RegistryFlags): Promise<readonly Finding[]> {
  const opened = attempt('settings of the network', () => readNetworkOptions(machine, flags.network));
  if ('failure' in opened) return [{ area: 'network', ...opened.failure }];
  const network = opened.value;
  const found = [
    ...lookAtProxies(network),
    await lookAtAuthorities(network),
    ...(await lookAtNamedFiles(machine.env)),
    lookAtRegistriesConf(network),
  ];
  return found.map((each) => ({ area: 'network', ...each }));
}

function lookAtProxies({ proxy }: NetworkOptions): readonly Found[] {
  const shown = ['https', 'http'].map((scheme) =>
    attempt(`proxy for ${scheme}`, () => proxyFor(new URL(`${scheme}://registry.invalid`), proxy)?.shown),
  );
  const lines = shown.map((each, at): Found => {
    if ('failure' in each) return each.failure;
    return { name: `proxy for ${at === 0 ? 'https' : 'http'}`, verdict: 'note', found: each.value ?? 'none' };
  });
  return proxy.no === '' ? lines : [...lines, { name: 'NO_PROXY', verdict: 'note', found: proxy.no }];
}

async function lookAtAuthorities(network: NetworkOptions): Promise<Found> {
  const name = 'authorities';
  try {
    await createTrust(network).contextFor('registry.invalid', 443);
  } catch (error) {
    return failureOf(name, error);
  }
  const system = await firstThere(network.systemCaFiles);
  const own = [...network.caFiles, ...network.caDirectories, ...(system === undefined ? [] : [system])];
  return { name, verdict: 'ok', found: ['Node’s own', ...own].join(', ') };
}

/** What these name may be missing, for Node and for other programs: then it is as if they named nothing. */
async function lookAtNamedFiles(env: Machine['env']): Promise<readonly Found[]> {
  const findings: Found[] = [];
  for (const name of ['NODE_EXTRA_CA_CERTS', 'SSL_CERT_FILE']) {
    const file = env[name] ?? '';
    if (file === '' || (await firstThere([file])) !== undefined) continue;
    const found = `${file} is not there, or may not be read`;
    findings.push({ name, verdict: 'warn', found, remedy: 'name a PEM file, or unset the variable' });
  }
  return findings;
}

function lookAtRegistriesConf({ registriesConf }: NetworkOptions): Found {
  const name = 'registries.conf';
  const read = attempt(name, () => readRegistriesConf(registriesConf));
  if ('failure' in read) return read.failure;
  const { registries } = read.value;
  const mirrored = registries.filter(({ mirrors }) => mirrors.length > 0).length;
  const found =
    registries.length === 0
      ? 'nothing in it'
      : `${String(registries.length)} registries, ${String(mirrored)} with mirrors`;
  return { name, verdict: 'note', found };
}

async function firstThere(files: readonly string[]): Promise<string | undefined> {
  for (const file of files) {
    const isThere = await access(file).then(
      () => true,
      () => false,
    );
    if (isThere) return file;
  }
  return undefined;
}

function attempt<T>(name: string, task: () => T): { readonly value: T } | { readonly failure: Found } {
  try {
    return { value: task() };
  } catch (error) {
    return { failure: failureOf(name, error) };
  }
}

function failureOf(name: string, error: unknown): Found {
  if (!(error instanceof SlipwayError)) throw error;
  const remedy = error.hint?.kind === 'text' ? error.hint.text : 'mend or remove it: every registry is asked with it';
  return { name, verdict: 'bad', found: error.message, remedy };
}
