import type { Context } from '../core/context.ts';
import type { CredentialLookup, FoundCredentials } from '../registry/options.ts';
import { readDockerConfig, type DockerConfig } from './docker-config.ts';
import { parseRegistryAuth, type RegistryAuth } from './env-auth.ts';
import { askHelper, type HelperAnswer } from './helper.ts';
import { aliasesOf } from './names.ts';
import { vendorHelper } from './vendor-helpers.ts';

export interface KeychainInput {
  /** Read: `CNB_REGISTRY_AUTH`, `DOCKER_CONFIG`, and all of it for credential helpers (`PATH`, `HOME`, …). */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string | undefined;
}

/** Credentials, which may be looked up before somebody asks. */
export interface Keychain extends CredentialLookup {
  /**
   * Reads docker's config.json and asks helpers about these repositories now, while this process may. What is wrong with the file is
   * told when it is needed; what is wrong for one of the repositories at once.
   */
  readonly prefetch: (wanted: readonly RepositoryName[], ctx: Context) => Promise<void>;
}

interface RepositoryName {
  readonly registry: string;
  readonly repository: string;
}

/**
 * Where credentials come from, in order (contract §15.5): `CNB_REGISTRY_AUTH`; docker's config.json (credential helper of the host,
 * entry, store); the helper of the host's cloud. Nothing is read before the first question; each source is read, and each helper
 * asked about a host, once. Throws `CREDENTIALS_INVALID` when asked.
 */
export function createKeychain(input: KeychainInput): Keychain {
  let fromEnv: RegistryAuth | undefined;
  let config: Promise<DockerConfig> | undefined;
  const answers = new Map<string, Promise<HelperAnswer>>();
  const ask: Ask = (suffix, host, ctx) => {
    const key = `${suffix} ${host}`;
    const answer = answers.get(key) ?? askHelper(suffix, host, input.env, ctx);
    answers.set(key, answer);
    return answer;
  };
  const find: CredentialLookup['find'] = async (registry, repository, ctx) => {
    fromEnv ??= parseRegistryAuth(input.env['CNB_REGISTRY_AUTH']);
    const names = aliasesOf(registry);
    const own = names.map((name) => fromEnv?.get(name)).find((found) => found !== undefined);
    if (own !== undefined) return { credentials: own, trace: [`CNB_REGISTRY_AUTH: entry for ${registry}`] };
    const trace = [`CNB_REGISTRY_AUTH: ${fromEnv.size === 0 ? 'not set' : `no entry for ${registry}`}`];
    config ??= readDockerConfig(input.env, input.home);
    const found = await fromConfig(await config, { registry, repository, names }, ask, ctx);
    if (found.credentials !== undefined) return { ...found, trace: [...trace, ...found.trace] };
    const vendor = await fromVendor(registry, input.env, ask, ctx);
    return { ...vendor, trace: [...trace, ...found.trace, ...vendor.trace] };
  };
  return {
    find,
    prefetch: async (wanted, ctx) => {
      config ??= readDockerConfig(input.env, input.home);
      // What is wrong with it is told to whoever needs it.
      await config.catch(() => undefined);
      await Promise.all(wanted.map(({ registry, repository }) => find(registry, repository, ctx)));
    },
  };
}

type Ask = (suffix: string, host: string, ctx: Context) => Promise<HelperAnswer>;

interface Wanted {
  readonly registry: string;
  readonly repository: string;
  readonly names: readonly string[];
}

async function fromConfig(config: DockerConfig, wanted: Wanted, ask: Ask, ctx: Context): Promise<FoundCredentials> {
  const { label } = config;
  if (!config.isThere) return { trace: [`${label}: no such file`] };
  const { registry, names } = wanted;
  const named = names.find((name) => config.helpers.has(name));
  const helper = named === undefined ? undefined : config.helpers.get(named);
  if (helper !== undefined) {
    const answer = await ask(helper, named ?? registry, ctx);
    return withTrace(answer, `${label}: docker-credential-${helper} ${answer.text}`);
  }
  const entry = config.find(wanted);
  if (entry !== undefined) return { credentials: entry, trace: [`${label}: entry for ${registry}`] };
  if (config.store === undefined) return { trace: [`${label}: no entry for ${registry}`] };
  const trace: string[] = [];
  for (const name of storeKeys(names, registry)) {
    const answer = await ask(config.store, name, ctx);
    trace.push(`${label}: docker-credential-${config.store} ${answer.text}`);
    if (answer.credentials !== undefined) return { credentials: answer.credentials, trace };
  }
  return { trace: [...new Set(trace)] };
}

/** The helper of the cloud that the registry belongs to, unless it is switched off. */
async function fromVendor(
  registry: string,
  env: KeychainInput['env'],
  ask: Ask,
  ctx: Context,
): Promise<FoundCredentials> {
  const vendor = vendorHelper(registry);
  if (vendor === undefined) return { trace: [] };
  if (env[vendor.skip] === 'true') return { trace: [`docker-credential-${vendor.suffix}: ${vendor.skip} is set`] };
  const answer = await ask(vendor.suffix, registry, ctx);
  return withTrace(answer, `docker-credential-${vendor.suffix}: ${answer.text}`);
}

/** Docker stores Docker Hub under its old URL, and every other registry under its host. */
function storeKeys(names: readonly string[], registry: string): readonly string[] {
  return names.length > 1 ? ['https://index.docker.io/v1/'] : [registry];
}

function withTrace(found: { readonly credentials?: FoundCredentials['credentials'] }, line: string): FoundCredentials {
  return found.credentials === undefined ? { trace: [line] } : { credentials: found.credentials, trace: [line] };
}
