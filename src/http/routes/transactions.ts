// Transactions: collections and payouts alike, one by id and lists by filters.
import { z } from 'zod';
import { type FieldError, InvalidRequest, NotFound } from '../../errors.ts';
import { isId } from '../../ids.ts';
import { findTransaction } from '../../transactions/find.ts';
import { listTransactions, type TransactionFilters } from '../../transactions/list.ts';
import { STATE_NAMES, type State } from '../../transactions/states.ts';
import { openCursor, sealCursor } from '../cursor.ts';
import { defineRoute, json } from '../define-route.ts';
import * as input from '../inputs.ts';
import { paging, readSpan } from '../query.ts';
import { readAmount } from '../read-amount.ts';
import * as views from '../views.ts';

const filters = z.strictObject({
  type: input.word(['collection', 'payout']).optional(),
  status: input.word(STATE_NAMES as readonly [State, ...State[]]).optional(),
  currency: input.currency.optional(),
  country: input.country.optional(),
  method: input.word(['momo', 'bank', 'eversend']).optional(),
  owner: input.owner.optional(),
  reference: input.reference.optional(),
  scheduled: input
    .word(['true', 'false'], 'Only those with a `scheduledAt`, or only those without.')
    .transform((text) => text === 'true')
    .optional(),
  accountNumber: input
    .text(
      { example: '+256712345678', description: 'Phone, bank account, e-mail or tag, whole (as %2B256…).' },
      {
        code: 'not_an_account',
        message: 'Send a whole phone, account number, e-mail or tag, with "+" written as "%2B".',
        holds: (text) => /^[\x21-\x7e]{1,254}$/.test(text),
      },
    )
    .optional(),
  providerTransactionId: input
    .text(
      { example: 'BP11788255196456' },
      {
        code: 'not_visible_ascii',
        message: "Send the provider's id of 1 to 100 visible ASCII characters.",
        holds: (text) => /^[\x21-\x7e]{1,100}$/.test(text),
      },
    )
    .optional(),
  bulkId: input
    .text(
      { example: 'bu01KAB3R7W2Q8N4YV5T6X9ZCDEF', description: 'Payouts of this bulk, retried ones included.' },
      { code: 'not_an_id', message: 'Send the id of a bulk.', holds: (text) => isId('bulk', text) },
    )
    .optional(),
  minAmount: input.amount.optional().meta({ description: 'In `currency`, which is needed with it; included.' }),
  maxAmount: input.amount.optional().meta({ description: 'In `currency`, which is needed with it; included.' }),
  from: input.instant.optional().meta({ description: 'Created at or after.' }),
  to: input.instant.optional().meta({ description: 'Created before.' }),
  ...paging,
});

/** Only what was given: a filter that is undefined would be another filter. Raises InvalidRequest. */
function readFilters({ minAmount, maxAmount, ...query }: z.output<typeof filters>): TransactionFilters {
  readSpan(query);
  const found: FieldError[] = [];
  const amount = (field: string, text: string | undefined) => {
    if (text === undefined) return undefined;
    if (query.currency !== undefined)
      return readAmount(found, { field, text, currency: query.currency, mayBeZero: true });
    found.push({ field: 'currency', code: 'required', message: `Give the currency that ${field} is in.` });
    return undefined;
  };
  const minAmountMinor = amount('minAmount', minAmount);
  const maxAmountMinor = amount('maxAmount', maxAmount);
  if (minAmountMinor !== undefined && maxAmountMinor !== undefined && minAmountMinor > maxAmountMinor)
    found.push({
      field: 'maxAmount',
      code: 'reversed_range',
      message: 'Give a maxAmount that is not below minAmount.',
    });
  if (found.length > 0) throw new InvalidRequest(found);
  const given = Object.entries({ ...query, minAmountMinor, maxAmountMinor }).filter(([, value]) => value !== undefined);
  return Object.fromEntries(given) as unknown as TransactionFilters;
}

const list = defineRoute({
  method: 'GET',
  path: '/v1/transactions',
  operationId: 'listTransactions',
  tag: 'Transactions',
  scope: 'transactions:read',
  limit: 'reads',
  summary: 'List transactions, newest first',
  description:
    'Filters are combined. A page looks at 20,000 rows at most: where filters keep few of them it may be short, or empty, and `nextCursor` leads on; only null is the end.',
  query: filters,
  responses: { 200: { description: 'A page.', schema: views.listOf(views.transaction) } },
  async handler({ ctx, caller, query }) {
    const { cursor: sealed, ...given } = readFilters(query);
    const place = { list: 'transactions', merchantId: caller.merchantId };
    const cursor = openCursor(ctx, place, sealed);
    const page = await listTransactions(ctx, caller.merchantId, {
      ...given,
      ...(cursor === undefined ? {} : { cursor }),
    });
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
