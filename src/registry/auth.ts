import type { Context } from '../core/context.ts';
import { parseChallenges, type Challenge } from './challenge.ts';
import type { CredentialLookup, Credentials, FoundCredentials } from './options.ts';
import { trustedRealm, type RealmOptions } from './realm.ts';
import { createSecrets } from './secrets.ts';
import { mergeScopes } from './scopes.ts';
import { createTokenCache } from './token-cache.ts';
import { basicHeader, fetchToken, type SendTokenRequest } from './token.ts';

/** What a request is about to do: credentials go by repository, tokens by scope. */
export interface Access {
  readonly repository: string;
  /** `repository:NAME:pull`, … */
  readonly scopes: readonly string[];
}

/** The credentials of one registry: which `Authorization` to send, and what to try after a 401. Its caller checks the origin. */
export interface Authorizer {
  /** The header to begin with; undefined before the registry has said what it wants. */
  readonly header: (access: Access, ctx: Context) => Promise<string | undefined>;
  /** A better header after a 401, or undefined when there is nothing left to try. `renewals` counts them for this request. */
  readonly renew: (
    access: Access,
    refused: { readonly challenge: string | undefined; readonly used: string | undefined; readonly renewals: number },
    ctx: Context,
  ) => Promise<string | undefined>;
  readonly lookUp: (repository: string, ctx: Context) => Promise<FoundCredentials>;
  /** What the registry asked for last; undefined while it has asked for nothing. */
  readonly challenge: () => Challenge | undefined;
  /** The text without any secret of this registry. */
  readonly redact: (text: string) => string;
}

export function createAuthorizer(
  registry: string,
  base: URL,
  options: RealmOptions & { readonly credentials: CredentialLookup },
  send: SendTokenRequest,
): Authorizer {
  let challenge: Challenge | undefined;
  const found = new Map<string, Promise<FoundCredentials>>();
  /** Refresh token → the one that a token endpoint gave in its place. */
  const rotated = new Map<string, string>();
  const tokens = createTokenCache();
  const secrets = createSecrets();

  /** Kept by repository; a look-up that failed is no answer, and is made again. */
  const lookUp = (repository: string, ctx: Context): Promise<FoundCredentials> => {
    const known = found.get(repository);
    if (known !== undefined) return known;
    const looking = options.credentials.find(registry, repository, ctx).then(
      (result) => {
        secrets.addCredentials(result.credentials);
        return result;
      },
      (error: unknown) => {
        found.delete(repository);
        throw error;
      },
    );
    found.set(repository, looking);
    return looking;
  };

  const token = async (access: Access, asked: Challenge, not: string | undefined, ctx: Context): Promise<string> => {
    const looked = await lookUp(access.repository, ctx);
    const hasCredentials = looked.credentials !== undefined;
    const asker = { registry, base, hasCredentials };
    const realm = trustedRealm(asked.parameters['realm'] ?? '', asker, options);
    const owner = JSON.stringify([realm.href, asked.parameters['service'], looked.credentials]);
    const request = async (): ReturnType<typeof fetchToken> => {
      const current = { ...looked, ...newest(looked.credentials, rotated) };
      const wanted = {
        realm,
        challenge: asked,
        scopes: access.scopes,
        found: current,
        registry,
        repository: access.repository,
      };
      const fresh = await fetchToken({ ...wanted, redact: secrets.redact }, send, ctx);
      secrets.add(fresh.value);
      if (looked.credentials?.kind === 'identity' && fresh.refreshToken !== undefined) {
        secrets.add(fresh.refreshToken);
        rotated.set(looked.credentials.token, fresh.refreshToken);
      }
      return fresh;
    };
    const refused = not?.startsWith('Bearer ') === true ? { not: not.slice('Bearer '.length) } : {};
    return bearer(await tokens.get({ owner, scopes: access.scopes, ...refused }, request, ctx));
  };

  const headerFor = async (access: Access, not: string | undefined, ctx: Context): Promise<string | undefined> => {
    const { credentials } = await lookUp(access.repository, ctx);
    if (credentials?.kind === 'bearer') return bearer(credentials.token);
    if (challenge === undefined) return undefined;
    if (challenge.scheme === 'bearer') return token(access, challenge, not, ctx);
    return credentials?.kind === 'basic' ? basicHeader(credentials.username, credentials.password) : undefined;
  };

  return {
    lookUp,
    challenge: () => challenge,
    header: (access, ctx) => headerFor(access, undefined, ctx),
    renew: async (access, { challenge: text, used, renewals }, ctx) => {
      const asked = choose(parseChallenges(text ?? ''));
      if (asked === undefined) return undefined;
      challenge = asked;
      const scopes = mergeScopes(access.scopes, asked.parameters['scope']);
      if (renewals > 0 && (asked.scheme !== 'bearer' || scopes.length === access.scopes.length)) return undefined;
      const next = await headerFor({ ...access, scopes }, used, ctx);
      return next === used ? undefined : next;
    },
    redact: secrets.redact,
  };
}

/** Bearer when it is offered, since it needs the password only at the token endpoint. */
function choose(challenges: readonly Challenge[]): Challenge | undefined {
  return (
    challenges.find((challenge) => challenge.scheme === 'bearer' && challenge.parameters['realm'] !== undefined) ??
    challenges.find((challenge) => challenge.scheme === 'basic')
  );
}

function newest(
  credentials: Credentials | undefined,
  rotated: ReadonlyMap<string, string>,
): { readonly credentials?: Credentials } {
  const token = credentials?.kind === 'identity' ? rotated.get(credentials.token) : undefined;
  return token === undefined ? {} : { credentials: { kind: 'identity', token } };
}

function bearer(value: string): string {
  return `Bearer ${value}`;
}
