import { SlipwayError } from '../core/errors.ts';
import { mayUsePlainHttp, parseUrl, type AddressOptions } from './address.ts';
import { displayUrl, type HttpRequest, type HttpResponse, type Transport } from './http.ts';

const MAX_HOPS = 8;

export interface FollowedResponse extends HttpResponse {
  /** Where the answer came from in the end. */
  readonly url: URL;
}

/**
 * Sends a request and follows redirects by hand: `Authorization` or a body with credentials never goes to another origin, HTTPS never becomes HTTP, plain HTTP
 * only where it is allowed, and a request that changes something follows 307 and 308 only. Throws `REGISTRY_INSECURE`, `REGISTRY_ERROR`.
 */
export async function sendFollowing(
  transport: Transport,
  request: HttpRequest,
  options: AddressOptions,
  signal: AbortSignal,
): Promise<FollowedResponse> {
  let current = request;
  for (let hop = 0; hop <= MAX_HOPS; hop += 1) {
    const response = await transport.send(current, signal);
    const location = response.headers['location'];
    if (location === undefined || !isRedirect(response.status, request.method))
      return { ...response, url: current.url };
    await response.discard();
    current = redirected(current, location, options);
  }
  throw new SlipwayError('REGISTRY_ERROR', `${displayUrl(request.url)} redirects more than ${String(MAX_HOPS)} times`);
}

/** An URL that a registry handed out (redirect, upload session, next page), as absolute; refused when it is not allowed. */
export function handedUrl(text: string, from: URL, options: AddressOptions): URL {
  const url = parseUrl(text, from);
  if (url === undefined || (url.protocol !== 'https:' && url.protocol !== 'http:'))
    throw new SlipwayError('REGISTRY_ERROR', `${displayUrl(from)} points to an address that is not HTTP`);
  if (url.protocol === 'http:' && url.origin !== from.origin) {
    if (from.protocol === 'https:' || !mayUsePlainHttp(url, options))
      throw new SlipwayError('REGISTRY_INSECURE', `${displayUrl(from)} points to ${url.origin}, which is plain HTTP`, {
        details: { address: displayUrl(url) },
      });
  }
  return url;
}

function redirected(request: HttpRequest, location: string, options: AddressOptions): HttpRequest {
  const url = handedUrl(location, request.url, options);
  if (url.origin === request.url.origin) return { ...request, url };
  if (request.body?.kind === 'bytes' && request.body.isSecret === true) {
    throw new SlipwayError(
      'REGISTRY_INSECURE',
      `${displayUrl(request.url)} redirects a request with credentials to ${url.origin}`,
      { details: { address: displayUrl(url) } },
    );
  }
  const headers = Object.fromEntries(Object.entries(request.headers).filter(([name]) => name !== 'authorization'));
  return { ...request, url, headers };
}

function isRedirect(status: number, method: HttpRequest['method']): boolean {
  if (status === 307 || status === 308) return true;
  return (status === 301 || status === 302 || status === 303) && (method === 'GET' || method === 'HEAD');
}
