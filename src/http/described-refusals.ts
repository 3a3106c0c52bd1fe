// The refusals as the description tells them: one reusable response each, with an example as it would be answered.
import type { ZodOpenApiHeaderObject, ZodOpenApiResponseObject } from 'zod-openapi';
import type { Route } from './define-route.ts';
import { problemBody } from './problem.ts';
import { problem } from './views.ts';

/** Fields of answers; all but the last stand on every one. */
export const FIELDS: Record<string, ZodOpenApiHeaderObject> = {
  'X-Request-Id': {
    required: true,
    description: 'To name when you ask about it.',
    schema: { type: 'string' },
    example: 'eQQtQkLJ_WZGtlvp',
  },
  'RateLimit-Policy': {
    required: true,
    description: 'The limits it was counted against.',
    schema: { type: 'string' },
    example: '"address";q=200;w=1, "key";q=100;w=1, "money";q=100;w=1',
  },
  RateLimit: {
    required: true,
    description: 'What is left of each, and in how many seconds there is more.',
    schema: { type: 'string' },
    example: '"address";r=199;t=1, "key";r=87;t=1, "money";r=87;t=1',
  },
  'Retry-After': { required: true, description: 'How many seconds to wait.', schema: { type: 'integer' }, example: 1 },
};
const fields = (...names: readonly string[]) =>
  Object.fromEntries(names.map((name) => [name, { $ref: `#/components/headers/${name}` }]));
export const ALWAYS = fields('X-Request-Id', 'RateLimit-Policy', 'RateLimit');
const REFUSED = { ...ALWAYS, ...fields('Retry-After') };

/** A refusal with an example as it would be answered. */
function refusal(
  status: number,
  code: string,
  description: string,
  detail: string,
  field?: string,
): ZodOpenApiResponseObject {
  const errors = field === undefined ? {} : { errors: [{ field, code: 'required', message: detail }] };
  const example = { ...JSON.parse(problemBody({ status, code, detail, requestId: 'eQQtQkLJ_WZGtlvp' })), ...errors };
  const headers = status === 429 ? REFUSED : ALWAYS;
  return { description, headers, content: { 'application/problem+json': { schema: problem, example } } };
}

const REFUSALS = {
  BadRequest: refusal(
    400,
    'invalid_request',
    'The request is not valid; `errors` names the fields.',
    'Give amount: it is required.',
    'amount',
  ),
  Unauthenticated: refusal(
    401,
    'unauthenticated',
    'No valid API key.',
    'Send a valid API key as "Authorization: Bearer ek_…".',
  ),
  Forbidden: refusal(
    403,
    'insufficient_scope',
    'The key lacks the scope, or may not be used from this address (`address_not_allowed`).',
    'This API key lacks the scope payouts:write.',
  ),
  NotFound: refusal(404, 'not_found', 'Not there, or not yours.', 'There is nothing here under this address.'),
  RequestInProgress: refusal(
    409,
    'request_in_progress',
    'The first request under this key is still running.',
    'A request with this Idempotency-Key is still running. Repeat it in a moment.',
  ),
  BodyTooLarge: refusal(
    413,
    'body_too_large',
    'The body is larger than 64 KiB.',
    'Send a body of at most 65536 bytes.',
  ),
  UnsupportedMediaType: refusal(
    415,
    'unsupported_media_type',
    'The body is not declared as plain `application/json`.',
    'Send the body as JSON, with "Content-Type: application/json".',
  ),
  Refused: refusal(
    422,
    'insufficient_funds',
    'It cannot be done now (`insufficient_funds`, `wallet_frozen`, `fee_above_maximum`, …), or the key was used for another body (`idempotency_key_reused`).',
    'The wallet does not cover the amount and the fee.',
  ),
  RateLimited: refusal(
    429,
    'rate_limited',
    'Too many requests; nothing was done. `RateLimit` tells which limit is used up.',
    'Too many requests with this API key. Try again in 1 second.',
  ),
  InternalError: refusal(
    500,
    'internal_error',
    'A fault of ours, recorded. What became of the request, the same Idempotency-Key finds out.',
    'This is a fault on our side, and it has been recorded. Name the requestId when you ask about it.',
  ),
  Unavailable: refusal(
    503,
    'unavailable',
    'Not available right now. Nothing was done, or the same Idempotency-Key finds out.',
    'The service cannot take this right now. Repeat it with the same Idempotency-Key.',
  ),
} as const;
type Name = keyof typeof REFUSALS;

/** The refusals as `components.responses`. */
export const DESCRIBED_REFUSALS: Record<string, ZodOpenApiResponseObject> = REFUSALS;

/** What the route may answer when all is not well, by status. Its own words come before the usual ones. */
export function refusalsOf(route: Route): Record<string, ZodOpenApiResponseObject | { $ref: string }> {
  const answers = new Map<number, Name>([
    [400, 'BadRequest'],
    [429, 'RateLimited'],
    [500, 'InternalError'],
  ]);
  if (route.scope !== null) answers.set(401, 'Unauthenticated').set(403, 'Forbidden').set(503, 'Unavailable');
  if (route.params?.shape['id'] !== undefined) answers.set(404, 'NotFound');
  if (route.body !== undefined || route.bodies !== undefined)
    answers.set(413, 'BodyTooLarge').set(415, 'UnsupportedMediaType').set(422, 'Refused');
  if (route.idempotent === true) answers.set(409, 'RequestInProgress');
  const usual = [...answers].map(([status, name]) => [status, { $ref: `#/components/responses/${name}` }] as const);
  const own = Object.entries(route.refusals ?? {}).map(
    ([status, { code, description }]) => [status, refusal(Number(status), code, description, description)] as const,
  );
  return Object.fromEntries([...usual, ...own]);
}
