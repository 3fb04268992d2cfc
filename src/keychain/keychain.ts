import type { Context } from '../core/context.ts';
import { SlipwayError } from '../core/errors.ts';
import type { CredentialLookup, Credentials } from '../registry/options.ts';
import type { Wanted, Entries } from './entries.ts';
import { parseRegistryAuth } from './env-auth.ts';
import { askHelper, type HelperAnswer } from './helper.ts';
import { aliasesOf } from './names.ts';
import { credentialPlaces } from './places.ts';
import { placeSource, variableSource, vendorSource, type Ask, type Look, type Source } from './sources.ts';

export interface KeychainInput {
  /** Read: the variables of the sources, and all of it for credential helpers (`PATH`, `HOME`, …). */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string | undefined;
  /** For `/run/containers/<uid>`, where containers' programs keep credentials without XDG_RUNTIME_DIR. */
  readonly uid?: number;
  /** How long a credential helper may take. Default 60 000. */
  readonly helperTimeoutMs?: number;
}

/** Credentials, which may be looked up before somebody asks. */
export interface Keychain extends CredentialLookup {
  /**
   * Reads the files and asks helpers about these repositories now, while this process may. What is wrong with a file is
   * told when it is needed; what is wrong for one of the repositories at once.
   */
  readonly prefetch: (wanted: readonly RepositoryName[], ctx: Context) => Promise<void>;
  /** Every place in order, also those after the first that has credentials; what is wrong with one is a line, not an error. */
  readonly explain: (wanted: RepositoryName, ctx: Context) => Promise<readonly ExplainedPlace[]>;
}

interface RepositoryName {
  readonly registry: string;
  readonly repository: string;
}

export interface ExplainedPlace {
  readonly place: string;
  /** What was found there, in words without a secret. */
  readonly found: string;
  readonly isUsed: boolean;
  /** It cannot be read, so that nothing after it is looked at. */
  readonly isBroken?: boolean;
  readonly kind?: Credentials['kind'];
  readonly username?: string;
}

/**
 * Where credentials come from, in order (decision 0009): `CNB_REGISTRY_AUTH`; the files of containers' programs and of docker (in
 * each the helper of the host, entries with the longest path first, the store); `DOCKER_AUTH_CONFIG`; the helper of the host's cloud.
 * Nothing is read before the first question; each source is read, and each helper asked about a host, once. Throws
 * `CREDENTIALS_INVALID` when asked.
 */
export function createKeychain(input: KeychainInput): Keychain {
  let fromEnv: Entries | undefined;
  const shared: readonly Source[] = [
    variableSource('CNB_REGISTRY_AUTH', () => (fromEnv ??= parseRegistryAuth(input.env['CNB_REGISTRY_AUTH']))),
    ...credentialPlaces(input).map(placeSource),
  ];
  const sourcesFor = (registry: string): readonly Source[] => {
    const vendor = vendorSource(registry, input.env);
    return vendor === undefined ? shared : [...shared, vendor];
  };
  const ask = askOnce(input);

  const find: CredentialLookup['find'] = async (registry, repository, ctx) => {
    const trace: string[] = [];
    for (const source of sourcesFor(registry)) {
      const look = await source.look({ registry, repository, names: aliasesOf(registry) }, ask, ctx);
      if (source.isUsual || !look.isAbsent) trace.push(...look.lines.map((line) => `${source.label}: ${line}`));
      if (look.credentials !== undefined) return { credentials: look.credentials, trace };
    }
    return { trace };
  };

  return {
    find,
    prefetch: async (wanted, ctx) => {
      await Promise.all(shared.map((source) => source.load()));
      await Promise.all(wanted.map(({ registry, repository }) => find(registry, repository, ctx)));
    },
    explain: async ({ registry, repository }, ctx) => {
      const wanted = { registry, repository, names: aliasesOf(registry) };
      const places: ExplainedPlace[] = [];
      for (const source of sourcesFor(registry)) {
        const isDecided = places.some(({ isUsed, isBroken }) => isUsed || isBroken === true);
        places.push(await explainPlace(source, wanted, { ask: isDecided ? notAsked : ask, isDecided }, ctx));
      }
      return places;
    },
  };
}

/** Each helper is asked about a host once; an answer that was broken off is none. */
function askOnce({ env, helperTimeoutMs: timeoutMs }: KeychainInput): Ask {
  const answers = new Map<string, Promise<HelperAnswer>>();
  return (suffix, host, ctx) => {
    const key = `${suffix} ${host}`;
    const known = answers.get(key);
    if (known !== undefined) return known;
    const answer = askHelper({ suffix, host }, { env, ...(timeoutMs === undefined ? {} : { timeoutMs }) }, ctx).catch(
      (error: unknown) => {
        answers.delete(key);
        throw error;
      },
    );
    answers.set(key, answer);
    return answer;
  };
}

const notAsked: Ask = () => Promise.resolve({ text: 'is not asked' });

async function explainPlace(
  source: Source,
  wanted: Wanted,
  { ask, isDecided }: { readonly ask: Ask; readonly isDecided: boolean },
  ctx: Context,
): Promise<ExplainedPlace> {
  const place = source.label;
  let look: Look;
  try {
    look = await source.look(wanted, ask, ctx);
  } catch (error) {
    if (!(error instanceof SlipwayError)) throw error;
    return { place, found: error.message, isUsed: false, ...(isDecided ? {} : { isBroken: true }) };
  }
  const { credentials, lines } = look;
  return {
    place,
    found: `${lines.join('; ')}${credentials !== undefined && isDecided ? ', behind the one that is used' : ''}`,
    isUsed: credentials !== undefined && !isDecided,
    ...(credentials === undefined ? {} : { kind: credentials.kind }),
    ...(credentials?.kind === 'basic' ? { username: credentials.username } : {}),
  };
}
