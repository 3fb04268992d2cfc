import { isIP } from 'node:net';
import { SlipwayError, type ErrorOptions } from '../core/errors.ts';
import { isListed, isLoopback, isPrivate, mayUsePlainHttp, parseUrl, type AddressOptions } from './address.ts';
import { displayUrl } from './http.ts';
import type { RegistryOptions } from './options.ts';

/** Who names the endpoint, and whether the request to it would carry credentials. */
export interface RealmAsker {
  readonly registry: string;
  readonly base: URL;
  readonly hasCredentials: boolean;
}

export type RealmOptions = AddressOptions & Pick<RegistryOptions, 'trustedRealms'>;

/** Second-level domains below which strangers live: `registry.co.uk` and `tokens.co.uk` are not one site. */
const SHARED_SECOND_LEVEL = ['ac', 'co', 'com', 'edu', 'gov', 'ne', 'net', 'or', 'org'];

/**
 * The token endpoint that a registry names, if it may be asked. Credentials go to the registry's own host and site (`gitlab.com` of
 * `registry.gitlab.com`, `auth.docker.io` of `index.docker.io`); to another host, and anything at all to a private address that is
 * not the registry's own, only when it is listed as trusted (or as an insecure registry). Plain HTTP only where plain HTTP is allowed,
 * and never for a registry on HTTPS. Throws `REGISTRY_UNAUTHORIZED`.
 */
export function trustedRealm(realm: string, asker: RealmAsker, options: RealmOptions): URL {
  const { registry, base } = asker;
  const url = parseUrl(realm);
  if (url === undefined || (url.protocol !== 'https:' && url.protocol !== 'http:'))
    throw refused(registry, 'what it names is not an HTTP address', {});
  const shown = displayUrl(url);
  if (url.protocol === 'http:') {
    if (base.protocol === 'https:')
      throw refused(registry, `${shown} is plain HTTP, and the registry itself is not`, {});
    if (!mayUsePlainHttp(url, options))
      throw refused(registry, `${shown} is plain HTTP`, { hint: { kind: 'allow-insecure', registry: url.host } });
  }
  if (isOwnHost(url.hostname, asker) || isListed(url, options) || isTrusted(url, options)) return url;
  const hint = { kind: 'trust-realm', host: url.host } as const;
  if (isPrivate(url.hostname)) throw refused(registry, `${shown} is on a private address`, { hint });
  if (asker.hasCredentials && !isSameSite(url.hostname, asker))
    throw refused(registry, `${shown} is on another host, which gets no credentials`, { hint });
  return url;
}

function isOwnHost(hostname: string, { registry, base }: RealmAsker): boolean {
  const named = parseUrl(`${base.protocol}//${registry}`)?.hostname;
  return hostname === base.hostname || hostname === named || (isLoopback(hostname) && isLoopback(base.hostname));
}

/** `HOST` is every port of it, `HOST:PORT` that one. */
function isTrusted(url: URL, { trustedRealms = [] }: RealmOptions): boolean {
  return trustedRealms.some((listed) => {
    const name = parseUrl(`${url.protocol}//${listed}`);
    const hasPort = /:\d+$/.test(listed.replace(/^\[[^\]]*\]/, ''));
    return name !== undefined && (hasPort ? name.host === url.host : name.hostname === url.hostname);
  });
}

function isSameSite(hostname: string, { registry, base }: RealmAsker): boolean {
  const named = parseUrl(`${base.protocol}//${registry}`)?.hostname ?? base.hostname;
  return [named, base.hostname].some((host) => {
    const site = siteOf(host);
    return site !== undefined && (hostname === site || hostname.endsWith(`.${site}`));
  });
}

/** The domain that a registry's host belongs to: `acme.example` of `registry.acme.example`; undefined where there is none. */
function siteOf(hostname: string): string | undefined {
  const labels = hostname.split('.');
  if (isIP(hostname) !== 0 || hostname.startsWith('[') || labels.length < 2) return undefined;
  const [first = '', last = ''] = labels.slice(1);
  const isShared = labels.length === 3 && last.length === 2 && SHARED_SECOND_LEVEL.includes(first);
  return labels.length === 2 || isShared ? hostname : labels.slice(1).join('.');
}

function refused(registry: string, why: string, options: ErrorOptions): SlipwayError {
  return new SlipwayError('REGISTRY_UNAUTHORIZED', `the token endpoint of ${registry} is not trusted: ${why}`, options);
}
