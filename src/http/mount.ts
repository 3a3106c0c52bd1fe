// Mounts declared routes: authentication, parsing and the answer are the same for all of them.
import type { Hono } from 'hono';
import type { Context } from '../context.ts';
import { InvalidRequest, Refused, StaleState } from '../errors.ts';
import { limitsOf } from '../limits/limits.ts';
import { storedAnswer } from '../transactions/stored-answer.ts';
import { authenticate } from './auth.ts';
import { answerPreflight } from './cors.ts';
import type { Reply, Route } from './define-route.ts';
import { answer, type HttpContext, type HttpEnv } from './exchange.ts';
import { fieldErrors } from './field-errors.ts';
import type { Headers } from './headers.ts';
import { fileHash, readIdempotencyKey, requestHash } from './idempotency.ts';
import { answerProblem } from './problem.ts';
import { readQuery } from './query.ts';
import { spend } from './rate-limit.ts';
import { expectJson, JSON_LIMIT_BYTES, parseObject, readBody } from './strict-json.ts';

const NOTHING = Buffer.alloc(0);
const NO_PARAMS = {};
const REPLAYED: Headers = { 'idempotency-replayed': 'true' };

/**
 * Adds the routes under `basePath`, and an answer of 405 for every other method on their paths. Fixed paths come first, whole:
 * else a wrong method on `/payouts/quote` would be taken for a payout named "quote".
 */
export function mountRoutes(app: Hono<HttpEnv>, ctx: Context, routes: readonly Route[], basePath: string): void {
  const byPath = Map.groupBy(routes, (route) => route.path);
  const hasParameter = (path: string) => Number(path.includes('{'));
  for (const [path, group] of [...byPath].toSorted(([a], [b]) => hasParameter(a) - hasParameter(b))) {
    for (const route of group) app.on(route.method, patternOf(basePath, path), (c) => serve(ctx, route, c));
    const methods = group.flatMap(({ method }) => (method === 'GET' ? ['GET', 'HEAD'] : [method]));
    refuseOtherMethods(app, basePath, path, methods);
  }
}

function patternOf(basePath: string, path: string): string {
  return basePath + path.replaceAll(/\{(\w+)\}/g, ':$1');
}

/** 405 with Allow for whatever method no handler took before, except what a browser asks beforehand. */
export function refuseOtherMethods(
  app: Hono<HttpEnv>,
  basePath: string,
  path: string,
  methods: readonly string[],
): void {
  const allow = methods.join(', ');
  app.all(patternOf(basePath, path), (c) => {
    c.get('exchange').route = path;
    const preflight = answerPreflight(c, methods);
    if (preflight !== null) return preflight;
    const detail = `Use ${allow} here.`;
    return answerProblem(c, { status: 405, code: 'method_not_allowed', detail, headers: { allow } });
  });
}

async function serve(ctx: Context, route: Route, c: HttpContext): Promise<Response> {
  const exchange = c.get('exchange');
  exchange.route = route.path;
  const caller = route.scope === null ? null : await authenticate(ctx, c, route.scope);
  if (caller !== null) {
    const limits = limitsOf(ctx);
    // Awaited only where somebody must be asked: most requests are counted without.
    const byKey = spend(exchange, limits.key, caller.apiKeyId);
    if (byKey !== undefined) await byKey;
    const byMerchant = spend(exchange, limits[route.limit], caller.merchantId);
    if (byMerchant !== undefined) await byMerchant;
  }
  const query = readQuery(c.req.url, route.query);
  const params = route.params === undefined ? NO_PARAMS : c.req.param();
  const key = route.idempotent ? readIdempotencyKey(c.req.header('idempotency-key')) : null;
  let raw: Buffer = NOTHING;
  let given: Record<string, unknown> | null = null;
  if (route.rawLimit !== undefined) raw = await readBody(c.req.raw, route.rawLimit);
  else if (route.body !== undefined) {
    expectJson(c.req.header('content-type') ?? null);
    given = parseObject(await readBody(c.req.raw, JSON_LIMIT_BYTES));
  }
  const contentType = c.req.header('content-type') ?? '';
  const hash = () => (given === null ? fileHash([params, query, contentType], raw) : requestHash(params, given));
  const idempotent = key === null ? null : { route: `${route.method} ${route.path}`, key, requestHash: hash() };
  const judge = async (): Promise<Reply> => {
    const { clientAddress } = exchange;
    return route.handler({
      ctx,
      caller,
      params,
      query,
      body: given === null ? undefined : read(route, given),
      raw,
      contentType,
      idempotent,
      clientAddress,
      spend: (limit, subject) => spend(exchange, limit, subject),
      header: (name) => c.req.header(name),
    });
  };
  const reply: Reply = await judge().catch(async (error: unknown) => {
    const isRefusal = error instanceof InvalidRequest || error instanceof Refused || error instanceof StaleState;
    const stored = isRefusal && caller && idempotent && (await storedAnswer(ctx, caller.merchantId, idempotent));
    if (!stored) throw error;
    return stored;
  });
  const { status, body, contentType: type = 'application/json' } = reply;
  const headers = reply.replayed === true ? REPLAYED : reply.headers;
  return answer(c, { status, body, contentType: type, ...(headers === undefined ? {} : { headers }) });
}

function read(route: Route, given: Record<string, unknown>): unknown {
  const parsed = route.body?.safeParse(given);
  if (parsed?.success === false) throw new InvalidRequest(fieldErrors(parsed.error.issues, given, 'field'));
  return parsed?.data;
}
