// The OpenAPI 3.1 description, made from the same declarations that are mounted.

import { z } from 'zod';
import {
  createDocument,
  type ZodOpenApiHeaderObject,
  type ZodOpenApiOperationObject,
  type ZodOpenApiResponseObject,
} from 'zod-openapi';
import type { Route } from './define-route.ts';
import { problemBody } from './problem.ts';
import { problem } from './views.ts';

const GUIDE = `Collect mobile money and pay out to phones, bank accounts and Eversend wallets.

- **Amounts** are decimal strings in major units; JSON numbers are refused, and so are more decimals than the currency has.
- **Idempotency**: every POST that creates something needs an \`Idempotency-Key\`. Repeat a request under the same key until you
  have an answer: it is carried out once, and a repetition gets the first answer, byte for byte, with
  \`Idempotency-Replayed: true\`. Refused requests (4xx) are not remembered; keys are kept 30 days.
- **Errors** are \`application/problem+json\`: programs decide by \`code\`, people read \`detail\`, and \`errors\` names every wrong field.
- **Limits**: \`RateLimit-Policy\` names those a request was counted against (\`q\` requests in \`w\` seconds, all at once if you like, and
  then as they come back), \`RateLimit\` what is left of each (\`r\`) and in how many seconds there is more (\`t\`). Beyond that: 429 with
  \`Retry-After\`; nothing was done, so repeat it under the same key.
- **Lists** take \`limit\` (1 to 100) and \`cursor\`; \`nextCursor\` leads to the next page and is null on the last.
- Every answer carries **\`X-Request-Id\`**: your own, if you sent one of 8 to 64 letters, digits, \`-\` and \`_\`.`;

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

