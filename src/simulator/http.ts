// The thin layer over node:http: one call with its path and body, and answers written in one piece.
import type { IncomingMessage, ServerResponse } from 'node:http';

export interface Call {
  readonly method: string;
  /** Without query, repeated slashes collapsed, no slash at the end. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

const MAX_BODY_BYTES = 1_000_000;
const NOTHING = Buffer.alloc(0);

/** Reads the whole request, then hands it on; bodies beyond 1 MB get 413. */
export function receive(request: IncomingMessage, response: ServerResponse, then: (call: Call) => void): void {
  const start = (body: Buffer) => then(makeCall(request, response, body));
  if (request.method === 'GET' || request.method === 'DELETE') {
    start(NOTHING);
    return;
  }
  const chunks: Buffer[] = [];
  let size = 0;
  request.on('data', (chunk: Buffer) => {
    size += chunk.length;
    if (size <= MAX_BODY_BYTES) chunks.push(chunk);
  });
  request.on('end', () => {
    if (size > MAX_BODY_BYTES) {
      return sendJson(response, 413, { code: 413, message: 'request entity too large', success: false });
    }
    return start(chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks));
  });
  // A caller that goes away in the middle of its request has asked for nothing.
  request.on('error', () => response.destroy());
}

function makeCall(request: IncomingMessage, response: ServerResponse, body: Buffer): Call {
  const url = request.url ?? '/';
  const mark = url.indexOf('?');
  const raw = mark === -1 ? url : url.slice(0, mark);
  const collapsed = raw.includes('//') ? raw.replace(/\/{2,}/g, '/') : raw;
  const path = collapsed.length > 1 && collapsed.endsWith('/') ? collapsed.slice(0, -1) : collapsed;
  const query = mark === -1 ? NO_QUERY : new URLSearchParams(url.slice(mark + 1));
  return { method: request.method ?? 'GET', path, query, headers: request.headers, body, request, response };
}

const NO_QUERY = new URLSearchParams();

/** What went wrong with a body that is no JSON. */
export class NotJson extends Error {
  override name = 'NotJson';
}

/** The body as JSON; undefined when there is none. Raises NotJson. */
export function readJson(call: Call): unknown {
  if (call.body.length === 0) return undefined;
  try {
    return JSON.parse(call.body.toString('utf8'));
  } catch {
    throw new NotJson('the body is not valid JSON');
  }
}

export function sendJson(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): void {
  sendText(response, status, JSON.stringify(body), 'application/json; charset=utf-8', headers);
}

export function sendText(
  response: ServerResponse,
  status: number,
  text: string,
  type: string,
  headers: Readonly<Record<string, string>> = {},
): void {
  // A delayed answer may find nobody waiting any more.
  if (response.destroyed || response.headersSent) return;
  response.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(text), ...headers });
  response.end(text);
}
