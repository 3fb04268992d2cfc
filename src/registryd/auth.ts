import { randomBytes } from 'node:crypto';
import type { Context } from '../core/context.ts';
import { emptyAnswer, errorAnswer, jsonAnswer, type Answer } from './answer.ts';
import { basicUser, plainUsers, type Users } from './users.ts';

/** Users, or their passwords by name. */
type KnownUsers = Users | Readonly<Record<string, string>>;

/** Who may do what. */
export type ServerAuth =
  | { readonly kind: 'basic'; readonly users: KnownUsers }
  | {
      readonly kind: 'bearer';
      readonly users: KnownUsers;
      /** Users who may pull only. */
      readonly pullOnly?: readonly string[];
      /** Whether a token without credentials may pull. */
      readonly anonymousPull?: boolean;
      /** Default: `/token` of this server. */
      readonly realm?: string;
      /** Identity tokens by user: what a POST with `grant_type=refresh_token` may present. */
      readonly refreshTokens?: Readonly<Record<string, string>>;
      /** Default: both. */
      readonly tokenMethods?: readonly ('GET' | 'POST')[];
      /** Default 300. */
      readonly tokenLifetimeS?: number;
    };

/** What a request needs: `pull`, `push` or `delete` in a repository, or nothing but an identity. */
export interface Need {
  readonly repository?: string;
  readonly action: 'pull' | 'push' | 'delete' | 'ping';
}

export interface Gate {
  /** The refusal, or undefined when the request may pass. */
  readonly check: (authorization: string | undefined, need: Need, ctx: Context) => Promise<Answer | undefined>;
  /** Answers the token endpoint. */
  readonly token: (request: TokenCall, ctx: Context) => Promise<Answer>;
}

interface TokenCall {
  readonly method: string;
  readonly authorization: string | undefined;
  /** The query of a GET, the form of a POST. */
  readonly parameters: URLSearchParams;
}

const SERVICE = 'slipway';
const TOKEN_LIFETIME_S = 300;

/** Lets everything pass without `auth`. `url` is the server's own, known once it listens. */
export function createGate(auth: ServerAuth | undefined, url: () => string): Gate {
  const noToken = (): Promise<Answer> => Promise.resolve(emptyAnswer(404));
  if (auth === undefined) return { check: () => Promise.resolve(undefined), token: noToken };
  const users = usersOf(auth.users);
  if (auth.kind === 'basic')
    return {
      check: async (authorization) =>
        (await userOf(users, authorization)) === undefined ? unauthorized(`Basic realm="${SERVICE}"`) : undefined,
      token: noToken,
    };
  const lifetimeS = auth.tokenLifetimeS ?? TOKEN_LIFETIME_S;
  const tokens = new Map<string, { readonly scopes: readonly string[]; readonly expiresAtMs: number }>();
  return {
    check: (authorization, need, ctx) => {
      const scope = need.repository === undefined ? '' : `repository:${need.repository}:${wanted(need)}`;
      const challenge = `Bearer realm="${auth.realm ?? `${url()}/token`}",service="${SERVICE}"${scope === '' ? '' : `,scope="${scope}"`}`;
      const token = tokens.get(/^Bearer (.+)$/i.exec(authorization ?? '')?.[1] ?? '');
      if (token === undefined || token.expiresAtMs <= ctx.clock.now().getTime())
        return Promise.resolve(unauthorized(challenge));
      if (
        scope === '' ||
        wanted(need)
          .split(',')
          .every((action) => grants(token.scopes, need.repository ?? '', action))
      )
        return Promise.resolve(undefined);
      return Promise.resolve(unauthorized(`${challenge},error="insufficient_scope"`));
    },
    token: async (request, ctx) => {
      if (!(auth.tokenMethods ?? ['GET', 'POST']).some((method) => method === request.method)) return emptyAnswer(405);
      const { claims, user } = await identify(request, users, auth.refreshTokens ?? {});
      if (claims && user === undefined) return unauthorized(`Basic realm="${SERVICE}"`);
      const mayPush = user !== undefined && auth.pullOnly?.includes(user) !== true;
      const mayPull = user !== undefined || auth.anonymousPull === true;
      const allowed = (action: string): boolean => (action === 'pull' ? mayPull : mayPush);
      const scopes = request.parameters
        .getAll('scope')
        .flatMap((scope) => scope.split(' '))
        .map((scope) => narrow(scope, allowed));
      const now = ctx.clock.now().getTime();
      for (const [old, { expiresAtMs }] of tokens) if (expiresAtMs <= now) tokens.delete(old);
      const token = randomBytes(24).toString('base64url');
      tokens.set(token, { scopes, expiresAtMs: now + lifetimeS * 1000 });
      return jsonAnswer(200, { token, access_token: token, expires_in: lifetimeS });
    },
  };
}

function wanted(need: Need): string {
  return need.action === 'push' ? 'pull,push' : need.action;
}

function narrow(scope: string, allowed: (action: string) => boolean): string {
  const colon = scope.lastIndexOf(':');
  const actions = scope.slice(colon + 1).split(',');
  return `${scope.slice(0, colon)}:${actions.filter(allowed).join(',')}`;
}

function grants(scopes: readonly string[], repository: string, action: string): boolean {
  const prefix = `repository:${repository}:`;
  return scopes.some((scope) => scope.startsWith(prefix) && scope.slice(prefix.length).split(',').includes(action));
}

/** Who asks for a token, and whether somebody claims to be somebody: a Basic header, or an OAuth2 grant in a form. */
async function identify(
  { method, authorization, parameters }: TokenCall,
  users: Users,
  refreshTokens: Readonly<Record<string, string>>,
): Promise<{ readonly claims: boolean; readonly user: string | undefined }> {
  if (method !== 'POST') return { claims: authorization !== undefined, user: await userOf(users, authorization) };
  if (parameters.get('grant_type') === 'refresh_token') {
    const given = parameters.get('refresh_token');
    return { claims: true, user: Object.entries(refreshTokens).find(([, token]) => token === given)?.[0] };
  }
  const [name, password] = [parameters.get('username') ?? '', parameters.get('password') ?? ''];
  const isRight = parameters.get('grant_type') === 'password' && (await users.isRight(name, password));
  return { claims: true, user: isRight ? name : undefined };
}

/** The user of a Basic header whose password is right. */
async function userOf(users: Users, authorization: string | undefined): Promise<string | undefined> {
  const given = basicUser(authorization);
  return given !== undefined && (await users.isRight(...given)) ? given[0] : undefined;
}

function usersOf(users: KnownUsers): Users {
  return isUsers(users) ? users : plainUsers(users);
}

function isUsers(users: KnownUsers): users is Users {
  return Object.values(users).some((value) => typeof value === 'function');
}

function unauthorized(challenge: string): Answer {
  return errorAnswer(401, 'UNAUTHORIZED', 'authentication required', { 'www-authenticate': challenge });
}
