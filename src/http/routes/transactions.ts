// Transactions: collections and payouts alike, one by id and lists by filters.
import { z } from 'zod';
import { type FieldError, InvalidRequest, NotFound } from '../../errors.ts';
import { isId } from '../../ids.ts';
import { findTransaction, listTransactions, type TransactionFilters } from '../../transactions/find.ts';
import { STATE_NAMES, type State } from '../../transactions/states.ts';
import { openCursor, sealCursor } from '../cursor.ts';
import { defineRoute, json } from '../define-route.ts';
import * as input from '../inputs.ts';
import { paging } from '../query.ts';
import * as views from '../views.ts';

const filters = z.strictObject({
  type: input.word(['collection', 'payout']).optional(),
  status: input.word(STATE_NAMES as readonly [State, ...State[]]).optional(),
  currency: input.currency.optional(),
  owner: input.owner.optional(),
  reference: input.reference.optional(),
  scheduled: input
    .word(['true', 'false'], 'Only those with a `scheduledAt`, or only those without.')
    .transform((text) => text === 'true')
    .optional(),
  from: input.instant.optional().meta({ description: 'Created at or after.' }),
  to: input.instant.optional().meta({ description: 'Created before.' }),
  ...paging,
});

const list = defineRoute({
  method: 'GET',
  path: '/v1/transactions',
  operationId: 'listTransactions',
  tag: 'Transactions',
  scope: 'transactions:read',
  limit: 'reads',
  summary: 'List transactions, newest first',
  query: filters,
  responses: { 200: { description: 'A page.', schema: views.listOf(views.transaction) } },
  async handler({ ctx, caller, query }) {
    if (query.from !== undefined && query.to !== undefined && query.from >= query.to) {
      const found: FieldError[] = [
        { field: 'to', code: 'reversed_range', message: 'Give a "to" that is later than "from".' },
      ];
      throw new InvalidRequest(found);
    }
    const place = { list: 'transactions', merchantId: caller.merchantId };
    const given = { ...query, cursor: openCursor(ctx, place, query.cursor) };
    // Only what was given: a filter that is undefined would be another filter.
    const named = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
    const page = await listTransactions(ctx, caller.merchantId, named as unknown as TransactionFilters);
    return json(200, { data: page.data, nextCursor: sealCursor(ctx, place, page.nextCursor) });
  },
});

const read = defineRoute({
  method: 'GET',
  path: '/v1/transactions/{id}',
  operationId: 'getTransaction',
  tag: 'Transactions',
  scope: 'transactions:read',
  limit: 'reads',
  summary: 'Read a transaction',
  params: z.strictObject({ id: views.transactionId }),
  responses: { 200: { description: 'The transaction as it stands.', schema: views.transaction } },
  async handler({ ctx, caller, params }) {
    if (!isId('payout', params.id) && !isId('collection', params.id)) throw new NotFound();
    return json(200, await findTransaction(ctx, caller.merchantId, params.id));
  },
});

export const transactionRoutes = [list, read];
