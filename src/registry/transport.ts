import { Readable } from 'node:stream';
import { Agent } from 'undici';
import type { Headers, HttpBody, HttpRequest, HttpResponse, Transport } from './http.ts';

const CONNECT_TIMEOUT_MS = 15_000;
/** A registry may take minutes to finish a large upload, and answers only then. */
const HEADERS_TIMEOUT_MS = 300_000;
const BODY_TIMEOUT_MS = 60_000;
const MAX_DISCARD_BYTES = 64 * 1024;

/**
 * HTTP over undici: the only home of that package. Connections are kept alive and not limited here, since an upload may hold one
 * while it waits for a download from the same host; the callers' limiter bounds them.
 */
export function createTransport(): Transport {
  const agent = new Agent({
    connect: { timeout: CONNECT_TIMEOUT_MS },
    headersTimeout: HEADERS_TIMEOUT_MS,
    bodyTimeout: BODY_TIMEOUT_MS,
    keepAliveTimeout: 30_000,
    pipelining: 1,
  });
  return {
    send: (request, signal) => send(agent, request, signal),
    [Symbol.asyncDispose]: () => agent.destroy(),
  };
}

async function send(agent: Agent, request: HttpRequest, signal: AbortSignal): Promise<HttpResponse> {
  signal.throwIfAborted();
  const source = bodySource(request.body, signal);
  try {
    const { statusCode, headers, body } = await agent.request({
      origin: request.url.origin,
      path: `${request.url.pathname}${request.url.search}`,
      method: request.method,
      headers: { ...request.headers, ...source.headers },
      body: source.body,
      signal,
    });
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
    throw source.failure() ?? error;
  }
}

interface BodySource {
  readonly body: Readable | Uint8Array | null;
  readonly headers: Headers;
  /** What the source of the bytes threw: its own error says more than the request's. */
  readonly failure: () => unknown;
}

function bodySource(body: HttpBody | undefined, signal: AbortSignal): BodySource {
  const none = (): undefined => undefined;
  if (body === undefined) return { body: null, headers: {}, failure: none };
  if (body.kind === 'bytes')
    return { body: body.bytes, headers: { 'content-length': String(body.bytes.byteLength) }, failure: none };
  const headers = { 'content-length': String(body.size) };
  if (body.size === 0) return { body: null, headers, failure: none };
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
