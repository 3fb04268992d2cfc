import { isIP } from 'node:net';
import { SlipwayError } from '../core/errors.ts';
import type { RegistryOptions } from './options.ts';
import { hasCertificateDirectory } from './tls-certs-d.ts';

/** The part of the options that decides how a host may be spoken to. */
export type AddressOptions = Pick<RegistryOptions, 'insecure' | 'addresses' | 'network'>;

/**
 * The base URL of a registry: its override; HTTPS where certs.d knows it or it is listed as `https://host`; plain HTTP on loopback and
 * listed hosts; else HTTPS. There is no trying of both.
 */
export function baseUrl(registry: string, options: AddressOptions): URL {
  const override = options.addresses?.get(registry);
  if (override !== undefined) return new URL(override);
  const plain = parseUrl(`http://${registry}`);
  const secure = parseUrl(`https://${registry}`);
  if (plain === undefined || secure === undefined)
    throw new SlipwayError('REFERENCE_INVALID', `"${registry}" is not a registry host`);
  if (isUnverified(secure, options) || hasCertificateDirectory(options.network?.certsDirectories ?? [], registry))
    return secure;
  return mayUsePlainHttp(plain, options) ? plain : secure;
}

/** Whether plain HTTP is allowed there: loopback, a host listed exactly, or the address that an override names. */
export function mayUsePlainHttp(url: URL, options: AddressOptions): boolean {
  return (
    isLoopback(url.hostname) ||
    isListed(url, options) ||
    [...(options.addresses?.values() ?? [])].some((address) => parseUrl(address)?.origin === url.origin)
  );
}

/** Whether an URL that was kept may be used: HTTPS, or plain HTTP where that is allowed. */
export function maySpeakTo(url: URL, options: AddressOptions): boolean {
  return url.protocol === 'https:' || (url.protocol === 'http:' && mayUsePlainHttp(url, options));
}

/** Whether the URL's host and port are among the listed insecure ones. */
export function isListed(url: URL, options: AddressOptions): boolean {
  return options.insecure.some((listed) => {
    const entry = listed.replace(/^http:\/\//, '');
    return entry.startsWith('https://')
      ? parseUrl(entry)?.origin === url.origin
      : parseUrl(`${url.protocol}//${entry}`)?.host === url.host;
  });
}

/** Whether the certificate of this host is taken as it is: listed insecure as `https://host[:port]`. */
export function isUnverified(url: URL, options: AddressOptions): boolean {
  return options.insecure.some((listed) => listed.startsWith('https://') && parseUrl(listed)?.origin === url.origin);
}

/** 127.0.0.0/8, ::1 and localhost, as `URL.hostname` writes them. */
export function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || (isIP(hostname) === 4 && hostname.startsWith('127.'));
}

/** Loopback, link-local and private addresses, and IPv4 inside IPv6: where a stranger's token realm must not lead us. */
export function isPrivate(hostname: string): boolean {
  if (isLoopback(hostname) || hostname.endsWith('.localhost')) return true;
  if (isIP(hostname) === 4) return /^(?:0|10|127|169\.254|192\.168|172\.(?:1[6-9]|2\d|3[01]))\./.test(hostname);
  return /^\[(?:::|f[cd][0-9a-f]{2}:|fe[89ab][0-9a-f]:)/.test(hostname);
}

export function parseUrl(text: string, base?: URL): URL | undefined {
  try {
    return new URL(text, base);
  } catch (error) {
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}
