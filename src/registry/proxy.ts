import { BlockList, isIP } from 'node:net';
import { SlipwayError } from '../core/errors.ts';
import { isLoopback, parseUrl } from './address.ts';
import type { ProxyVariable, ProxyVariables } from './network-options.ts';

/** The proxy that a request goes through. */
export interface Proxy {
  readonly url: URL;
  /** `Proxy-Authorization`; secret. */
  readonly authorization?: string;
  /** For messages: `http://proxy:3128 (HTTPS_PROXY)`, without credentials. */
  readonly shown: string;
}

/**
 * The proxy for an URL, by its scheme: HTTPS_PROXY, HTTP_PROXY, else ALL_PROXY; none for loopback and what NO_PROXY lists. Throws
 * `ARGUMENT_INVALID` for a variable that is no HTTP proxy; an ALL_PROXY of another kind is passed over.
 */
export function proxyFor(url: URL, variables: ProxyVariables): Proxy | undefined {
  const own = url.protocol === 'https:' ? variables.https : variables.http;
  const variable = own ?? variables.all;
  if (variable === undefined || isLoopback(url.hostname) || isExempt(url, variables.no)) return undefined;
  const proxy = parseProxy(variable);
  if (proxy === undefined && own !== undefined) throw invalid(own);
  return proxy;
}

/** `host:port`, also without a scheme. */
function parseProxy({ name, value }: ProxyVariable): Proxy | undefined {
  const url = parseUrl(value.includes('://') ? value : `http://${value}`);
  if (url === undefined || (url.protocol !== 'http:' && url.protocol !== 'https:') || url.hostname === '')
    return undefined;
  const user = decode(url.username);
  const authorization =
    user === '' ? undefined : `Basic ${Buffer.from(`${user}:${decode(url.password)}`).toString('base64')}`;
  return {
    url: new URL(url.origin),
    shown: `${url.origin} (${name})`,
    ...(authorization === undefined ? {} : { authorization }),
  };
}

/**
 * NO_PROXY as Go reads it: `*`; a host and all below it; `.host` and `*.host`: all below it; an address; a CIDR range; each but the
 * last with an optional port. Commas or blanks between them.
 */
export function isExempt(url: URL, list: string): boolean {
  const host = url.hostname
    .replace(/^\[|\]$/g, '')
    .toLowerCase()
    .replace(/\.$/, '');
  const port = url.port === '' ? (url.protocol === 'https:' ? '443' : '80') : url.port;
  return list
    .split(/[\s,]+/)
    .filter((entry) => entry !== '')
    .some((entry) => entry === '*' || isMet(entry.toLowerCase(), host, port));
}

function isMet(entry: string, host: string, port: string): boolean {
  if (entry.includes('/')) return isInRange(entry, host);
  const { name, wantedPort } = splitPort(entry);
  if (wantedPort !== undefined && wantedPort !== port) return false;
  if (isIP(name) !== 0) return isIP(host) !== 0 && isInRange(`${name}/${isIP(name) === 4 ? '32' : '128'}`, host);
  if (name.startsWith('.') || name.startsWith('*.')) return host.endsWith(name.replace(/^\*/, ''));
  return host === name || host.endsWith(`.${name}`);
}

/** `host:port`, `[::1]:port`, `::1`. */
function splitPort(entry: string): { readonly name: string; readonly wantedPort?: string } {
  const match = /^(?:\[([^\]]+)\]|([^:]+))(?::(\d+))?$/.exec(entry);
  if (match === null) return { name: entry };
  const name = match[1] ?? match[2] ?? '';
  return match[3] === undefined ? { name } : { name, wantedPort: match[3] };
}

function isInRange(range: string, host: string): boolean {
  const [network = '', bits = ''] = range.split('/');
  const [family, hostFamily] = [isIP(network), isIP(host)];
  const prefix = Number(bits);
  if (family === 0 || hostFamily === 0 || !/^\d{1,3}$/.test(bits) || prefix > (family === 4 ? 32 : 128)) return false;
  const block = new BlockList();
  block.addSubnet(network, prefix, family === 4 ? 'ipv4' : 'ipv6');
  return block.check(host, hostFamily === 4 ? 'ipv4' : 'ipv6');
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (error) {
    if (error instanceof URIError) return text;
    throw error;
  }
}

/** The value may hold a password: it is not shown. */
function invalid({ name }: ProxyVariable): SlipwayError {
  return new SlipwayError('ARGUMENT_INVALID', `${name} does not name an HTTP proxy`, {
    hint: `write ${name}=http://[user:password@]host:port; other kinds of proxies are not supported`,
  });
}
