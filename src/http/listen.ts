// The listening socket: deadlines against slow senders, complete answers to what is not even HTTP, and a stop that loses nothing.
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { getRequestListener } from '@hono/node-server';
import { SECURITY_HEADERS } from './headers.ts';
import { problemBody } from './problem.ts';
import { requestIdOf } from './request-id.ts';

/** A client that needs longer for its headers, or for a body of at most a megabyte, is not trying. */
const DEADLINES = {
  headersMs: 10_000,
  requestMs: 15_000,
  /** How often Node looks for those that are over; its default of 30 s would make the deadlines meaningless. */
  checkMs: 1000,
};
/** Longer than load balancers keep theirs (60 s), so that it is they who close an idle connection, and no request is lost in between. */
const KEEP_ALIVE_MS = 65_000;

export interface Listening {
  readonly port: number;
  /** Accepts nothing new, lets what runs finish within `graceMs`, then cuts what is left. */
  close(graceMs: number): Promise<void>;
}

/** Raises the socket's error (EADDRINUSE and the like). `port` 0 takes a free one. */
export async function listen(
  fetch: (request: Request, env: never) => Response | Promise<Response>,
  of: { host: string; port: number; deadlines?: typeof DEADLINES },
): Promise<Listening> {
  const { headersMs, requestMs, checkMs } = of.deadlines ?? DEADLINES;
  const server = createServer(
    {
      headersTimeout: headersMs,
      requestTimeout: requestMs,
      connectionsCheckingInterval: checkMs,
      keepAliveTimeout: KEEP_ALIVE_MS,
      // A request without Host is refused all the same, by the listener below, with a complete answer.
      requireHostHeader: false,
    },
    getRequestListener((request, env) => fetch(request, env as never), { errorHandler: () => unreadable() }),
  );
  server.on('clientError', answerUnparsed);
  server.listen(of.port, of.host);
  await once(server, 'listening');
  return { port: (server.address() as AddressInfo).port, close: (graceMs) => close(server, graceMs) };
}

async function close(server: Server, graceMs: number): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  // A connection whose request has just ended would otherwise wait for another one.
  const sweeping = setInterval(() => server.closeIdleConnections(), 50);
  const cutting = setTimeout(() => server.closeAllConnections(), graceMs);
  try {
    await closed;
  } finally {
    clearInterval(sweeping);
    clearTimeout(cutting);
  }
}

/** For a request whose address or Host cannot be understood: it never reached the application. */
function unreadable(): Response {
  const requestId = requestIdOf(undefined);
  const detail = 'The request line or a header is not valid HTTP.';
  const headers = { 'content-type': 'application/problem+json', 'x-request-id': requestId, ...SECURITY_HEADERS };
  return new Response(problemBody({ status: 400, code: 'bad_request', detail, requestId }), { status: 400, headers });
}

const UNPARSED = new Map([
  ['HPE_HEADER_OVERFLOW', { status: '431 Request Header Fields Too Large', detail: 'Send fewer or shorter headers.' }],
  ['ERR_HTTP_REQUEST_TIMEOUT', { status: '408 Request Timeout', detail: 'The request did not arrive in time.' }],
  ['HPE_CHUNK_EXTENSIONS_OVERFLOW', { status: '413 Content Too Large', detail: 'Send chunks without extensions.' }],
]);

/** What Node's parser refused (smuggling attempts among it) is answered like everything else, and the connection ends. */
function answerUnparsed(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const { status, detail } = UNPARSED.get(error.code ?? '') ?? {
    status: '400 Bad Request',
    detail: 'The request line or a header is not valid HTTP.',
  };
  const requestId = requestIdOf(undefined);
  const body = problemBody({ status: Number(status.slice(0, 3)), code: 'bad_request', detail, requestId });
  const headers = Object.entries({ 'x-request-id': requestId, ...SECURITY_HEADERS }).map(
    ([name, value]) => `${name}: ${value}\r\n`,
  );
  const type = `content-type: application/problem+json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n`;
  socket.end(`HTTP/1.1 ${status}\r\n${type}${headers.join('')}connection: close\r\n\r\n${body}`);
}
