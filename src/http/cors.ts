// What pages of other origins may do: nothing, unless their origin is named; then call the API with a key of their own, never with cookies.
import type { Config } from '../config.ts';
import { answer, type HttpContext } from './exchange.ts';
import type { Headers } from './headers.ts';

const EXPOSED = 'X-Request-Id, RateLimit, RateLimit-Policy, Retry-After, Idempotency-Replayed';
/** Browsers ask again after this many seconds. */
const REMEMBERED = '600';

/** The fields for an answer to a page of `origin`, which may be absent; null where no origin is named at all. */
export function corsFields(config: Pick<Config, 'CORS_ORIGINS'>, origin: string | undefined): Headers | null {
  const [first] = config.CORS_ORIGINS;
  if (first === undefined) return null;
  if (first === '*') return { 'access-control-allow-origin': '*', 'access-control-expose-headers': EXPOSED };
  // The answer differs by origin, also where this one gets nothing.
  if (origin === undefined || !config.CORS_ORIGINS.includes(origin)) return { vary: 'Origin' };
  return { vary: 'Origin', 'access-control-allow-origin': origin, 'access-control-expose-headers': EXPOSED };
}

/** The answer to what a browser asks before it sends a request of a page of a named origin; null for any other request. */
export function answerPreflight(c: HttpContext, methods: readonly string[]): Response | null {
  if (c.req.method !== 'OPTIONS' || c.req.header('access-control-request-method') === undefined) return null;
  if (c.get('exchange').cors?.['access-control-allow-origin'] === undefined) return null;
  const headers = {
    'access-control-allow-methods': methods.join(', '),
    'access-control-allow-headers': 'Authorization, Content-Type, Idempotency-Key, X-Request-Id',
    'access-control-max-age': REMEMBERED,
  };
  return answer(c, { status: 204, body: null, headers });
}
