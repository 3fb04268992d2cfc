import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import type { TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

/** What a bad line does to what the server says (the toxics of toxiproxy). */
export type LineTrouble =
  /** Every piece comes later. */
  | { readonly kind: 'latency'; readonly ms: number }
  /** Pieces of so many bytes, with a pause after each. */
  | { readonly kind: 'slices'; readonly bytes: number; readonly pauseMs: number }
  /** Connections end after so many bytes, until so many have ended: with a reset, or as if that were all. */
  | { readonly kind: 'ends'; readonly afterBytes: number; readonly times: number; readonly how: 'reset' | 'close' }
  /** Nothing ever comes. */
  | { readonly kind: 'silence' }
  /** The end of the connection comes later than its last bytes. */
  | { readonly kind: 'slow-close'; readonly ms: number };

/** A port whose connections lead to a server on loopback over a bad line; its `127.0.0.1:port`. It ends after the test. */
export async function badLine(test: TestContext, port: number, trouble: LineTrouble): Promise<string> {
  const sockets = new Set<Socket>();
  let left = trouble.kind === 'ends' ? trouble.times : 0;
  const mayEnd = (): boolean => {
    left -= 1;
    return left >= 0;
  };
  const server = createServer((client) => {
    const upstream = connect(port, '127.0.0.1');
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      // Either side may go first; the other one is ended below.
      socket.on('error', () => undefined);
    }
    client.on('data', (chunk) => upstream.write(chunk));
    client.on('close', () => upstream.destroy());
    void carry(upstream, client, trouble, mayEnd);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  test.after(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  const address = server.address();
  return `127.0.0.1:${String(typeof address === 'object' ? address?.port : 0)}`;
}

async function carry(from: Socket, to: Socket, trouble: LineTrouble, mayEnd: () => boolean): Promise<void> {
  let sent = 0;
  try {
    for await (const chunk of from) {
      const bytes: Uint8Array = chunk instanceof Uint8Array ? chunk : Buffer.from('');
      if (trouble.kind === 'silence') continue;
      if (trouble.kind === 'latency') await sleep(trouble.ms);
      const isOver =
        trouble.kind === 'ends' && sent < trouble.afterBytes && sent + bytes.byteLength >= trouble.afterBytes;
      const ending = isOver && mayEnd() ? trouble : undefined;
      const part = ending === undefined ? bytes : bytes.subarray(0, ending.afterBytes - sent);
      const step = trouble.kind === 'slices' ? trouble.bytes : Math.max(1, part.byteLength);
      for (let at = 0; at < part.byteLength; at += step) {
        to.write(part.subarray(at, at + step));
        if (trouble.kind === 'slices') await sleep(trouble.pauseMs);
      }
      sent += part.byteLength;
      if (ending === undefined) continue;
      if (ending.how === 'reset') to.resetAndDestroy();
      else to.end();
      return;
    }
    if (trouble.kind === 'slow-close') await sleep(trouble.ms);
    to.end();
  } catch {
    // The server's side broke: so does ours.
    to.destroy();
  }
}
