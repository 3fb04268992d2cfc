import { once } from 'node:events';
import { createServer } from 'node:http';
import type { TestContext } from 'node:test';

export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: string;
}

export interface OtherOrigin {
  /** `http://127.0.0.1:port`. */
  readonly url: string;
  readonly seen: SeenRequest[];
}

interface PlainAnswer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
}

/** A plain HTTP server on loopback that writes down everything that it is sent. It stops after the test. */
export async function otherOrigin(
  test: TestContext,
  answer: (request: SeenRequest) => PlainAnswer = () => ({}),
): Promise<OtherOrigin> {
  const seen: SeenRequest[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { method = '', url: path = '', headers } = request;
      const line = { method, path, headers, body: Buffer.concat(chunks).toString('latin1') };
      seen.push(line);
      const { status = 200, headers: extra = {}, body = '' } = answer(line);
      response.writeHead(status, extra).end(body);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  test.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  return { url: `http://127.0.0.1:${String(typeof address === 'object' ? address?.port : 0)}`, seen };
}
