import { SlipwayError } from '../core/errors.ts';
import { collect, utf8 } from '../core/bytes.ts';
import type { Context } from '../core/context.ts';
import { ObjectReader } from '../schema/reader.ts';
import type { Challenge } from './challenge.ts';
import type { HttpRequest, HttpResponse } from './http.ts';
import type { FoundCredentials } from './options.ts';
import { registryText } from './registry-text.ts';

const MAX_TOKEN_BYTES = 1024 * 1024;
/** Without `expires_in` a token lives 60 s (distribution token spec). */
const DEFAULT_LIFETIME_S = 60;
/** Taken off a token's life, for clocks and the way. */
const MARGIN_S = 10;

export interface TokenRequest {
  readonly realm: URL;
  readonly challenge: Challenge;
  readonly scopes: readonly string[];
  readonly found: FoundCredentials;
  readonly registry: string;
  /** Takes secrets out of what the endpoint said. */
  readonly redact: (text: string) => string;
}

export interface Token {
  readonly value: string;
  readonly expiresAtMs: number;
}

export type SendTokenRequest = (request: HttpRequest, ctx: Context) => Promise<HttpResponse>;

/**
 * Asks a token endpoint: GET with basic credentials or none; POST with a refresh token for identity credentials.
 * Throws `REGISTRY_UNAUTHORIZED` when it refuses, `REGISTRY_ERROR` for any other answer.
 */
export async function fetchToken(request: TokenRequest, send: SendTokenRequest, ctx: Context): Promise<Token> {
  const response = await send(tokenHttpRequest(request), ctx);
  const bytes = await collect(response.body, MAX_TOKEN_BYTES, `the token answer of ${request.realm.host}`);
  if (response.status !== 200) throw refusal(request, response.status, bytes);
  const reader = new ObjectReader(parse(bytes));
  const value = nonEmpty(reader.optionalString('token')) ?? nonEmpty(reader.optionalString('access_token'));
  if (value === undefined || !/^[\x21-\x7e]+$/.test(value))
    throw new SlipwayError('REGISTRY_ERROR', `the token endpoint of ${request.registry} answered without a token`, {
      details: { address: request.realm.origin },
    });
  const lifetime = reader.optionalSafeInteger('expires_in') ?? DEFAULT_LIFETIME_S;
  return { value, expiresAtMs: ctx.clock.now().getTime() + Math.max(0, lifetime - MARGIN_S) * 1000 };
}

export function basicHeader(username: string, password: string): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}

function tokenHttpRequest({ realm, challenge, scopes, found }: TokenRequest): HttpRequest {
  const service = challenge.parameters['service'];
  const { credentials } = found;
  if (credentials?.kind === 'identity') {
    const form = new URLSearchParams({ grant_type: 'refresh_token', refresh_token: credentials.token });
    form.set('client_id', 'slipway');
    if (service !== undefined) form.set('service', service);
    form.set('scope', scopes.join(' '));
    return {
      method: 'POST',
      url: realm,
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: { kind: 'bytes', bytes: Buffer.from(form.toString()), isSecret: true },
    };
  }
  const url = new URL(realm);
  if (service !== undefined) url.searchParams.set('service', service);
  for (const scope of scopes) url.searchParams.append('scope', scope);
  const authorization =
    credentials?.kind === 'basic' ? { authorization: basicHeader(credentials.username, credentials.password) } : {};
  return { method: 'GET', url, headers: authorization };
}

function refusal(request: TokenRequest, status: number, bytes: Uint8Array): SlipwayError {
  const details = {
    request: `GET ${request.realm.origin}${request.realm.pathname}`,
    status: String(status),
    ...registryText(bytes, request.redact),
    scope: request.scopes.join(' '),
    ...(request.found.trace.length === 0 ? {} : { 'looked in': request.found.trace.join('; ') }),
  };
  const { registry } = request;
  if (status === 401 || status === 403 || status === 400) {
    const who = request.found.credentials === undefined ? 'an anonymous request' : 'the credentials';
    return new SlipwayError('REGISTRY_UNAUTHORIZED', `the token endpoint of ${registry} refused ${who}`, {
      details,
      hint: { kind: 'log-in', registry },
    });
  }
  return new SlipwayError('REGISTRY_ERROR', `the token endpoint of ${registry} answered ${String(status)}`, {
    details,
  });
}

function parse(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(utf8(bytes) ?? '');
  } catch (error) {
    if (error instanceof SyntaxError) return {};
    throw error;
  }
}

function nonEmpty(text: string | undefined): string | undefined {
  return text === '' ? undefined : text;
}
