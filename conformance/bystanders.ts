// What stands beside the simulator: another host that should hear nothing, a relay that counts bytes, a receiver of callbacks.
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import { type AddressInfo, connect, createServer as createTcpServer, type Server, type Socket } from 'node:net';
import { buffer } from 'node:stream/consumers';

const portOf = (server: Server) => (server.address() as AddressInfo).port;

export interface Received {
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** An HTTP server that answers 200 to everything and keeps what it was sent. */
export async function startListener(): Promise<{ url: string; received: Received[]; close(): Promise<void> }> {
  const received: Received[] = [];
  const server = createServer(async (request, response) => {
    received.push({ headers: request.headers, body: await buffer(request) });
    response.end('{}');
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return {
    url: `http://127.0.0.1:${portOf(server)}`,
    received,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Passes bytes between its callers and `port`, and counts those that went to the callers. */
export async function startRelay(port: number): Promise<{ port: number; given(): number; close(): Promise<void> }> {
  const sockets = new Set<Socket>();
  let given = 0;
  const server = createTcpServer((caller) => {
    const target = connect(port, '127.0.0.1');
    for (const socket of [caller, target]) {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        caller.destroy();
        target.destroy();
      });
    }
    target.on('data', (chunk: Buffer) => {
      given += chunk.length;
    });
    caller.pipe(target);
    target.pipe(caller);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return {
    port: portOf(server),
    given: () => given,
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** A port on which nobody listens. */
export async function deadPort(): Promise<number> {
  const server = createTcpServer();
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const port = portOf(server);
  await new Promise((resolve) => server.close(resolve));
  return port;
}
