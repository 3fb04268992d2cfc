import type { Server } from 'node:http';
import type { Socket } from 'node:net';

/** Connections that no answer is under way on: new ones, silent ones, half a request line, between two requests. */
export interface QuietSockets {
  readonly closeAll: () => void;
}

/** Watches a server that does not listen yet. Node's own list of idle connections leaves out those that never sent a whole request. */
export function watchQuietSockets(server: Server, { isTls }: { readonly isTls: boolean }): QuietSockets {
  const quiet = new Set<Socket>();
  const add = (socket: Socket): void => void quiet.add(socket);
  const watch = (socket: Socket): void => {
    add(socket);
    socket.once('close', () => quiet.delete(socket));
  };
  // Over TLS the connection that requests come on is another one, above the one that is known here.
  server.on(isTls ? 'secureConnection' : 'connection', watch);

  server.on('request', ({ socket }, response) => {
    quiet.delete(socket);
    response.once('close', () => {
      if (!socket.destroyed) add(socket);
    });
  });
  return {
    closeAll: () => {
      for (const socket of quiet) socket.destroy();
    },
  };
}
