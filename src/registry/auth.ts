import type { Context } from '../core/context.ts';
import type { AddressOptions } from './address.ts';
import { parseChallenges, type Challenge } from './challenge.ts';
import type { CredentialLookup, Credentials, FoundCredentials } from './options.ts';
import { trustedRealm } from './realm.ts';
import { basicHeader, fetchToken, type SendTokenRequest, type Token } from './token.ts';

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
  /** The text without any secret of this registry. */
  readonly redact: (text: string) => string;
}

export function createAuthorizer(
  registry: string,
  base: URL,
  options: AddressOptions & { readonly credentials: CredentialLookup },
  send: SendTokenRequest,
): Authorizer {
  let challenge: Challenge | undefined;
  const found = new Map<string, Promise<FoundCredentials>>();
  const tokens = new Map<string, Token>();
  const pending = new Map<string, Promise<Token>>();
  const secrets = new Set<string>();
  const redact = (text: string): string =>
    [...secrets].reduce((clean, secret) => clean.replaceAll(secret, '***'), text);

  const lookUp = (repository: string, ctx: Context): Promise<FoundCredentials> => {
    const known = found.get(repository);
    if (known !== undefined) return known;
    const looking = options.credentials.find(registry, repository, ctx).then((result) => {
      secretsOf(result.credentials).forEach((secret) => secrets.add(secret));
      return result;
    });
    found.set(repository, looking);
    return looking;
  };

  /** One request at a time per scope; `not` is a token that was just refused. */
  const token = async (access: Access, asked: Challenge, not: string | undefined, ctx: Context): Promise<string> => {
    const key = `${access.repository} ${access.scopes.join(' ')}`;
    const cached = tokens.get(key);
    if (cached !== undefined && cached.expiresAtMs > ctx.clock.now().getTime() && bearer(cached.value) !== not)
      return bearer(cached.value);
    let request = pending.get(key);
    if (request === undefined) {
      const realm = trustedRealm(asked.parameters['realm'] ?? '', registry, base, options);
      const credentials = await lookUp(access.repository, ctx);
      request = pending.get(key);
      if (request === undefined) {
        const wanted = { realm, challenge: asked, scopes: access.scopes, found: credentials, registry, redact };
        request = fetchToken(wanted, send, ctx);
        pending.set(key, request);
      }
    }
    try {
      const fresh = await request;
      tokens.set(key, fresh);
      secrets.add(fresh.value);
      return bearer(fresh.value);
    } finally {
      if (pending.get(key) === request) pending.delete(key);
    }
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
    redact,
  };
}

/** Bearer when it is offered, since it needs the password only at the token endpoint. */
function choose(challenges: readonly Challenge[]): Challenge | undefined {
  return (
    challenges.find((challenge) => challenge.scheme === 'bearer' && challenge.parameters['realm'] !== undefined) ??
    challenges.find((challenge) => challenge.scheme === 'basic')
  );
}

/** Our scopes and those that the registry asks for and ours do not cover. */
function mergeScopes(own: readonly string[], asked: string | undefined): readonly string[] {
  const missing = (asked ?? '').split(' ').filter((scope) => scope !== '' && !own.some((have) => covers(have, scope)));
  return [...own, ...missing];
}

function covers(have: string, wanted: string): boolean {
  const split = (scope: string): readonly [string, readonly string[]] => {
    const colon = scope.lastIndexOf(':');
    return [scope.slice(0, colon), scope.slice(colon + 1).split(',')];
  };
  const [name, actions] = split(have);
  const [wantedName, wantedActions] = split(wanted);
  return name === wantedName && wantedActions.every((action) => actions.includes(action));
}

function bearer(value: string): string {
  return `Bearer ${value}`;
}

/** Secrets long enough to be looked for in a text. */
function secretsOf(credentials: Credentials | undefined): readonly string[] {
  if (credentials === undefined) return [];
  const secrets =
    credentials.kind === 'basic'
      ? [credentials.password, basicHeader(credentials.username, credentials.password).slice('Basic '.length)]
      : [credentials.token];
  return secrets.filter((secret) => secret.length >= 4);
}
