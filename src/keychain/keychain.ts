import type { Context } from '../core/context.ts';
import type { CredentialLookup, FoundCredentials } from '../registry/options.ts';
import { readDockerConfig, type DockerConfig } from './docker-config.ts';
import { parseRegistryAuth, type RegistryAuth } from './env-auth.ts';
import { askHelper } from './helper.ts';
import { aliasesOf } from './names.ts';

export interface KeychainInput {
  /** Read: `CNB_REGISTRY_AUTH`, `DOCKER_CONFIG`, and all of it for credential helpers (`PATH`, `HOME`, …). */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string | undefined;
}

/** Credentials, and their file read before somebody asks. */
export interface Keychain extends CredentialLookup {
  /** Reads docker's config.json now, while this process may; what is wrong with it is told when it is needed. */
  readonly readAhead: () => Promise<void>;
}

/**
 * Where credentials come from, in order (contract §15.5): `CNB_REGISTRY_AUTH`; docker's config.json (credential helper of the host,
 * entry, store). Nothing is read before the first question or `readAhead`; each source is read once. Throws `CREDENTIALS_INVALID` when asked.
 */
export function createKeychain(input: KeychainInput): Keychain {
  let fromEnv: RegistryAuth | undefined;
  let config: Promise<DockerConfig> | undefined;
  return {
    readAhead: async () => {
      config ??= readDockerConfig(input.env, input.home);
      await Promise.allSettled([config]);
    },
    find: async (registry, repository, ctx) => {
      fromEnv ??= parseRegistryAuth(input.env['CNB_REGISTRY_AUTH']);
      const names = aliasesOf(registry);
      const own = names.map((name) => fromEnv?.get(name)).find((found) => found !== undefined);
      if (own !== undefined) return { credentials: own, trace: [`CNB_REGISTRY_AUTH: entry for ${registry}`] };
      const trace = [`CNB_REGISTRY_AUTH: ${fromEnv.size === 0 ? 'not set' : `no entry for ${registry}`}`];
      config ??= readDockerConfig(input.env, input.home);
      const found = await fromConfig(await config, { registry, repository, names }, input, ctx);
      return { ...found, trace: [...trace, ...found.trace] };
    },
  };
}

interface Wanted {
  readonly registry: string;
  readonly repository: string;
  readonly names: readonly string[];
}

async function fromConfig(
  config: DockerConfig,
  wanted: Wanted,
  input: KeychainInput,
  ctx: Context,
): Promise<FoundCredentials> {
  const { label } = config;
  if (!config.isThere) return { trace: [`${label}: no such file`] };
  const { registry, names } = wanted;
  const named = names.find((name) => config.helpers.has(name));
  const helper = named === undefined ? undefined : config.helpers.get(named);
  if (helper !== undefined) {
    const answer = await askHelper(helper, named ?? registry, input.env, ctx);
    return withTrace(answer, `${label}: docker-credential-${helper} ${answer.text}`);
  }
  const entry = config.find(wanted);
  if (entry !== undefined) return { credentials: entry, trace: [`${label}: entry for ${registry}`] };
  if (config.store === undefined) return { trace: [`${label}: no entry for ${registry}`] };
  const trace: string[] = [];
  for (const name of storeKeys(names, registry)) {
    const answer = await askHelper(config.store, name, input.env, ctx);
    trace.push(`${label}: docker-credential-${config.store} ${answer.text}`);
    if (answer.credentials !== undefined) return { credentials: answer.credentials, trace };
  }
  return { trace: [...new Set(trace)] };
}

/** Docker stores Docker Hub under its old URL, and every other registry under its host. */
function storeKeys(names: readonly string[], registry: string): readonly string[] {
  return names.length > 1 ? ['https://index.docker.io/v1/'] : [registry];
}

function withTrace(found: { readonly credentials?: FoundCredentials['credentials'] }, line: string): FoundCredentials {
  return found.credentials === undefined ? { trace: [line] } : { credentials: found.credentials, trace: [line] };
}
