// A provider that misbehaves on command: a plain HTTP server whose every answer the test decides, down to the bytes.
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Cache } from '../../src/cache/cache.ts';
import { createMemoryCache } from '../../src/cache/memory.ts';
import { type Config, readConfig } from '../../src/config.ts';

export interface ReceivedCall {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** What to do with one call: `json` answers it, `response` and `socket` allow everything else. */
export interface Exchange {
  readonly call: ReceivedCall;
  readonly response: ServerResponse;
  readonly socket: Socket;
  json(status: number, body: unknown, headers?: Record<string, string>): void;
}

export interface HostileProvider {
  readonly url: string;
  readonly port: number;
  /** Every call but those for a token. */
  readonly calls: ReceivedCall[];
  readonly tokenCalls: ReceivedCall[];
  /** Replaces what is done with calls; the token endpoint keeps answering `token-<n>` unless `onToken` is replaced too. */
  on(handle: (exchange: Exchange) => void): void;
  onToken(handle: (exchange: Exchange) => void): void;
  close(): Promise<void>;
}

export async function startHostileProvider(): Promise<HostileProvider> {
  const calls: ReceivedCall[] = [];
  const tokenCalls: ReceivedCall[] = [];
  let handle: (exchange: Exchange) => void = ({ json }) => json(500, {});
  let handleToken: (exchange: Exchange) => void = ({ json }) =>
    json(200, { status: 200, token: `token-${tokenCalls.length}` });
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => {
      body += chunk;
    });
    request.on('end', () => {
      const call = { method: request.method ?? '', path: request.url ?? '', headers: request.headers, body };
      const isToken = call.path.endsWith('/auth/token');
      (isToken ? tokenCalls : calls).push(call);
      const json: Exchange['json'] = (status, answer, headers = {}) => {
        response.writeHead(status, { 'content-type': 'application/json', ...headers });
        response.end(JSON.stringify(answer));
      };
      (isToken ? handleToken : handle)({ call, response, socket: request.socket, json });
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/v1`,
    port,
    calls,
    tokenCalls,
    on(next) {
      handle = next;
    },
    onToken(next) {
      handleToken = next;
    },
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** A configuration for `url`, compressed where time matters; `more` overrides any variable. */
export function providerConfig(url: string, more: Record<string, string> = {}): Config {
  return readConfig({
    DATABASE_URL: 'postgres://unused',
    DATA_ENCRYPTION_KEY: Buffer.alloc(32, 7).toString('base64'),
    EVERSEND_WEBHOOK_SECRET: 'unused',
    EVERSEND_BASE_URL: url,
    EVERSEND_CLIENT_ID: 'client',
    EVERSEND_CLIENT_SECRET: 'secret',
    PROVIDER_TIMEOUT_MS: '3000',
    PROVIDER_CONNECT_TIMEOUT_MS: '300',
    PROVIDER_RATE_PER_SECOND: '0',
    QUOTATION_MARGIN_MS: '1000',
    RETRY_BASE_MS: '40',
    ...more,
  });
}

/** One cache for several "processes" of a test, without a server. */
export function createTestCache(): Cache & { readonly values: Map<string, string> } {
  const values = new Map<string, string>();
  const expires = new Map<string, number>();
  return {
    values,
    ...createMemoryCache(),
    async get(key) {
      return (expires.get(key) ?? 0) > performance.now() ? (values.get(key) ?? null) : null;
    },
    async set(key, value, ttlMs) {
      values.set(key, value);
      expires.set(key, performance.now() + ttlMs);
    },
    async delete(key) {
      values.delete(key);
    },
    ping: async () => true,
    close: async () => undefined,
  };
}
