// Deliveries of a webhook endpoint: how each went, and asking for them again: one, a range, or a ping to try it out.
import { z } from 'zod';
import { audit } from '../../audit/audit.ts';
import type { Context } from '../../context.ts';
import type { Trx } from '../../db/knex.ts';
import { NotFound, StaleState } from '../../errors.ts';
import { isId } from '../../ids.ts';
import { DELIVERY_STATES, findDelivery, listDeliveries, resendDelivery } from '../../notifications/delivery.ts';
import { findEndpoint } from '../../notifications/endpoint.ts';
import { publish } from '../../notifications/publish.ts';
import { beginReplay } from '../../notifications/replay.ts';
import type { Bell } from '../../queue/queues.ts';
import type { Caller } from '../../transactions/accept.ts';
import { once } from '../../transactions/once.ts';
import { openCursor, sealCursor } from '../cursor.ts';
import { defineRoute, json } from '../define-route.ts';
import { nothing, replayBody } from '../endpoint-input.ts';
import * as views from '../event-views.ts';
import * as input from '../inputs.ts';
import { pageOf, paging, readSpan } from '../query.ts';
import { listOf } from '../views.ts';

const ofEndpoint = z.strictObject({ id: views.endpointId });
const ofDelivery = z.strictObject({ id: views.endpointId, deliveryId: views.deliveryId });
const DISABLED = 'The endpoint is disabled. Enable it first.';

/** The caller's endpoint. Raises NotFound. */
function endpointOf(db: Context['db'] | Trx, caller: Caller, id: string) {
  if (!isId('webhookEndpoint', id)) throw new NotFound();
  return findEndpoint(db, caller.merchantId, id);
}

/** The same, for something to be sent there. Raises StaleState while it is disabled. */
async function openEndpointOf(trx: Trx, caller: Caller, id: string): Promise<void> {
  const { status } = await endpointOf(trx, caller, id);
  if (status !== 'enabled') throw new StaleState(DISABLED);
}

const deliveryIdOf = ({ deliveryId }: { deliveryId: string }): string => {
  if (!isId('delivery', deliveryId)) throw new NotFound();
  return deliveryId;
};

const list = defineRoute({
  method: 'GET',
  path: '/v1/webhook-endpoints/{id}/deliveries',
  operationId: 'listDeliveries',
  tag: 'Events',
  scope: 'webhooks:read',
  limit: 'reads',
  summary: 'List deliveries, newest event first',
  params: ofEndpoint,
  query: z.strictObject({ status: input.word(DELIVERY_STATES).optional(), ...paging }),
  responses: { 200: { description: 'A page.', schema: listOf(views.delivery) } },
  async handler({ ctx, caller, params, query }) {
    const { id } = await endpointOf(ctx.db, caller, params.id);
    const place = { list: `deliveries:${id}:${query.status ?? ''}`, merchantId: caller.merchantId };
    const position = openCursor(ctx, place, query.cursor);
    const before = position === undefined ? null : BigInt(position);
    const found = await listDeliveries(ctx, { endpointId: id, before, limit: query.limit + 1, state: query.status });
    const { page, last } = pageOf(found, query.limit);
    const nextCursor = sealCursor(ctx, place, last === null ? null : String(last.position));
    return json(200, { data: page.map(({ delivery }) => delivery), nextCursor });
  },
});

const read = defineRoute({
  method: 'GET',
  path: '/v1/webhook-endpoints/{id}/deliveries/{deliveryId}',
  operationId: 'getDelivery',
  tag: 'Events',
  scope: 'webhooks:read',
  limit: 'reads',
  summary: 'Read a delivery with every try of it',
  params: ofDelivery,
  responses: { 200: { description: 'The delivery and its log.', schema: views.deliveryWithLog } },
  async handler({ ctx, caller, params }) {
    const { id } = await endpointOf(ctx.db, caller, params.id);
    return json(200, await findDelivery(ctx, id, deliveryIdOf(params)));
  },
});

