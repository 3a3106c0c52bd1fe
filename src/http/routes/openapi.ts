// The description of the API as a route of its own, so that it describes itself too.
import { z } from 'zod';
import { defineRoute, type Route } from '../define-route.ts';
import { describeRoutes } from '../openapi.ts';

const description = z
  .looseObject({ openapi: z.string().meta({ examples: ['3.1.1'] }) })
  .meta({ id: 'Description', description: 'An OpenAPI document.' });

/** The routes together with the one that describes them all. `server` is where their paths begin. */
export function withDescription(routes: readonly Route[], of: { server: string }): readonly Route[] {
  const described: readonly Route[] = [
    ...routes,
    defineRoute({
      method: 'GET',
      path: '/openapi.json',
      operationId: 'getDescription',
      tag: 'Operation',
      scope: null,
      limit: 'address',
      summary: 'This description',
      responses: { 200: { description: 'OpenAPI 3.1.', schema: description } },
      handler: () => ({ status: 200, body: document }),
    }),
  ];
  const document = describeRoutes(described, of);
  return described;
}
