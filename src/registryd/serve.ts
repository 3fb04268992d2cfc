import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { once } from 'node:events';
import type { Context } from '../core/context.ts';
import { hasCode, isSystem, messageOf, SlipwayError } from '../core/errors.ts';
import { errorAnswer, type Answer } from './answer.ts';
import { createGate, type ServerAuth } from './auth.ts';
import type { RegistryBackend } from './backend.ts';
import { applyFault, type Fault } from './fault.ts';
import { handle } from './handle.ts';
import { countedBody } from './request-body.ts';
import { watchQuietSockets, type QuietSockets } from './quiet-sockets.ts';
import { sendAnswer } from './send.ts';
import { createUploadSessions } from './sessions.ts';

export { archiveBackend } from './archive-backend.ts';
export { htpasswdUsers } from './htpasswd.ts';
export { folderRepository } from '../store/image-names.ts';
export { layoutBackend } from './layout-backend.ts';
export { memoryBackend } from './memory-backend.ts';

const SWEEP_MS = 20;
const GRACE_MS = 5000;

/** A running registry. Disposing it ends the answers under way, drops unfinished uploads and frees the port. */
export interface RegistryServer extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
  /** `http://host:port`, or `https:`. */
  readonly url: string;
}

export interface RequestLine {
  readonly method: string;
  /** Path and query as sent. */
  readonly path: string;
  /** 0 when the connection was closed without an answer. */
  readonly status: number;
  /** Bytes of the request's body that were read. */
  readonly bodyBytes: number;
}

/** What a request looks like before it is answered. */
export interface ServerRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
}

export interface ServeOptions {
  /** `host:port`; default `127.0.0.1:0`. */
  readonly listen?: string;
  readonly readOnly?: boolean;
  readonly auth?: ServerAuth;
  /** Certificate (with its chain) and key as PEM: HTTPS instead of HTTP. With `clientCa`, clients have to show one that it signed. */
  readonly tls?: { readonly cert: string; readonly key: string; readonly clientCa?: string };
  /** Called after each answer. */
  readonly onRequest?: (request: RequestLine) => void;
  /** A fault for this request, for tests. */
  readonly intercept?: (request: ServerRequest) => Fault | undefined;
}

/**
 * Serves a backend over HTTP (OCI distribution-spec) until it is disposed or `ctx.signal` fires. Throws `ARGUMENT_INVALID` for a
 * bad address, `WRITE_FAILED` when the port cannot be had.
 */
export async function serveRegistry(
  backend: RegistryBackend,
  ctx: Context,
  options: ServeOptions = {},
): Promise<RegistryServer> {
  const { host, port } = parseListen(options.listen ?? '127.0.0.1:0');
  const sessions = createUploadSessions();
  let url = '';
  const gate = createGate(options.auth, () => url);

  const answerTo = async (request: IncomingMessage, path: URL, body: AsyncIterable<Uint8Array>): Promise<Answer> => {
    const call = {
      method: request.method ?? 'GET',
      query: path.searchParams,
      headers: headersOf(request),
      body,
      backend,
      sessions,
      ctx,
    };
    try {
      return await handle(call, decodePath(path), gate, options);
    } catch (error) {
      return failure(error, ctx);
    }
  };
  const respond = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const method = request.method ?? 'GET';
    const path = request.url ?? '/';
    const fault = options.intercept?.({ method, path, headers: headersOf(request) });
    const received = countedBody(request);
    const outcome = await applyFault(fault, (cutAfter) => {
      if (cutAfter !== undefined) received.cutAfter(cutAfter);
      return answerTo(request, new URL(`http://registry${path.startsWith('/') ? path : '/'}`), received.body);
    });
    const status = outcome.kind === 'close' ? 0 : outcome.answer.status;
    options.onRequest?.({ method, path, status, bodyBytes: received.bytes() });
    if (outcome.kind === 'close') {
      response.destroy();
      return;
    }
    await sendAnswer(response, outcome.answer, method, outcome.cutAfter);
    // An answer that came before the whole request was read: the rest is taken off the wire, so that the connection can go on.
    request.resume();
  };
  const onRequest = (request: IncomingMessage, response: ServerResponse): void => {
    respond(request, response).catch((error: unknown) => {
      response.destroy();
      ctx.emit({ type: 'log', level: 'debug', message: `registry: ${messageOf(error)}` });
    });
  };
  const server = makeServer(options.tls, onRequest);
  const quiet = watchQuietSockets(server, { isTls: options.tls !== undefined });
  // Large uploads take as long as they take.
  server.requestTimeout = 0;
  const bound = await listen(server, host, port);
  url = `${options.tls === undefined ? 'http' : 'https'}://${host.includes(':') ? `[${host}]` : host}:${String(bound)}`;

  let closing: Promise<void> | undefined;
  const close = (): Promise<void> => {
    ctx.signal.removeEventListener('abort', onAbort);
    closing ??= stop(server, quiet).finally(() => sessions.abortAll());
    return closing;
  };
  const onAbort = (): void => void close();
  ctx.signal.addEventListener('abort', onAbort, { once: true });
  // A signal that fired before there was a listener fires no more.
  if (ctx.signal.aborted) await close();
  ctx.signal.throwIfAborted();
  return { host, port: bound, url, [Symbol.asyncDispose]: close };
}

