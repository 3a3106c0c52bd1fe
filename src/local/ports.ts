// Finds free loopback ports and tells whether one is taken.
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';

/** A port on 127.0.0.1 that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** Whether something else already listens there (or we may not). */
export async function isTaken(host: string, port: number): Promise<boolean> {
  const server = createServer();
  const outcome = await new Promise<boolean>((resolve) => {
    server.once('error', () => resolve(true));
    server.listen({ host, port, exclusive: true }, () => resolve(false));
  });
  await new Promise((resolve) => server.close(resolve));
  return outcome;
}
