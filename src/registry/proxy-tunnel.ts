import { request as plainRequest, type IncomingMessage } from 'node:http';
import { request as tlsRequest } from 'node:https';
import type { Socket } from 'node:net';
import type { SecureContext } from 'node:tls';
import { messageOf } from '../core/errors.ts';
import { NetworkError, networkFailure } from './network-error.ts';
import type { Proxy } from './proxy.ts';

export interface TunnelRequest {
  readonly proxy: Proxy;
  /** `host:port` that the proxy is to connect to. */
  readonly target: string;
  /** For a proxy that is spoken to over TLS. */
  readonly secureContext: SecureContext | undefined;
  readonly signal: AbortSignal;
}

/** CONNECT: a connection through the proxy to the target. Throws `NetworkError`, which names the proxy. */
export function openTunnel({ proxy, target, secureContext, signal }: TunnelRequest): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const send = proxy.url.protocol === 'https:' ? tlsRequest : plainRequest;
    const call = send({
      method: 'CONNECT',
      host: proxy.url.hostname.replace(/^\[|\]$/g, ''),
      port: proxy.url.port === '' ? (proxy.url.protocol === 'https:' ? 443 : 80) : Number(proxy.url.port),
      path: target,
      headers: {
        host: target,
        ...(proxy.authorization === undefined ? {} : { 'proxy-authorization': proxy.authorization }),
      },
      agent: false,
      signal,
      ...(secureContext === undefined ? {} : { secureContext }),
    });
    call.once('connect', (response: IncomingMessage, socket: Socket, head: Buffer) => {
      if (response.statusCode === 200) {
        if (head.byteLength > 0) socket.unshift(head);
        resolve(socket);
        return;
      }
      socket.destroy();
      reject(refusedByProxy(proxy, target, response.statusCode ?? 0));
    });
    call.once('error', (error) => {
      reject(signal.aborted ? error : proxyFailure(proxy, error));
    });
    call.end();
  });
}

/** A proxy that answered itself. */
export function refusedByProxy(proxy: Proxy, target: string, status: number): NetworkError {
  const wantsUser = status === 407;
  return new NetworkError({
    kind: 'proxy',
    text: wantsUser
      ? `the proxy ${proxy.shown} wants other credentials`
      : `the proxy ${proxy.shown} answered ${String(status)} when asked to connect to ${target}`,
    isPassing: status === 429 || status === 502 || status === 503 || status === 504,
    hint: wantsUser
      ? 'write them into the variable: http://user:password@host:port'
      : 'check the rules of the proxy, or list the host in NO_PROXY',
    details: { proxy: proxy.shown },
  });
}

/** A failure on the way to a proxy, which it names. */
export function proxyFailure(proxy: Proxy, error: unknown): NetworkError {
  if (error instanceof NetworkError && error.failure.kind === 'proxy') return error;
  const failure = networkFailure(error);
  return new NetworkError(
    {
      kind: 'proxy',
      text: `the proxy ${proxy.shown} could not be used: ${failure?.text ?? messageOf(error)}`,
      isPassing: failure?.isPassing ?? false,
      hint: 'check the proxy variables, or list the host in NO_PROXY',
      details: { proxy: proxy.shown },
    },
    error,
  );
}