function makeServer(
  tls: ServeOptions['tls'],
  onRequest: (request: IncomingMessage, response: ServerResponse) => void,
): Server {
  if (tls === undefined) return createServer(onRequest);
  try {
    const clients = tls.clientCa === undefined ? {} : { ca: tls.clientCa, requestCert: true, rejectUnauthorized: true };
    return createTlsServer({ cert: tls.cert, key: tls.key, minVersion: 'TLSv1.2', ...clients }, onRequest);
  } catch (error) {
    throw new SlipwayError('ARGUMENT_INVALID', `the certificate and key cannot be used: ${messageOf(error)}`, {
      exit: 3,
      cause: error,
      hint: 'both are PEM files, and the key is that of the first certificate',
    });
  }
}

/** Ends idle connections at once and busy ones with their answer, or after a grace time. */
async function stop(server: Server, quiet: QuietSockets): Promise<void> {
  const sweep = setInterval(quiet.closeAll, SWEEP_MS);
  const last = setTimeout(() => server.closeAllConnections(), GRACE_MS);
  try {
    await new Promise<void>((resolve) => {
      server.close(() => resolve());
    });
  } finally {
    clearInterval(sweep);
    clearTimeout(last);
  }
}

function parseListen(text: string): { readonly host: string; readonly port: number } {
  const match = /^(?:\[([0-9a-fA-F:]+)\]|([^:]*)):(\d{1,5})$/.exec(text);
  const port = Number(match?.[3]);
  if (match === null || port > 65_535)
    throw new SlipwayError('ARGUMENT_INVALID', `"${text}" is not an address to listen on`, {
      hint: 'write HOST:PORT, for example 127.0.0.1:5000',
    });
  const host = match[1] ?? match[2] ?? '';
  return { host: host === '' ? '127.0.0.1' : host, port };
}

async function listen(server: Server, host: string, port: number): Promise<number> {
  try {
    server.listen(port, host);
    await once(server, 'listening');
  } catch (error) {
    if (!isSystem(error, 'EADDRINUSE', 'EACCES', 'EADDRNOTAVAIL', 'ENOTFOUND')) throw error;
    throw new SlipwayError('WRITE_FAILED', `cannot listen on ${host}:${String(port)}: ${messageOf(error)}`, {
      cause: error,
      hint: 'choose another address with --listen',
    });
  }
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : port;
}

function headersOf(request: IncomingMessage): Readonly<Record<string, string | undefined>> {
  const entries = Object.entries(request.headers);
  return Object.fromEntries(
    entries.map(([name, value]) => [name, typeof value === 'object' ? value.join(', ') : value]),
  );
}

function decodePath(url: URL): string {
  try {
    return decodeURIComponent(url.pathname);
  } catch (error) {
    if (error instanceof URIError) return url.pathname;
    throw error;
  }
}

/** What a backend's error looks like outside: its message names no more than the backend's own files. */
function failure(error: unknown, ctx: Context): Answer {
  if (hasCode(error, 'NOT_SUPPORTED')) return errorAnswer(405, 'UNSUPPORTED', error.message);
  ctx.emit({ type: 'log', level: 'error', message: `registry: ${messageOf(error)}` });
  return errorAnswer(500, 'UNSUPPORTED', 'the registry could not do that; its log says why');
}
