// Looks through the provider's list for settled money that went back, failed transactions that succeeded after all, and what contradicts a person's decision.
import type { Context } from '../context.ts';
import { runAlone } from '../db/knex.ts';
import { isId } from '../ids.ts';
import type { ProviderTransaction } from '../provider/provider.ts';
import { advance } from '../transactions/advance.ts';
import type { Flow } from '../transactions/flow.ts';
import type { TransactionType } from '../transactions/transaction.ts';

/** The provider's largest page that is safe to ask for, and a bound on one check. */
const PAGE = 50;
const MAX_PAGES = 2000;

const DISAGREE = {
  name: 'returns_disagree',
  text: `
    SELECT t.id, t.type FROM transactions t JOIN unnest($1::text[], $2::boolean[], $3::text[]) AS p(id, returned, status) USING (id)
    WHERE ((p.returned OR p.status = 'failed') AND t.state = 'settled') OR (p.status = 'successful' AND t.state = 'failed')`,
};

/**
 * Pages through REVERSAL_HORIZON_MS and advances every transaction whose final state the list contradicts; each is looked up
 * afresh before anything is booked. Returns how many were advanced. Raises ProviderUnavailable.
 */
export async function checkReturns(ctx: Context, flows: Record<TransactionType, Flow>): Promise<number> {
  const day = (at: number) => new Date(at).toISOString().slice(0, 10);
  // A day more at either end: the provider's days are UTC, its clock need not be ours.
  const from = day(Date.now() - ctx.config.REVERSAL_HORIZON_MS - 86_400_000);
  const to = day(Date.now() + 86_400_000);
  let advanced = 0;
  for (let page = 1; page <= MAX_PAGES; page += 1) {
    const listed = await ctx.provider.transactions({ from, to, page, limit: PAGE });
    advanced += await follow(ctx, flows, listed.transactions);
    if (listed.shown < PAGE) break;
  }
  return advanced;
}

async function follow(
  ctx: Context,
  flows: Record<TransactionType, Flow>,
  listed: readonly ProviderTransaction[],
): Promise<number> {
  const ours = listed.flatMap((found) => {
    const { reference, isRefunded, status } = found;
    if (reference === null || !(isId('payout', reference) || isId('collection', reference))) return [];
    return isRefunded || status !== 'pending' ? [{ reference, isRefunded, status }] : [];
  });
  if (ours.length === 0) return 0;
  const rows = await runAlone<{ id: string; type: TransactionType }>(ctx.db, DISAGREE, [
    ours.map((one) => one.reference),
    ours.map((one) => one.isRefunded),
    ours.map((one) => one.status),
  ]);
  let advanced = 0;
  for (const row of rows) {
    const ending = await advance(ctx, flows[row.type], row.id, {
      cause: 'returns_check',
      actor: 'returns_check',
      insists: true,
    });
    if (ending === 'moved') advanced += 1;
  }
  return advanced;
}
