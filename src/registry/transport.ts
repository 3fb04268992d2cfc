import { Readable } from 'node:stream';
import type { buildConnector } from 'undici';
import request from 'undici/lib/api/api-request.js';
import Agent from 'undici/lib/dispatcher/agent.js';
import { collect } from '../core/bytes.ts';
import type { Headers, HttpBody, HttpRequest, HttpResponse, Transport } from './http.ts';
import { proxyFor, type Proxy } from './proxy.ts';
import { proxyFailure, refusedByProxy } from './proxy-tunnel.ts';
import { createConnect, type Connect, type Connecting } from './transport-connect.ts';

/** A registry may take minutes to finish a large upload, and answers only then. */
const HEADERS_TIMEOUT_MS = 300_000;
const BODY_TIMEOUT_MS = 60_000;
const MAX_DISCARD_BYTES = 64 * 1024;
/** A smaller body is read whole before it is sent: that costs less than a stream, and nothing of what cannot be read is sent. */
const GATHERED_BYTES = 512 * 1024;

/**
 * HTTP over undici: the only home of that package. Connections are kept alive and not limited here, since an upload may hold one
 * while it waits for a download from the same host; the callers' limiter bounds them.
 */
export function createTransport(connecting: Connecting): Transport {
  const { network } = connecting;
  const agent = new Agent({
    connect: connectorOf(createConnect(connecting)),
    headersTimeout: network.timeoutMs ?? HEADERS_TIMEOUT_MS,
    bodyTimeout: network.timeoutMs ?? BODY_TIMEOUT_MS,
    keepAliveTimeout: 30_000,
    pipelining: 1,
  });
  return {
    send: (request, signal) => send({ agent, route: routeOf(request.url, network) }, request, signal),
    [Symbol.asyncDispose]: () => agent.destroy(),
  };
}

/** Where a request goes on the wire: plain HTTP over a proxy is asked of the proxy, with the whole URL. */
interface Route {
  readonly proxy?: Proxy;
  readonly origin: string;
  readonly path: string;
  readonly headers: Headers;
}

function routeOf(url: URL, network: Connecting['network']): Route {
  const path = `${url.pathname}${url.search}`;
  const proxy = url.protocol === 'http:' ? proxyFor(url, network.proxy) : undefined;
  if (proxy === undefined) return { origin: url.origin, path, headers: {} };
  return {
    proxy,
    origin: proxy.url.origin,
    path: `${url.origin}${path}`,
    headers: {
      host: url.host,
      ...(proxy.authorization === undefined ? {} : { 'proxy-authorization': proxy.authorization }),
    },
  };
}

function connectorOf(connect: Connect): buildConnector.connector {
  return ({ protocol, hostname, port }, callback) => {
    const url = new URL(`${protocol}//${hostname}${port === '' ? '' : `:${port}`}`);
    connect(url).then(
      (socket) => callback(null, socket),
      (error: unknown) => callback(error instanceof Error ? error : new Error(String(error)), null),
    );
  };
}

interface Sender {
  readonly agent: Agent;
  readonly route: Route;
}

async function send({ agent, route }: Sender, asked: HttpRequest, signal: AbortSignal): Promise<HttpResponse> {
  signal.throwIfAborted();
  const source = await bodySource(asked.body, signal);
  try {
    const { statusCode, headers, body } = await request.call(agent, {
      origin: route.origin,
      path: route.path,
      method: asked.method,
      headers: { ...route.headers, ...asked.headers, ...source.headers },
      body: source.body,
      // undici would end the connection after each HEAD, and a push begins with one for every blob.
      reset: false,
      signal,
    });
    if (route.proxy !== undefined && statusCode === 407) {
      await body.dump({ limit: MAX_DISCARD_BYTES }).catch(() => undefined);
      throw refusedByProxy(route.proxy, asked.url.host, statusCode);
    }
    // An error that nobody is there to read (a discarded body) must not end the process.
    body.on('error', () => undefined);
    return {
      status: statusCode,
      headers: flatten(headers),
      body: chunksOf(body),
      discard: async () => {
        if (!body.readableEnded && !body.destroyed)
          await body.dump({ limit: MAX_DISCARD_BYTES }).catch(() => undefined);
      },
    };
  } catch (error) {
    signal.throwIfAborted();
    throw source.failure() ?? (route.proxy === undefined ? error : proxyFailure(route.proxy, error));
  }
}

interface BodySource {
  readonly body: Readable | Uint8Array | null;
  readonly headers: Headers;
  /** What the source of the bytes threw: its own error says more than the request's. */
  readonly failure: () => unknown;
}

async function bodySource(body: HttpBody | undefined, signal: AbortSignal): Promise<BodySource> {
  const none = (): undefined => undefined;
  if (body === undefined) return { body: null, headers: {}, failure: none };
  if (body.kind === 'bytes')
    return { body: body.bytes, headers: { 'content-length': String(body.bytes.byteLength) }, failure: none };
  const headers = { 'content-length': String(body.size) };
  if (body.size === 0) return { body: null, headers, failure: none };
  if (body.size <= GATHERED_BYTES) return { body: await gathered(body, signal), headers, failure: none };
  let failed: unknown;
  async function* watched(source: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
    try {
      yield* source;
    } catch (error) {
      failed = error;
      throw error;
    }
  }
  return {
    body: Readable.from(watched(body.open(signal)), { objectMode: false, highWaterMark: 1024 * 1024 }),
    headers,
    failure: () => failed,
  };
}

async function gathered(body: HttpBody & { readonly kind: 'stream' }, signal: AbortSignal): Promise<Uint8Array> {
  try {
    return await collect(body.open(signal), body.size, 'the body of a request');
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  }
}

async function* chunksOf(body: Readable): AsyncIterable<Uint8Array> {
  for await (const chunk of body) if (chunk instanceof Uint8Array) yield chunk;
}

function flatten(headers: Readonly<Record<string, string | string[] | undefined>>): Headers {
  const flat: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) flat[name.toLowerCase()] = typeof value === 'string' ? value : value.join(', ');
  }
  return flat;
}
