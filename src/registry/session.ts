import { SlipwayError } from '../core/errors.ts';
import type { Context } from '../core/context.ts';
import { baseUrl } from './address.ts';
import { createAuthorizer, type Access, type Authorizer } from './auth.ts';
import { sendFollowing, type FollowedResponse } from './follow.ts';
import { createNotices } from './network-notices.ts';
import { requestName, type Headers, type HttpBody, type HttpMethod, type HttpRequest, type Transport } from './http.ts';
import { unreachable } from './network-error.ts';
import type { RegistryOptions } from './options.ts';
import { repeatExchange } from './repeat.ts';
import { wholeBody } from './whole-body.ts';

const MAX_TOKEN_BYTES = 1024 * 1024;

export interface RegistryRequest {
  readonly method: HttpMethod;
  /** Below the registry's base (`/v2/…`), or an absolute URL that it handed out. */
  readonly to: string | URL;
  readonly access: Access;
  readonly headers?: Headers;
  readonly body?: HttpBody;
  /** Most bytes of a body that is read whole before the answer is returned, so that a cut in the middle is repeated too. */
  readonly wholeBytes?: number;
  /** `once`: a passing failure is returned or thrown at once, because the caller starts over further back. */
  readonly repeat?: 'once';
}

export interface RegistryAnswer extends FollowedResponse {
  /** The request, for messages: `GET /v2/app/manifests/latest`. */
  readonly request: string;
  /** It came from another origin, to which the registry redirected or pointed: credentials were not sent there. */
  readonly isElsewhere: boolean;
}

/** Everything that is known and kept about one registry: address, credentials, tokens. */
export interface RegistrySession {
  readonly registry: string;
  readonly options: RegistryOptions;
  readonly authorizer: Authorizer;
  /**
   * The answer, whatever its status, after authentication, redirects and repeats (408, 429, 499, 5xx, network). Throws
   * `REGISTRY_UNREACHABLE`, `REGISTRY_INSECURE`, `REGISTRY_UNAUTHORIZED` (a token endpoint that refuses), the body source's errors.
   */
  readonly send: (request: RegistryRequest, ctx: Context) => Promise<RegistryAnswer>;
}

export function createSession(
  registry: string,
  options: RegistryOptions,
  transport: () => Promise<Transport>,
): RegistrySession {
  const base = baseUrl(registry, options);
  const notices = createNotices(registry, base, options);
  const agent = { 'user-agent': options.userAgent, 'accept-encoding': 'identity' };

  const sendOnce = async (request: HttpRequest, ctx: Context): Promise<FollowedResponse> =>
    notices.look(
      await sendFollowing(
        await transport(),
        { ...request, headers: { ...agent, ...request.headers } },
        options,
        ctx.signal,
      ),
      ctx,
    );
  const withRepeats = <T extends FollowedResponse>(request: HttpRequest, ctx: Context, exchange: () => Promise<T>) =>
    repeatExchange({ host: registry, request, options }, ctx, exchange);
  const authorizer = createAuthorizer(registry, base, options, (request, ctx) =>
    withRepeats(request, ctx, async () => wholeBody(await sendOnce(request, ctx), MAX_TOKEN_BYTES)),
  );

  const exchange = async (request: HttpRequest, access: Access, ctx: Context): Promise<FollowedResponse> => {
    if (request.url.origin !== base.origin) return sendOnce(request, ctx);
    let used = await authorizer.header(access, ctx);
    for (let renewals = 0; ; renewals += 1) {
      const response = await sendOnce(used === undefined ? request : authorized(request, used), ctx);
      if (response.status !== 401 || response.url.origin !== base.origin || renewals > 2) return response;
      const challenge = response.headers['www-authenticate'];
      const next = await authorizer.renew(access, { challenge, used, renewals }, ctx);
      if (next === undefined) return response;
      await response.discard();
      used = next;
    }
  };

  return {
    registry,
    options,
    authorizer,
    send: async ({ method, to, access, headers, body, wholeBytes, repeat: times }, ctx) => {
      const url = typeof to === 'string' ? new URL(`${base.href.replace(/\/$/, '')}${to}`) : to;
      const request: HttpRequest = { method, url, headers: headers ?? {}, ...(body === undefined ? {} : { body }) };
      const name = requestName(request);
      if (options.offline === true)
        throw new SlipwayError('REGISTRY_UNREACHABLE', `${registry} is not asked: the network is switched off`, {
          details: { request: name },
          hint: 'leave out --offline, or use an image from a layout or archive',
        });
      notices.begin(ctx);
      const run = async (): Promise<FollowedResponse> => {
        const response = await exchange(request, access, ctx);
        return wholeBytes === undefined || method === 'HEAD' ? response : wholeBody(response, wholeBytes);
      };
      const answer =
        times === 'once' ? await run().catch(rethrow(registry, request)) : await withRepeats(request, ctx, run);
      return { ...answer, request: name, isElsewhere: answer.url.origin !== base.origin };
    },
  };
}

function rethrow(registry: string, request: HttpRequest): (error: unknown) => never {
  return (error) => {
    throw unreachable(error, registry, request.url, requestName(request));
  };
}

function authorized(request: HttpRequest, authorization: string): HttpRequest {
  return { ...request, headers: { ...request.headers, authorization } };
}
