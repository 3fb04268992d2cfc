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
/** Taken off a token's life, for clocks and the way; of a short life a third. */
const MARGIN_S = 10;
/** Answers of an endpoint that has no GET, as OAuth2 allows. */
const NO_SUCH_METHOD = [404, 405];

export interface TokenRequest {
  readonly realm: URL;
  readonly challenge: Challenge;
  readonly scopes: readonly string[];
  readonly found: FoundCredentials;
  readonly registry: string;
  readonly repository: string;
  /** Takes secrets out of what the endpoint said. */
  readonly redact: (text: string) => string;
}

export interface Token {
  readonly value: string;
  /** Takes the place of the refresh token that was sent. */
  readonly refreshToken?: string;
  readonly expiresAtMs: number;
}

export type SendTokenRequest = (request: HttpRequest, ctx: Context) => Promise<HttpResponse>;

/**
 * Asks a token endpoint: POST with a refresh token for identity credentials; GET with Basic for a name and password, and POST with
 * the password grant where the endpoint has no GET; GET alone without credentials. Throws `REGISTRY_UNAUTHORIZED` when it refuses,
 * `REGISTRY_ERROR` for any other answer.
 */
export async function fetchToken(request: TokenRequest, send: SendTokenRequest, ctx: Context): Promise<Token> {
  const { credentials } = request.found;
  let sent = credentials?.kind === 'identity' ? refreshRequest(request, credentials.token) : getRequest(request);
  let response = await send(sent, ctx);
  if (credentials?.kind === 'basic' && NO_SUCH_METHOD.includes(response.status)) {
    await response.discard();
    sent = passwordRequest(request, credentials);
    response = await send(sent, ctx);
  }
  const bytes = await collect(response.body, MAX_TOKEN_BYTES, `the token answer of ${request.realm.host}`);
  if (response.status !== 200) throw refusal(request, sent.method, response.status, bytes);
  const reader = new ObjectReader(parse(bytes));
  const value = nonEmpty(reader.optionalString('token')) ?? nonEmpty(reader.optionalString('access_token'));
  if (value === undefined || !/^[\x21-\x7e]+$/.test(value))
    throw new SlipwayError('REGISTRY_ERROR', `the token endpoint of ${request.registry} answered without a token`, {
      details: { address: request.realm.origin },
    });
  const lifetime = Math.max(0, reader.optionalSafeInteger('expires_in') ?? DEFAULT_LIFETIME_S);
  const refreshToken = nonEmpty(reader.optionalString('refresh_token'));
  return {
    value,
    expiresAtMs: ctx.clock.now().getTime() + (lifetime - Math.min(MARGIN_S, lifetime / 3)) * 1000,
    ...(refreshToken === undefined ? {} : { refreshToken }),
  };
}

export function basicHeader(username: string, password: string): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}

function getRequest({ realm, challenge, scopes, found }: TokenRequest): HttpRequest {
  const service = challenge.parameters['service'];
  const { credentials } = found;
  const url = new URL(realm);
  if (service !== undefined) url.searchParams.set('service', service);
  for (const scope of scopes) url.searchParams.append('scope', scope);
  if (credentials?.kind !== 'basic') return { method: 'GET', url, headers: {} };
  // Some endpoints want the name here too, as docker sends it.
  url.searchParams.set('account', credentials.username);
  return { method: 'GET', url, headers: { authorization: basicHeader(credentials.username, credentials.password) } };
}

function refreshRequest(request: TokenRequest, token: string): HttpRequest {
  return formRequest(request, { grant_type: 'refresh_token', refresh_token: token });
}

function passwordRequest(
  request: TokenRequest,
  { username, password }: { readonly username: string; readonly password: string },
): HttpRequest {
  return formRequest(request, { grant_type: 'password', username, password });
}

/** An OAuth2 request (distribution's token spec, "Requesting a token" by POST). */
function formRequest({ realm, challenge, scopes }: TokenRequest, grant: Readonly<Record<string, string>>): HttpRequest {
  const form = new URLSearchParams({ ...grant, client_id: 'slipway' });
  const service = challenge.parameters['service'];
  if (service !== undefined) form.set('service', service);
  form.set('scope', scopes.join(' '));
  return {
    method: 'POST',
    url: realm,
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: { kind: 'bytes', bytes: Buffer.from(form.toString()), isSecret: true },
  };
}

function refusal(request: TokenRequest, method: string, status: number, bytes: Uint8Array): SlipwayError {
  const details = {
    request: `${method} ${request.realm.origin}${request.realm.pathname}`,
    status: String(status),
    ...registryText(bytes, request.redact),
    scope: request.scopes.join(' '),
    credentials: request.found.credentials === undefined ? 'none' : 'sent',
    ...(request.found.trace.length === 0 ? {} : { 'looked in': request.found.trace.join('; ') }),
  };
  const { registry, repository } = request;
  const place = repository === '' ? registry : `${registry}/${repository}`;
  if (status === 401 || status === 403 || status === 400) {
    const { credentials } = request.found;
    const given = credentials?.kind === 'identity' ? 'the identity token' : 'the credentials';
    const who = credentials === undefined ? 'an anonymous request' : given;
    return new SlipwayError('REGISTRY_UNAUTHORIZED', `the token endpoint of ${registry} refused ${who}`, {
      details,
      hint: { kind: 'log-in', registry, place },
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
