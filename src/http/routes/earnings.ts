// Earnings: what was earned of each settled transaction, and the sums by period.
import { z } from 'zod';
import { EARNING_KINDS } from '../../earnings/earning.ts';
import { listEarnings, sumEarnings } from '../../earnings/list.ts';
import { InvalidRequest } from '../../errors.ts';
import { formatAmount } from '../../money.ts';
import { openCursor, sealCursor } from '../cursor.ts';
import { defineRoute, json } from '../define-route.ts';
import * as input from '../inputs.ts';
import { pageOf, paging, readSpan } from '../query.ts';
import * as views from '../views.ts';

const filters = {
  kind: input.word(EARNING_KINDS).optional(),
  currency: input.currency.optional(),
  from: input.instant.optional().meta({ description: 'Earned at or after.' }),
  to: input.instant.optional().meta({ description: 'Earned before.' }),
};

const list = defineRoute({
  method: 'GET',
  path: '/v1/earnings',
  operationId: 'listEarnings',
  tag: 'Earnings',
  scope: 'earnings:read',
  limit: 'reads',
  summary: 'List earnings, newest first',
  description:
    'One for each kind and settled transaction: `service_fee` is the fee, `commission` the part of it that is owed to a partner. A return takes them back by negative ones.',
  query: z.strictObject({ ...filters, ...paging }),
  responses: { 200: { description: 'A page.', schema: views.listOf(views.earning) } },
  async handler({ ctx, caller: { merchantId }, query }) {
    const { kind = null, currency = null, limit } = query;
    const span = readSpan(query);
    const place = { list: 'earnings', merchantId };
    const after = openCursor(ctx, place, query.cursor) ?? null;
    const found = await listEarnings(ctx.db, { merchantId, kind, currency, ...span, after, limit: limit + 1 });
    const { page, last } = pageOf(found, limit);
    const data = page.map(({ position: _, amountMinor, earnedAt, ...rest }) => ({
      ...rest,
      amount: formatAmount(amountMinor),
      earnedAt: earnedAt.toISOString(),
    }));
    return json(200, { data, nextCursor: sealCursor(ctx, place, last?.position ?? null) });
  },
});

const DAY_MS = 86_400_000;
/** A year and a day: what one request may add up. */
const LONGEST_MS = 367 * DAY_MS;
const USUAL_MS = 31 * DAY_MS;

const summary = defineRoute({
  method: 'GET',
  path: '/v1/earnings/summary',
  operationId: 'summarizeEarnings',
  tag: 'Earnings',
  scope: 'earnings:read',
  limit: 'reads',
  summary: 'What was earned, by kind, currency and period',
  description:
    'Periods are days or months in UTC; amounts of several currencies are never added up. Without `from`, the 31 days before `to`; without `to`, until now. At most 367 days.',
  query: z.strictObject({ ...filters, by: input.word(['day', 'month'], 'The period; `day` if left out.').optional() }),
  responses: {
    200: { description: 'Newest period first.', schema: views.earningsSummary },
  },
  async handler({ ctx, caller: { merchantId }, query }) {
    const { kind = null, currency = null, by = 'day' } = query;
    const span = readSpan(query);
    const to = span.to ?? new Date();
    const from = span.from ?? new Date(to.getTime() - USUAL_MS);
    if (to.getTime() - from.getTime() > LONGEST_MS)
      throw InvalidRequest.field('from', 'span_too_long', 'Ask for at most 367 days at once.');
    const sums = await sumEarnings(ctx.db, { merchantId, kind, currency, from, to, by });
    return json(200, {
      data: sums.map(({ amountMinor, ...rest }) => ({ ...rest, amount: formatAmount(amountMinor) })),
    });
  },
});

export const earningRoutes = [list, summary];
