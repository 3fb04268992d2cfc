import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Context } from '../core/context.ts';
import { emptyAnswer, errorAnswer, jsonAnswer, type Answer } from './answer.ts';

/** Who may do what. Both kinds take the users as name → password. */
export type ServerAuth =
  | { readonly kind: 'basic'; readonly users: Readonly<Record<string, string>> }
  | {
      readonly kind: 'bearer';
      readonly users: Readonly<Record<string, string>>;
      /** Users who may pull only. */
      readonly pullOnly?: readonly string[];
      /** Whether a token without credentials may pull. */
      readonly anonymousPull?: boolean;
      /** Default: `/token` of this server. */
      readonly realm?: string;
    };

/** What a request needs: `pull`, `push` or `delete` in a repository, or nothing but an identity. */
export interface Need {
  readonly repository?: string;
  readonly action: 'pull' | 'push' | 'delete' | 'ping';
}

export interface Gate {
  /** The refusal, or undefined when the request may pass. */
  readonly check: (authorization: string | undefined, need: Need, ctx: Context) => Answer | undefined;
  /** Answers the token endpoint. */
  readonly token: (authorization: string | undefined, query: URLSearchParams, ctx: Context) => Answer;
}

const SERVICE = 'slipway';
const TOKEN_LIFETIME_S = 300;

/** Lets everything pass without `auth`. `url` is the server's own, known once it listens. */
export function createGate(auth: ServerAuth | undefined, url: () => string): Gate {
  if (auth === undefined) return { check: () => undefined, token: () => emptyAnswer(404) };
  if (auth.kind === 'basic')
    return {
      check: (authorization) =>
        userOf(auth.users, authorization) === undefined ? unauthorized(`Basic realm="${SERVICE}"`) : undefined,
      token: () => emptyAnswer(404),
    };
  const tokens = new Map<string, { readonly scopes: readonly string[]; readonly expiresAtMs: number }>();
  return {
    check: (authorization, need, ctx) => {
      const scope = need.repository === undefined ? '' : `repository:${need.repository}:${wanted(need)}`;
      const challenge = `Bearer realm="${auth.realm ?? `${url()}/token`}",service="${SERVICE}"${scope === '' ? '' : `,scope="${scope}"`}`;
      const token = tokens.get(/^Bearer (.+)$/i.exec(authorization ?? '')?.[1] ?? '');
      if (token === undefined || token.expiresAtMs <= ctx.clock.now().getTime()) return unauthorized(challenge);
      if (
        scope === '' ||
        wanted(need)
          .split(',')
          .every((action) => grants(token.scopes, need.repository ?? '', action))
      )
        return undefined;
      return unauthorized(`${challenge},error="insufficient_scope"`);
    },
    token: (authorization, query, ctx) => {
      const user = userOf(auth.users, authorization);
      if (authorization !== undefined && user === undefined) return unauthorized(`Basic realm="${SERVICE}"`);
      const mayPush = user !== undefined && auth.pullOnly?.includes(user) !== true;
      const mayPull = user !== undefined || auth.anonymousPull === true;
      const allowed = (action: string): boolean => (action === 'pull' ? mayPull : mayPush);
      const scopes = query
        .getAll('scope')
        .flatMap((scope) => scope.split(' '))
        .map((scope) => narrow(scope, allowed));
      const token = randomBytes(24).toString('base64url');
      tokens.set(token, { scopes, expiresAtMs: ctx.clock.now().getTime() + TOKEN_LIFETIME_S * 1000 });
      return jsonAnswer(200, { token, access_token: token, expires_in: TOKEN_LIFETIME_S });
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

/** The user of a Basic header whose password is right. */
function userOf(users: Readonly<Record<string, string>>, authorization: string | undefined): string | undefined {
  const encoded = /^Basic (.+)$/i.exec(authorization ?? '')?.[1];
  if (encoded === undefined) return undefined;
  const text = Buffer.from(encoded, 'base64').toString();
  const colon = text.indexOf(':');
  const name = text.slice(0, colon);
  const password = Object.hasOwn(users, name) ? users[name] : undefined;
  return password !== undefined && colon >= 0 && sameText(password, text.slice(colon + 1)) ? name : undefined;
}

function sameText(a: string, b: string): boolean {
  const hash = (text: string): Uint8Array => createHash('sha256').update(text).digest();
  return timingSafeEqual(hash(a), hash(b));
}

function unauthorized(challenge: string): Answer {
  return errorAnswer(401, 'UNAUTHORIZED', 'authentication required', { 'www-authenticate': challenge });
}
