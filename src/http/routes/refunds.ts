// Refunds of a collection: payouts back to its payer.
import { z } from 'zod';
import { NotFound } from '../../errors.ts';
import { isId } from '../../ids.ts';
import { findRefundable, refundCollection } from '../../payouts/refund.ts';
import { findTransaction } from '../../transactions/find.ts';
import { listTransactions } from '../../transactions/list.ts';
import { openCursor, sealCursor } from '../cursor.ts';
import { defineRoute, json } from '../define-route.ts';
import * as examples from '../examples.ts';
import { paging } from '../query.ts';
import { readRefund, refundBody } from '../refund-input.ts';
import * as views from '../views.ts';

const params = z.strictObject({ id: views.collectionId });

const create = defineRoute({
  method: 'POST',
  path: '/v1/collections/{id}/refunds',
  operationId: 'refundCollection',
  tag: 'Collections',
  scope: 'payouts:write',
  limit: 'money',
  summary: 'Refund a settled collection',
  description:
    'A payout by mobile money to the phone that paid, from the wallet that was credited, at the fee of such a payout. All refunds of a collection together are at most what was collected; one that fails or is cancelled makes its amount free again. Approval limits apply. The answer is the payout; `refundOf` names the collection.',
  params,
  body: refundBody,
  idempotent: true,
  responses: {
    202: { description: 'Accepted, and the money is set aside.', schema: views.transaction, example: examples.refund },
  },
  refusals: {
    409: { code: 'conflict', description: 'The collection is not settled, or was reversed.' },
    422: {
      code: 'refund_exceeds_collection',
      description: 'All refunds together would exceed what was collected; or the payer was erased (`payer_erased`).',
    },
  },
  examples: {
    whole: { summary: 'All that is left', value: {} },
    part: { summary: 'A part of it', value: { amount: '500', reference: 'RET-3' } },
  },
  async handler({ ctx, caller, params: { id }, idempotent, body }) {
    if (!isId('collection', id)) throw new NotFound();
    const collection = await findRefundable(ctx, caller.merchantId, id);
    return refundCollection(ctx, caller, idempotent, { ...readRefund(body, collection.currency), collection });
  },
});

const list = defineRoute({
  method: 'GET',
  path: '/v1/collections/{id}/refunds',
  operationId: 'listRefunds',
  tag: 'Collections',
  scope: 'payouts:read',
  limit: 'reads',
  summary: 'List the refunds of a collection, newest first',
  params,
  query: z.strictObject(paging),
  responses: {
    200: {
      description: 'A page of payouts.',
      schema: views.listOf(views.transaction),
      example: { data: [examples.refund], nextCursor: null },
    },
  },
  async handler({ ctx, caller, params: { id }, query }) {
    const { merchantId } = caller;
    if (!isId('collection', id)) throw new NotFound();
    await findTransaction(ctx, merchantId, id, 'collection');
    const place = { list: `refunds:${id}`, merchantId };
    const cursor = openCursor(ctx, place, query.cursor);
    const filters = { refundOf: id, limit: query.limit, ...(cursor === undefined ? {} : { cursor }) };
    const page = await listTransactions(ctx, merchantId, filters);
    return json(200, { data: page.data, nextCursor: sealCursor(ctx, place, page.nextCursor) });
  },
});

export const refundRoutes = [create, list];
