import type { Context } from '../core/context.ts';
import { SlipwayError } from '../core/errors.ts';
import { mayUsePlainHttp } from './address.ts';
import { sendFollowing, type FollowedResponse } from './follow.ts';
import { displayUrl, type Headers, type HttpRequest, type Transport } from './http.ts';
import { createNotices } from './network-notices.ts';
import { openTransport } from './open-transport.ts';
import type { RegistryOptions } from './options.ts';
import { repeatExchange } from './repeat.ts';

interface UrlRequest {
  /** A user and password in it go to its origin only. */
  readonly url: URL;
  readonly headers: Headers;
}

export interface UrlAnswer<T> extends FollowedResponse {
  /** What `use` made of the body; undefined when the status was not 200. */
  readonly used?: T;
}

/**
 * GET of any URL the way registries are reached: proxies, authorities, redirects, time limits, repeats; no credentials but those in the
 * URL. `use` reads the body of a 200 and is called anew when the connection is cut in the middle. Throws `REGISTRY_INSECURE` for plain
 * HTTP to a host that is not allowed it, `REGISTRY_UNREACHABLE`, and what `use` throws.
 */
export async function getUrl<T>(
  { url, headers }: UrlRequest,
  options: RegistryOptions,
  ctx: Context,
  use: (answer: FollowedResponse) => Promise<T>,
): Promise<UrlAnswer<T>> {
  if (url.protocol !== 'https:' && !mayUsePlainHttp(url, options))
    throw new SlipwayError(
      'REGISTRY_INSECURE',
      `${displayUrl(url)} is plain HTTP, which is not allowed for ${url.host}`,
      {
        hint: { kind: 'allow-insecure', registry: url.host },
      },
    );
  const notices = createNotices(url.host, url, options);
  const request = requestOf(url, { ...headers, 'user-agent': options.userAgent, 'accept-encoding': 'identity' });
  const exchange = async (transport: Transport): Promise<UrlAnswer<T>> => {
    const answer = notices.look(await sendFollowing(transport, request, options, ctx.signal), ctx);
    if (answer.status !== 200) return answer;
    return { ...answer, used: await use(answer) };
  };
  await using transport = await openTransport(options);
  const answer = await repeatExchange({ host: url.host, request, options }, ctx, () => exchange(transport));
  await answer.discard();
  return answer;
}

function requestOf(url: URL, headers: Headers): HttpRequest {
  const { username, password } = url;
  const plain = new URL(url);
  plain.username = '';
  plain.password = '';
  plain.hash = '';
  if (username === '' && password === '') return { method: 'GET', url: plain, headers };
  const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  const authorization = `Basic ${Buffer.from(pair).toString('base64')}`;
  return { method: 'GET', url: plain, headers: { ...headers, authorization } };
}
