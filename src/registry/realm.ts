import { SlipwayError } from '../core/errors.ts';
import { isListed, isLoopback, isPrivate, mayUsePlainHttp, parseUrl, type AddressOptions } from './address.ts';
import { displayUrl } from './http.ts';

/**
 * The token endpoint that a registry names, if credentials may go there: HTTPS anywhere public; a private or loopback address only
 * when the registry itself is on loopback or on that host, or the address is listed insecure (the opt-in of an air-gapped site);
 * plain HTTP only where plain HTTP is allowed. Throws `REGISTRY_UNAUTHORIZED`.
 */
export function trustedRealm(realm: string, registry: string, base: URL, options: AddressOptions): URL {
  const url = parseUrl(realm);
  if (url === undefined || (url.protocol !== 'https:' && url.protocol !== 'http:'))
    throw refused(registry, 'the token endpoint that it names is not an HTTP address');
  if (url.protocol === 'http:' && (base.protocol === 'https:' || !mayUsePlainHttp(url, options)))
    throw refused(registry, `its token endpoint ${displayUrl(url)} is plain HTTP`);
  const isOwn = url.hostname === base.hostname || isLoopback(base.hostname);
  if (isPrivate(url.hostname) && !isOwn && !isListed(url, options))
    throw refused(registry, `its token endpoint ${displayUrl(url)} is on a private address`);
  return url;
}

function refused(registry: string, why: string): SlipwayError {
  return new SlipwayError('REGISTRY_UNAUTHORIZED', `no credentials are sent for ${registry}: ${why}`, {
    hint: 'list the address as insecure registry if it is yours',
  });
}