/** Fields of answers; all but the last stand on every one. */
const FIELDS: Record<string, ZodOpenApiHeaderObject> = {
  'X-Request-Id': { required: true, description: 'To name when you ask about it.', schema: { type: 'string' } },
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
const ALWAYS = fields('X-Request-Id', 'RateLimit-Policy', 'RateLimit');
const REFUSED = { ...ALWAYS, ...fields('Retry-After') };

const REFUSALS = {
  400: refusal(
    400,
    'invalid_request',
    'The request is not valid; `errors` names the fields.',
    'Give amount: it is required.',
    'amount',
  ),
  401: refusal(401, 'unauthenticated', 'No valid API key.', 'Send a valid API key as "Authorization: Bearer ek_…".'),
  403: refusal(
    403,
    'insufficient_scope',
    'The key lacks the scope, or may not be used from this address (`address_not_allowed`).',
    'This API key lacks the scope payouts:write.',
  ),
  404: refusal(404, 'not_found', 'Not there, or not yours.', 'There is nothing here under this address.'),
  409: refusal(
    409,
    'request_in_progress',
    'The first request under this key is still running.',
    'A request with this Idempotency-Key is still running. Repeat it in a moment.',
  ),
  413: refusal(413, 'body_too_large', 'The body is larger than 64 KiB.', 'Send a body of at most 65536 bytes.'),
  415: refusal(
    415,
    'unsupported_media_type',
    'The body is not declared as plain `application/json`.',
    'Send the body as JSON, with "Content-Type: application/json".',
  ),
  422: refusal(
    422,
    'insufficient_funds',
    'It cannot be done now (`insufficient_funds`, `wallet_frozen`, `fee_above_maximum`, …), or the key was used for another body (`idempotency_key_reused`).',
    'The wallet does not cover the amount and the fee.',
  ),
  429: refusal(
    429,
    'rate_limited',
    'Too many requests; nothing was done. `RateLimit` tells which limit is used up.',
    'Too many requests with this API key. Try again in 1 second.',
  ),
  503: refusal(
    503,
    'unavailable',
    'Not available right now. Nothing was done, or the same Idempotency-Key finds out.',
    'The service cannot take this right now. Repeat it with the same Idempotency-Key.',
  ),
};
type Refusal = keyof typeof REFUSALS;

function refusalsOf(route: Route): readonly Refusal[] {
  const answers = new Set<Refusal>([400, 429]);
  const add = (...statuses: Refusal[]) => {
    for (const status of statuses) answers.add(status);
  };
  if (route.scope !== null) add(401, 403, 503);
  if (route.params?.shape['id'] !== undefined) add(404);
  if (route.body !== undefined) add(413, 415, 422);
  if (route.idempotent === true) add(409);
  return [...answers];
}

const idempotencyKey = z.string().meta({
  description: '16 to 128 of `[A-Za-z0-9_.-]`, bare or as a quoted string; a new one for every new payment.',
  pattern: '^("?)[A-Za-z0-9_.-]{16,128}\\1$',
  examples: ['5f8a3c1e-9b7d-4e62-8c10-2f6d7a9b3e41'],
});

function operationOf(route: Route): ZodOpenApiOperationObject {
  const responses: Record<string, ZodOpenApiResponseObject> = {};
  for (const [status, { description, schema, example }] of Object.entries(route.responses)) {
    const media = { ...(schema === undefined ? {} : { schema }), ...(example === undefined ? {} : { example }) };
    responses[status] = { description, headers: ALWAYS, content: { 'application/json': media } };
  }
  for (const status of refusalsOf(route)) responses[status] ??= REFUSALS[status];
  for (const [status, { code, description }] of Object.entries(route.refusals ?? {}))
    responses[status] = refusal(Number(status), code, description, description);
  return {
    operationId: `${route.method.toLowerCase()}${route.path.replaceAll(/[^A-Za-z0-9]+(\w?)/g, (_, letter: string) => letter.toUpperCase())}`,
    tags: [route.tag],
    summary: route.summary,
    ...(route.description === undefined ? {} : { description: route.description }),
    security: route.scope === null ? [] : [{ apiKey: [route.scope] }],
    requestParams: {
      ...(route.params === undefined ? {} : { path: route.params }),
      ...(route.query === undefined ? {} : { query: route.query }),
      ...(route.idempotent === true ? { header: z.object({ 'Idempotency-Key': idempotencyKey }) } : {}),
    },
    ...requestBodyOf(route),
    responses,
  };
}

function requestBodyOf(route: Route): Pick<ZodOpenApiOperationObject, 'requestBody'> {
  if (route.rawLimit !== undefined)
    return { requestBody: { required: true, content: { 'application/json': { schema: { type: 'object' } } } } };
  if (route.body === undefined) return {};
  const examples = route.examples === undefined ? {} : { examples: route.examples };
  return { requestBody: { required: true, content: { 'application/json': { schema: route.body, ...examples } } } };
}

/** The document's text. `server` is where the paths begin: the public address, or the base path alone. */
export function describeRoutes(routes: readonly Route[], of: { server: string }): string {
  const paths: Record<string, Record<string, ZodOpenApiOperationObject>> = {};
  for (const route of routes) {
    paths[route.path] ??= {};
    Object.assign(paths[route.path] ?? {}, { [route.method.toLowerCase()]: operationOf(route) });
  }
  return JSON.stringify(
    createDocument({
      openapi: '3.1.1',
      info: { title: 'eversend-payments', version: '1', description: GUIDE },
      servers: [{ url: of.server === '' ? '/' : of.server }],
      tags: [
        { name: 'Collections', description: "Money in from a payer's phone." },
        { name: 'Payouts', description: 'Money out to a phone, a bank account or an Eversend wallet.' },
        { name: 'Beneficiaries', description: 'Whom you pay, saved once and paid by id.' },
        { name: 'Transactions', description: 'Both, as they stand and as they ended.' },
        { name: 'Wallets', description: 'Balances and statements.' },
        { name: 'Events', description: 'What happened, pushed to you and to be read again.' },
        { name: 'Personal data', description: 'Forgetting a person.' },
        { name: 'API keys', description: 'The keys your programs call with.' },
        { name: 'Provider', description: 'For Eversend, not for callers.' },
        { name: 'Operation', description: 'For probes and tools.' },
      ],
      paths,
      components: {
        headers: FIELDS,
        securitySchemes: {
          apiKey: {
            type: 'http',
            scheme: 'bearer',
            bearerFormat: 'ek_live_… or ek_test_…',
            description: 'Your API key.',
          },
        },
      },
    }),
  );
}
