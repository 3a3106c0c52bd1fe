// Finds free loopback ports and says why one cannot be used.
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

/** Why nothing can listen there, in one sentence that names the variable to change; null when it can. */
export async function portProblem(variable: string, host: string, port: number): Promise<string | null> {
  const server = createServer();
  const code = await new Promise<string | null>((resolve) => {
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.listen({ host, port, exclusive: true }, () => resolve(null));
  });
  if (code === null) {
    server.close();
    await once(server, 'close');
    return null;
  }
  if (code === 'EADDRINUSE') {
    return `Port ${port} on ${host} is in use: stop what listens there, or choose another port with ${variable}.`;
  }
  if (code === 'EACCES') return `This user may not listen on port ${port}: choose one above 1023 with ${variable}.`;
  return `Nothing can listen on ${host}, port ${port} (${code}): check HOST and ${variable}.`;
}
