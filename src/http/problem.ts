// Errors as answers: RFC 9457 problem documents with a stable type and code. The only place that translates them for callers.
import type { Context } from '../context.ts';
import { isConnectionLoss, isTransient } from '../db/knex.ts';
import {
  type FieldError,
  InvalidRequest,
  PaymentsError,
  ProviderUnavailable,
  RateLimited,
  Refused,
  Unavailable,
} from '../errors.ts';
import { answer, type HttpContext } from './exchange.ts';
import type { Headers } from './headers.ts';

/** Title per status: what happened, in a few words. The detail says what to do. */
const TITLES = new Map<number, string>([
  [400, 'The request is not valid'],
  [401, 'Not authenticated'],
  [403, 'Not allowed'],
  [404, 'Not found'],
  [405, 'Method not allowed'],
  [408, 'The request took too long'],
  [409, 'Conflict'],
  [413, 'The body is too large'],
  [415, 'Unsupported media type'],
  [422, 'Refused'],
  [429, 'Too many requests'],
  [431, 'The headers are too large'],
  [500, 'Something broke on our side'],
  [503, 'Not available right now'],
]);

const STATEMENT_TIMEOUT = '57014';

/** The document's text. `type` is a name, not an address: it stays the same wherever the service runs. */
export function problemBody(of: {
  status: number;
  code: string;
  detail: string;
  requestId: string;
  errors?: readonly FieldError[];
}): string {
  return JSON.stringify({
    type: `urn:eversend-payments:problem:${of.code}`,
    title: TITLES.get(of.status) ?? 'Error',
    status: of.status,
    code: of.code,
    detail: of.detail,
    requestId: of.requestId,
    ...(of.errors === undefined || of.errors.length === 0 ? {} : { errors: of.errors }),
  });
}

/** Answers with a problem that is no error of ours: an unknown path, a wrong method. */
export function answerProblem(
  c: HttpContext,
  of: { status: number; code: string; detail: string; errors?: readonly FieldError[]; headers?: Headers },
): Response {
  const exchange = c.get('exchange');
  exchange.code = of.code;
  return answer(c, {
    status: of.status,
    body: problemBody({ ...of, requestId: exchange.requestId }),
    contentType: 'application/problem+json',
    ...(of.headers === undefined ? {} : { headers: of.headers }),
  });
}

/** Answers an error. What was not raised on purpose, and every bug, is logged whole and told as nothing but a 500. */
export function answerError(ctx: Context, c: HttpContext, raised: unknown): Response {
  const error = knownError(raised);
  const { requestId, merchantId, route } = c.get('exchange');
  if (error === null || error.status === 500) {
    ctx.log.error(
      {
        event: 'request_failed',
        requestId,
        method: c.req.method,
        ...(route === null ? {} : { path: route }),
        ...(merchantId === null ? {} : { merchantId }),
        error: raised,
      },
      'a request failed by a fault of ours',
    );
    return answerProblem(c, {
      status: 500,
      code: 'internal_error',
      detail: 'This is a fault on our side, and it has been recorded. Name the requestId when you ask about it.',
    });
  }
  if (error !== raised)
    ctx.log.error({ event: 'database_away', requestId, error: raised }, 'the database failed a request');
  const headers = headersOf(error);
  return answerProblem(c, {
    status: error.status,
    code: error.code,
    detail: detailOf(error),
    errors: errorsOf(error),
    ...(headers === null ? {} : { headers }),
  });
}

function knownError(raised: unknown): PaymentsError | null {
  if (raised instanceof PaymentsError) return raised;
  const code = (raised as { code?: unknown } | null)?.code;
  if (isConnectionLoss(raised) || isTransient(raised) || code === STATEMENT_TIMEOUT) return new Unavailable();
  return null;
}

function errorsOf(error: PaymentsError): readonly FieldError[] {
  if (error instanceof InvalidRequest) return error.errors.slice(0, error.told);
  if (error instanceof Refused && error.field !== undefined)
    return [{ field: error.field, code: error.code, message: error.message }];
  return [];
}

/** The sentence about the first wrong field names it, for those who read nothing but the detail. */
function detailOf(error: PaymentsError): string {
  const [first, ...others] = error instanceof InvalidRequest ? error.errors : [];
  if (first === undefined || first.message !== error.message) return error.message;
  return `${first.field}: ${first.message}${others.length === 0 ? '' : ` And ${others.length} more; see errors.`}`;
}

function headersOf(error: PaymentsError): Headers | null {
  if (error.code === 'unauthenticated') return { 'www-authenticate': 'Bearer' };
  const waitMs = error instanceof RateLimited || error instanceof ProviderUnavailable ? error.retryAfterMs : undefined;
  return waitMs === undefined ? null : { 'retry-after': String(Math.max(1, Math.ceil(waitMs / 1000))) };
}
