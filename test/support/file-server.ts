import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';

interface ServedFile {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | string;
  /** The connection ends after so many bytes of the body. */
  readonly cutAfter?: number;
}

interface SeenRequest {
  readonly path: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

export interface FileServer {
  readonly url: string;
  /** Oldest first. */
  readonly requests: SeenRequest[];
  /** What a path answers from now on; absent: 404. */
  readonly set: (path: string, answer: ServedFile | ((request: SeenRequest) => ServedFile)) => void;
}

/** Plain files over HTTP on a free loopback port, which answers an `etag` that is asked for with 304; it stops after the test. */
export async function startFileServer(test: TestContext): Promise<FileServer> {
  const files = new Map<string, (request: SeenRequest) => ServedFile>();
  const requests: SeenRequest[] = [];
  const server = createServer((request, response) => {
    const seen = { path: request.url ?? '', headers: request.headers };
    requests.push(seen);
    const { status = 200, headers = {}, body = '', cutAfter } = files.get(seen.path)?.(seen) ?? { status: 404 };
    const etag = headers['etag'];
    if (etag !== undefined && request.headers['if-none-match'] === etag) {
      response.writeHead(304, { etag }).end();
      return;
    }
    const bytes = Buffer.from(body);
    response.writeHead(status, { 'content-length': String(bytes.byteLength), ...headers });
    if (cutAfter === undefined) response.end(bytes);
    else response.write(bytes.subarray(0, cutAfter), () => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  test.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return {
    url: `http://127.0.0.1:${String(portOf(server.address()))}`,
    requests,
    set: (path, answer) => void files.set(path, typeof answer === 'function' ? answer : () => answer),
  };
}

function portOf(address: AddressInfo | string | null): number {
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  return address.port;
}
