// Counts a request against a limit, and refuses it where nothing is left.
import type { MiddlewareHandler, Next } from 'hono';
import type { Context } from '../context.ts';
import { type Limit, refusal, type Verdict } from '../limits/limit.ts';
import { type AddressLimit, addressSubject, limitsOf } from '../limits/limits.ts';
import type { Route } from './define-route.ts';
import type { Exchange, HttpContext, HttpEnv } from './exchange.ts';
import { limitFields } from './limit-fields.ts';
import { answerError } from './problem.ts';

/** Takes one unit for `subject`, to be announced in the answer. Raises RateLimited. */
export function spend(exchange: Exchange, limit: Limit, subject: string): void | Promise<void> {
  const taken = limit.take(subject);
  if (taken instanceof Promise) return taken.then((verdict) => note(exchange, verdict));
  note(exchange, taken);
}

function note(exchange: Exchange, verdict: Verdict): void {
  exchange.limits.push(verdict);
  if (!verdict.allowed) throw refusal(verdict);
}

/** Which limit by address a path has: those routes' own that name one, and the common one for everything else. */
export function addressLimits(routes: readonly Route[], basePath: string): (path: string) => AddressLimit {
  const own = new Map<string, AddressLimit>();
  for (const { scope, limit, path } of routes) if (scope === null) own.set(basePath + path, limit as AddressLimit);
  return (path) => own.get(path) ?? 'address';
}

/**
 * Counts every request by its client's address, whatever it asks for and whoever it says it is. `limitOf` names the limit for a
 * path.
 */
export function limitAddresses(ctx: Context, limitOf: (path: string) => AddressLimit): MiddlewareHandler<HttpEnv> {
  const limits = limitsOf(ctx);
  return (c, next) => {
    const exchange = c.get('exchange');
    const limit = limitOf(c.req.path);
    const subject = addressSubject(exchange.clientAddress);
    if (limit === 'forgeries') return countRefused(ctx, c, next, limits.forgeries, subject);
    const spending = spend(exchange, limits[limit], subject);
    return spending === undefined ? next() : spending.then(next);
  };
}

/**
 * Webhooks are counted only once they have been refused, for a wrong signature or whatever else is the sender's fault: an event of
 * the provider is taken however many there are, and however many a forger sends from the same address.
 */
async function countRefused(ctx: Context, c: HttpContext, next: Next, limit: Limit, subject: string): Promise<void> {
  const exchange = c.get('exchange');
  exchange.limits.push(limit.look(subject));
  await next();
  if (c.res.status < 400 || c.res.status >= 500) return;
  const verdict = await limit.take(subject);
  exchange.limits.splice(0, exchange.limits.length, verdict);
  if (verdict.allowed) {
    for (const [name, value] of Object.entries(limitFields(exchange.limits))) c.res.headers.set(name, value);
    return;
  }
  // The framework would carry the first answer's fields over into the second.
  c.res = undefined;
  c.res = answerError(ctx, c, refusal(verdict));
}