const resend = defineRoute({
  method: 'POST',
  path: '/v1/webhook-endpoints/{id}/deliveries/{deliveryId}/resend',
  operationId: 'resendDelivery',
  tag: 'Events',
  scope: 'webhooks:write',
  limit: 'writes',
  summary: 'Ask for a delivery again',
  description: 'The same event under the same id, now, whatever became of it before.',
  params: ofDelivery,
  body: nothing,
  idempotent: true,
  examples: { again: { summary: 'Again', value: {} } },
  responses: { 202: { description: 'It is on its way.', schema: views.delivery } },
  refusals: { 409: { code: 'conflict', description: DISABLED } },
  async handler({ ctx, caller, params, idempotent }) {
    const deliveryId = deliveryIdOf(params);
    let bells: readonly Bell[] = [];
    const answer = await once(ctx, caller, idempotent, async (trx) => {
      await openEndpointOf(trx, caller, params.id);
      const resent = await resendDelivery(trx, caller, params.id, deliveryId);
      bells = resent.bells;
      return { id: deliveryId, ...json(202, resent.delivery) };
    });
    ctx.queues.ring(bells);
    return answer;
  },
});

const ping = defineRoute({
  method: 'POST',
  path: '/v1/webhook-endpoints/{id}/ping',
  operationId: 'pingWebhookEndpoint',
  tag: 'Events',
  scope: 'webhooks:write',
  limit: 'writes',
  summary: 'Send a ping there',
  description: 'An event of the type `webhook_endpoint.ping`, to this endpoint alone, whatever types it wants.',
  params: ofEndpoint,
  body: nothing,
  idempotent: true,
  examples: { ping: { summary: 'Try it out', value: {} } },
  responses: { 202: { description: 'It is on its way; see the deliveries.', schema: views.ping } },
  refusals: { 409: { code: 'conflict', description: DISABLED } },
  async handler({ ctx, caller, params, idempotent }) {
    let bells: readonly Bell[] = [];
    const answer = await once(ctx, caller, idempotent, async (trx) => {
      await openEndpointOf(trx, caller, params.id);
      const of = { merchantId: caller.merchantId, type: 'webhook_endpoint.ping', onlyTo: params.id };
      const told = await publish(trx, { ...of, data: { id: params.id } });
      bells = told.bells;
      const deed = { actor: `key:${caller.apiKeyId}`, clientAddress: caller.clientAddress, subject: params.id };
      await audit(trx, { ...deed, action: 'webhook_endpoints.ping', detail: { eventId: told.eventId } });
      return { id: told.eventId, ...json(202, { eventId: told.eventId }) };
    });
    ctx.queues.ring(bells);
    return answer;
  },
});

const replay = defineRoute({
  method: 'POST',
  path: '/v1/webhook-endpoints/{id}/replay',
  operationId: 'replayEvents',
  tag: 'Events',
  scope: 'webhooks:write',
  limit: 'writes',
  summary: 'Send a range of events there again',
  description:
    'The same events under the same ids, oldest first; also those that were never sent there. One range at a time per endpoint.',
  params: ofEndpoint,
  body: replayBody,
  idempotent: true,
  examples: {
    day: { summary: 'A day', value: { from: '2026-11-20T00:00:00Z', to: '2026-11-21T00:00:00Z', types: ['payout.*'] } },
  },
  responses: { 202: { description: 'It has begun.', schema: views.replay } },
  refusals: { 409: { code: 'conflict', description: 'The endpoint is disabled, or another range is on its way.' } },
  async handler({ ctx, caller, params, idempotent, body }) {
    const { from, to, types = null } = body;
    readSpan({ from, to });
    return once(ctx, caller, idempotent, async (trx) => {
      await openEndpointOf(trx, caller, params.id);
      const id = await beginReplay(trx, { caller, endpointId: params.id, from, to, types });
      return { id, ...json(202, { id }) };
    });
  },
});

export const deliveryRoutes = [list, read, resend, ping, replay];
