import { connect as connectPlain, isIP, type Socket } from 'node:net';
import { connect as connectTls, type SecureContext, type TLSSocket } from 'node:tls';
import type { Clock } from '../core/clock.ts';
import { NetworkError } from './network-error.ts';
import type { NetworkOptions } from './network-options.ts';
import { proxyFor } from './proxy.ts';
import { openTunnel } from './proxy-tunnel.ts';
import { certificateError } from './tls-failure.ts';
import { createTrust, type Trust } from './tls-trust.ts';

const CONNECT_TIMEOUT_MS = 15_000;

export interface Connecting {
  readonly network: NetworkOptions;
  readonly clock: Clock;
  /** Whether the certificate of this host may be anything: it was listed so, and a warning was given. */
  readonly isUnverified: (url: URL) => boolean;
}

/** Opens a connection on which HTTP can be spoken to the origin: over a proxy where one is set, with TLS where it is `https:`. */
export type Connect = (origin: URL) => Promise<Socket>;

export function createConnect(connecting: Connecting): Connect {
  const trust = createTrust(connecting.network);
  const timeoutMs = connecting.network.timeoutMs ?? CONNECT_TIMEOUT_MS;
  return async (origin) => {
    const timer = new AbortController();
    const timeout = setTimeout(() => timer.abort(tooSlow(timeoutMs)), timeoutMs);
    try {
      return await open(origin, connecting, trust, timer.signal);
    } finally {
      clearTimeout(timeout);
    }
  };
}

async function open(origin: URL, connecting: Connecting, trust: Trust, signal: AbortSignal): Promise<Socket> {
  const hostname = hostOf(origin);
  const port = portOf(origin);
  const secureContext = origin.protocol === 'https:' ? await trust.contextFor(hostname, port) : undefined;
  // Plain HTTP goes through a proxy without a tunnel: see transport.ts.
  const found = secureContext === undefined ? undefined : proxyFor(origin, connecting.network.proxy);
  // An HTTPS proxy that is asked for plain HTTP is no target of its own.
  const proxy = found?.url.origin === origin.origin ? undefined : found;
  const tunnel =
    proxy === undefined
      ? undefined
      : await openTunnel({
          proxy,
          target: `${origin.hostname}:${String(port)}`,
          secureContext:
            proxy.url.protocol === 'https:' ? await trust.contextFor(hostOf(proxy.url), portOf(proxy.url)) : undefined,
          signal,
        }).catch(rethrowReason(signal));
  if (secureContext === undefined)
    return ready(connectPlain({ host: hostname, port, keepAlive: true }), 'connect', signal);
  const socket = openTls({ hostname, port, secureContext, tunnel });
  await ready(socket, 'secureConnect', signal);
  if (socket.authorized || connecting.isUnverified(origin)) return socket;
  const refusal = certificateError({
    socket,
    code: errorCode(socket.authorizationError),
    hostname,
    port,
    now: connecting.clock.now(),
  });
  socket.destroy();
  throw refusal;
}

interface TlsTarget {
  readonly hostname: string;
  readonly port: number;
  readonly secureContext: SecureContext;
  readonly tunnel: Socket | undefined;
}

/**
 * Node verifies chain and host name and leaves the verdict in `authorized`; nothing is sent before that was read. It does not end the
 * connection itself, because the certificates that the error has to name are gone then. Sessions are not resumed: a resumed one is not
 * checked for its host again.
 */
function openTls({ hostname, port, secureContext, tunnel }: TlsTarget): TLSSocket {
  return connectTls({
    ...(tunnel === undefined ? { port, keepAlive: true } : { socket: tunnel }),
    host: hostname,
    servername: isIP(hostname) === 0 ? hostname : '',
    secureContext,
    ALPNProtocols: ['http/1.1'],
    rejectUnauthorized: false,
  });
}

/** The socket once it is usable. */
function ready<S extends Socket>(socket: S, event: 'connect' | 'secureConnect', signal: AbortSignal): Promise<S> {
  return new Promise((resolve, reject) => {
    const settle = (then: () => void): void => {
      signal.removeEventListener('abort', onAbort);
      socket.removeListener('error', onError);
      socket.removeListener(event, onReady);
      then();
    };
    const onAbort = (): void =>
      settle(() => {
        socket.on('error', () => undefined);
        socket.destroy();
        reject(reasonOf(signal));
      });
    const onError = (error: Error): void => settle(() => reject(error));
    const onReady = (): void => settle(() => resolve(socket));
    socket.once('error', onError);
    socket.once(event, onReady);
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) onAbort();
  });
}

function rethrowReason(signal: AbortSignal): (error: unknown) => never {
  return (error) => {
    throw signal.aborted ? reasonOf(signal) : error;
  };
}

function reasonOf(signal: AbortSignal): Error {
  return signal.reason instanceof Error ? signal.reason : new Error('the connection was given up');
}

function tooSlow(timeoutMs: number): NetworkError {
  return new NetworkError({
    kind: 'timeout',
    text: `no connection within ${String(Math.round(timeoutMs / 1000))} s`,
    isPassing: true,
  });
}

/** Node says it in an error or, against its types, in the code alone. */
function errorCode(error: unknown): string {
  if (typeof error === 'string') return error;
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}

function hostOf(url: URL): string {
  return url.hostname.replace(/^\[|\]$/g, '');
}

function portOf(url: URL): number {
  if (url.port !== '') return Number(url.port);
  return url.protocol === 'https:' ? 443 : 80;
}
