// One request and its answer, as every part of the HTTP layer needs to know it.
import type { Context as HonoContext } from 'hono';
import type { Verdict } from '../limits/limit.ts';
import { type Headers, SECURITY_HEADERS } from './headers.ts';
import { limitFields } from './limit-fields.ts';

/** What is known about a request, filled in on its way; the access log is written from it. */
export interface Exchange {
  readonly requestId: string;
  readonly clientAddress: string | null;
  readonly startedAt: number;
  /** The route's pattern, never the path itself: a caller may write anything into a path, a phone number too. */
  route: string | null;
  merchantId: string | null;
  apiKeyId: string | null;
  /** The problem's code, when the answer is one. */
  code: string | null;
  /** The limits it was counted against, and what is left of them. */
  readonly limits: Verdict[];
  /** What a page of another origin may know of the answer; null where nobody asked or nobody may. */
  cors: Headers | null;
  /** Whether the answer was made by `answer`, and so is complete. */
  complete: boolean;
}

export interface HttpEnv {
  Bindings: { incoming?: { socket?: { remoteAddress?: string } } };
  Variables: { exchange: Exchange };
}
export type HttpContext = HonoContext<HttpEnv>;

/** The final answer: every header at once, so that the server can write it without building a Headers object. */
export function answer(
  c: HttpContext,
  of: {
    status: number;
    body: string | Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array> | null;
    contentType?: string;
    headers?: Headers;
  },
  security: Headers = SECURITY_HEADERS,
): Response {
  const exchange = c.get('exchange');
  exchange.complete = true;
  return new Response(of.body, {
    status: of.status,
    headers: {
      ...(of.contentType === undefined ? undefined : { 'content-type': of.contentType }),
      'x-request-id': exchange.requestId,
      ...security,
      ...limitFields(exchange.limits),
      ...exchange.cors,
      ...of.headers,
    },
  });
}
