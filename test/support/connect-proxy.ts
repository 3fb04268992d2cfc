import { once } from 'node:events';
import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import { connect, type Socket } from 'node:net';
import type { TestContext } from 'node:test';

export interface TestProxy {
  /** `127.0.0.1:port`. */
  readonly address: string;
  /** What was asked of it: `CONNECT registry.test:443`, `GET http://registry.test/v2/`. */
  readonly asked: string[];
  /** `Proxy-Authorization` of each. */
  readonly authorizations: (string | undefined)[];
}

export interface TestProxyOptions {
  /** `host:port` as asked for → port on loopback where it really is. Others answer 502. */
  readonly routes: ReadonlyMap<string, number>;
  /** Answers this to everything. */
  readonly status?: number;
}

/** An HTTP proxy on a free loopback port: tunnels, and plain HTTP with whole URLs. It stops after the test. */
export async function startProxy(test: TestContext, { routes, status }: TestProxyOptions): Promise<TestProxy> {
  const asked: string[] = [];
  const authorizations: (string | undefined)[] = [];
  const sockets = new Set<Socket>();
  const note = (request: IncomingMessage): void => {
    asked.push(`${request.method ?? ''} ${request.url ?? ''}`);
    authorizations.push(request.headers['proxy-authorization']);
  };
  const server = createServer((request, response) => {
    note(request);
    const url = new URL(request.url ?? '');
    const port = routes.get(`${url.hostname}:${url.port === '' ? '80' : url.port}`);
    if (status !== undefined || port === undefined) response.writeHead(status ?? 502).end();
    else forward(request, response, { port, path: `${url.pathname}${url.search}` });
  });
  server.on('connection', (socket) => sockets.add(socket));
  server.on('connect', (request: IncomingMessage, socket: Socket) => {
    note(request);
    socket.on('error', () => socket.destroy());
    const port = routes.get(request.url ?? '');
    if (status !== undefined || port === undefined) {
      socket.end(`HTTP/1.1 ${String(status ?? 502)} No\r\n\r\n`);
      return;
    }
    const upstream = connect(port, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      upstream.pipe(socket).pipe(upstream);
    });
    sockets.add(upstream);
    upstream.on('error', () => socket.destroy());
    socket.on('close', () => upstream.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  test.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return { address: `127.0.0.1:${String(address.port)}`, asked, authorizations };
}

function forward(
  request: IncomingMessage,
  response: ServerResponse,
  { port, path }: { readonly port: number; readonly path: string },
): void {
  const call = httpRequest({ host: '127.0.0.1', port, path, method: request.method, headers: request.headers });
  call.on('response', (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(response);
  });
  call.on('error', () => response.destroy());
  request.pipe(call);
}
