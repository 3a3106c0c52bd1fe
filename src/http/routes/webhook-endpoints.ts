// Webhook endpoints: where a merchant is told, with which secret, and of what.
import { z } from 'zod';
import { NotFound } from '../../errors.ts';
import { isId } from '../../ids.ts';
import {
  changeEndpoint,
  createEndpoint,
  deleteEndpoint,
  findEndpoint,
  listEndpoints,
  rotateSecret,
  viewEndpoint,
} from '../../notifications/endpoint.ts';
import { disableEndpoint, enableEndpoint } from '../../notifications/switch.ts';
import { once } from '../../transactions/once.ts';
import { openCursor, sealCursor } from '../cursor.ts';
import { defineRoute, json } from '../define-route.ts';
import { changeEndpointBody, checkUrl, newEndpointBody, rotateBody } from '../endpoint-input.ts';
import * as views from '../event-views.ts';
import { pageOf, paging } from '../query.ts';
import { listOf } from '../views.ts';

const params = z.strictObject({ id: views.endpointId });

/** Raises NotFound for what cannot be an endpoint's id. */
function endpointId({ id }: { id: string }): string {
  if (!isId('webhookEndpoint', id)) throw new NotFound();
  return id;
}

const create = defineRoute({
  method: 'POST',
  path: '/v1/webhook-endpoints',
  operationId: 'createWebhookEndpoint',
  tag: 'Events',
  scope: 'webhooks:write',
  limit: 'writes',
  summary: 'Say where you want to be told',
  description:
    'The secret is shown this once. What is sent is signed by the Standard Webhooks scheme; check the signature before you believe it.',
  body: newEndpointBody,
  idempotent: true,
  responses: { 201: { description: 'Made, with its secret.', schema: views.endpointWithSecret } },
  examples: {
    all: { summary: 'Everything', value: { url: 'https://shop.example/hooks/payments' } },
    some: {
      summary: 'Some of it',
      value: {
        url: 'https://shop.example/hooks/payouts',
        types: ['payout.*', 'collection.settled'],
        description: 'Orders',
      },
    },
  },
  refusals: { 422: { code: 'too_many_endpoints', description: 'A merchant has at most 16 endpoints.' } },
  async handler({ ctx, caller, idempotent, body }) {
    await checkUrl(ctx.config, body.url);
    return once(ctx, caller, idempotent, async (trx) => {
      const given = { url: body.url, description: body.description ?? null, types: body.types ?? null };
      const { endpoint, secret } = await createEndpoint(ctx, trx, caller, given);
      return { id: endpoint.id, ...json(201, { ...viewEndpoint(endpoint), secret }) };
    });
  },
});

const list = defineRoute({
  method: 'GET',
  path: '/v1/webhook-endpoints',
  operationId: 'listWebhookEndpoints',
  tag: 'Events',
  scope: 'webhooks:read',
  limit: 'reads',
  summary: 'List webhook endpoints',
  query: z.strictObject(paging),
  responses: { 200: { description: 'A page.', schema: listOf(views.endpoint) } },
  async handler({ ctx, caller, query }) {
    const place = { list: 'webhook-endpoints', merchantId: caller.merchantId };
    const after = openCursor(ctx, place, query.cursor);
    const found = await listEndpoints(ctx.db, { merchantId: caller.merchantId, after, limit: query.limit + 1 });
    const { page, last } = pageOf(found, query.limit);
    return json(200, { data: page.map(viewEndpoint), nextCursor: sealCursor(ctx, place, last?.id ?? null) });
  },
});

const read = defineRoute({
  method: 'GET',
  path: '/v1/webhook-endpoints/{id}',
  operationId: 'getWebhookEndpoint',
  tag: 'Events',
  scope: 'webhooks:read',
  limit: 'reads',
  summary: 'Read a webhook endpoint',
  params,
  responses: { 200: { description: 'The endpoint, without its secret.', schema: views.endpoint } },
  async handler({ ctx, caller, params }) {
    return json(200, viewEndpoint(await findEndpoint(ctx.db, caller.merchantId, endpointId(params))));
  },
});

const change = defineRoute({
  method: 'PATCH',
  path: '/v1/webhook-endpoints/{id}',
  operationId: 'changeWebhookEndpoint',
  tag: 'Events',
  scope: 'webhooks:write',
  limit: 'writes',
  summary: 'Change a webhook endpoint, or switch it off',
  params,
  body: changeEndpointBody,
  responses: { 200: { description: 'The endpoint as it is now.', schema: views.endpoint } },
  examples: { types: { summary: 'Another choice of events', value: { types: ['payout.settled', 'payout.failed'] } } },
  async handler({ ctx, caller, params, body }) {
    const id = endpointId(params);
    const { status, ...given } = body;
    await findEndpoint(ctx.db, caller.merchantId, id);
    if (given.url !== undefined) await checkUrl(ctx.config, given.url);
    const named = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
    if (Object.keys(named).length > 0) await changeEndpoint(ctx, caller, id, named);
    if (status !== undefined)
      await disableEndpoint(ctx, { merchantId: caller.merchantId, id, reason: 'merchant', caller });
    return json(200, viewEndpoint(await findEndpoint(ctx.db, caller.merchantId, id)));
  },
});

const remove = defineRoute({
  method: 'DELETE',
  path: '/v1/webhook-endpoints/{id}',
  operationId: 'deleteWebhookEndpoint',
  tag: 'Events',
  scope: 'webhooks:write',
  limit: 'writes',
  summary: 'Delete a webhook endpoint',
  params,
  responses: { 200: { description: 'Deleted: nothing more is sent there.', schema: views.deleted } },
  async handler({ ctx, caller, params }) {
    const id = endpointId(params);
    await deleteEndpoint(ctx, caller, id);
    return json(200, { id, deleted: true });
  },
});

const rotate = defineRoute({
  method: 'POST',
  path: '/v1/webhook-endpoints/{id}/rotate',
  operationId: 'rotateWebhookSecret',
  tag: 'Events',
  scope: 'webhooks:write',
  limit: 'writes',
  summary: 'Get a new secret',
  description:
    'The new secret is shown this once. For `overlapSeconds` (a day, unless you say otherwise) both sign, so that you can change over in peace.',
  params,
  body: rotateBody,
  idempotent: true,
  examples: { aDay: { summary: 'Both sign for a day', value: { overlapSeconds: 86400 } } },
  responses: { 200: { description: 'The endpoint with its new secret.', schema: views.endpointWithSecret } },
  async handler({ ctx, caller, params, idempotent, body }) {
    const id = endpointId(params);
    return once(ctx, caller, idempotent, async (trx) => {
      const { endpoint, secret } = await rotateSecret(ctx, trx, caller, { id, overlapMs: body.overlapSeconds * 1000 });
      return { id, ...json(200, { ...viewEndpoint(endpoint), secret }) };
    });
  },
});

const enable = defineRoute({
  method: 'POST',
  path: '/v1/webhook-endpoints/{id}/enable',
  operationId: 'enableWebhookEndpoint',
  tag: 'Events',
  scope: 'webhooks:write',
  limit: 'writes',
  summary: 'Switch a webhook endpoint on again',
  description:
    'What was pending when it was switched off is sent first. What happened while it was off was not meant for it: get that by `replay`, from `disabledAt` on.',
  params,
  responses: { 200: { description: 'The endpoint, enabled.', schema: views.endpoint } },
  async handler({ ctx, caller, params }) {
    return json(200, viewEndpoint(await enableEndpoint(ctx, caller, endpointId(params))));
  },
});

export const webhookEndpointRoutes = [create, list, read, change, remove, rotate, enable];
