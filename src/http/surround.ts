// What surrounds every request: its id, the client's address, the headers on whatever comes back, and the line in the log.
import type { MiddlewareHandler } from 'hono';
import { matchedRoutes } from 'hono/route';
import type { Context } from '../context.ts';
import { logAccess } from './access-log.ts';
import { clientAddressOf } from './client-address.ts';
import { corsFields } from './cors.ts';
import type { Exchange, HttpContext, HttpEnv } from './exchange.ts';
import { SECURITY_HEADERS } from './headers.ts';
import { limitFields } from './limit-fields.ts';
import { answerError } from './problem.ts';
import { requestIdOf } from './request-id.ts';

export function surround(ctx: Context): MiddlewareHandler<HttpEnv> {
  const { BASE_PATH } = ctx.config;
  // The API and its description; the console never, nor what only the provider calls.
  const isShared = (path: string) => path.startsWith(`${BASE_PATH}/v1/`) || path === `${BASE_PATH}/openapi.json`;
  const mayShare = ctx.config.CORS_ORIGINS.length > 0;
  return async (c, next) => {
    const exchange: Exchange = {
      requestId: requestIdOf(c.req.header('x-request-id')),
      clientAddress: clientAddressOf({
        // Absent in tests, which call the application without a socket.
        socketAddress: c.env?.incoming?.socket?.remoteAddress,
        forwardedFor: c.req.header('x-forwarded-for'),
        hops: ctx.config.TRUSTED_PROXY_HOPS,
      }),
      startedAt: performance.now(),
      route: null,
      merchantId: null,
      apiKeyId: null,
      code: null,
      limits: [],
      cors: mayShare && isShared(c.req.path) ? corsFields(ctx.config, c.req.header('origin')) : null,
      complete: false,
    };
    c.set('exchange', exchange);
    try {
      await next();
    } catch (raised) {
      // Errors were answered before they come here; this is for whatever else was thrown.
      c.res = answerError(ctx, c, raised);
    }
    if (!exchange.complete) complete(c, exchange);
    logAccess(ctx, exchange, { method: c.req.method, status: c.res.status });
  };
}

/** Answers that were not made by `answer` (the console's, for one) get what they lack; a policy of their own stays. */
function complete(c: HttpContext, exchange: Exchange): void {
  // Every pattern that fits is listed, a catch-all last: the page's own says more.
  const patterns = matchedRoutes(c).map((route) => route.path);
  exchange.route ??=
    patterns.findLast((path) => !path.endsWith('*')) ?? patterns.findLast((path) => path !== '/*') ?? null;
  for (const [name, value] of Object.entries(SECURITY_HEADERS)) if (!c.res.headers.has(name)) c.header(name, value);
  for (const [name, value] of Object.entries({ ...limitFields(exchange.limits), ...exchange.cors }))
    c.header(name, value);
  c.header('x-request-id', exchange.requestId);
}
