// The OpenAPI 3.1 description, made from the same declarations that are mounted.

import { z } from 'zod';
import { createDocument, type ZodOpenApiOperationObject, type ZodOpenApiResponseObject } from 'zod-openapi';
import type { Route } from './define-route.ts';
import { ALWAYS, DESCRIBED_REFUSALS, FIELDS, refusalsOf } from './described-refusals.ts';
import { exampleOf } from './examples.ts';

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

/** The reference page replaces it by a new key in each request. */
export const EXAMPLE_KEY = '5f8a3c1e-9b7d-4e62-8c10-2f6d7a9b3e41';

const idempotencyKey = z.string().meta({
  description: '16 to 128 of `[A-Za-z0-9_.-]`, bare or as a quoted string; a new one for every new payment.',
  pattern: '^("?)[A-Za-z0-9_.-]{16,128}\\1$',
  examples: [EXAMPLE_KEY],
  // The parameter's own example is what the reference page fills in.
  param: { example: EXAMPLE_KEY },
});

function operationOf(route: Route): ZodOpenApiOperationObject {
  const responses: Record<string, ZodOpenApiResponseObject | { $ref: string }> = refusalsOf(route);
  for (const [status, documented] of Object.entries(route.responses)) {
    const { description, schema, example, contentType = 'application/json' } = documented;
    const shown = example ?? (schema === undefined ? undefined : exampleOf(schema));
    const media = { ...(schema === undefined ? {} : { schema }), ...(shown === undefined ? {} : { example: shown }) };
    responses[status] = { description, headers: ALWAYS, content: { [contentType]: media } };
  }
  const said = route.description ?? `${route.summary}.`;
  return {
    operationId: route.operationId,
    tags: [route.tag],
    summary: route.summary,
    description: route.scope === null ? said : `${said}\n\nNeeds a key with the scope \`${route.scope}\`.`,
    security: route.scope === null ? [] : [{ apiKey: [] }],
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
  if (route.bodies !== undefined) return { requestBody: { required: true, content: route.bodies } };
  const schema = route.rawLimit === undefined ? route.body : ({ type: 'object' } as const);
  if (schema === undefined) return {};
  const examples = route.examples === undefined ? {} : { examples: route.examples };
  return { requestBody: { required: true, content: { 'application/json': { schema, ...examples } } } };
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
      info: {
        title: 'eversend-payments',
        version: '1',
        description: GUIDE,
        contact: { name: 'Whoever runs this service for you' },
        license: { name: 'All rights reserved' },
      },
      servers: [{ url: of.server === '' ? '/' : of.server }],
      tags: [
        { name: 'Collections', description: "Money in from a payer's phone." },
        { name: 'Payouts', description: 'Money out to a phone, a bank account or an Eversend wallet.' },
        { name: 'Beneficiaries', description: 'Whom you pay, saved once and paid by id.' },
        { name: 'Transactions', description: 'Both, as they stand and as they ended.' },
        { name: 'Wallets', description: 'Balances and statements.' },
        { name: 'Earnings', description: 'What was earned of settled transactions.' },
        { name: 'Events', description: 'What happened, pushed to you and to be read again.' },
        { name: 'Personal data', description: 'Forgetting a person.' },
        { name: 'API keys', description: 'The keys your programs call with.' },
        { name: 'Provider', description: 'For Eversend, not for callers.' },
        { name: 'Operation', description: 'For probes and tools.' },
      ],
      paths,
      components: {
        headers: FIELDS,
        responses: DESCRIBED_REFUSALS,
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
