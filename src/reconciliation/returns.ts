// Looks through the provider's list for settled money that went back, for what succeeded although our row says otherwise, what
// contradicts a person's decision, and for money that no row of ours explains.
import type { Context } from '../context.ts';
import { runAlone } from '../db/knex.ts';
import { isId } from '../ids.ts';
import type { ProviderTransaction } from '../provider/provider.ts';
import { advance } from '../transactions/advance.ts';
import type { Flow } from '../transactions/flow.ts';
import { nameStranger, suspendStranger } from '../transactions/stranger.ts';
import type { TransactionType } from '../transactions/transaction.ts';
import { DAY_MS, databaseNow, dayOf } from './days.ts';

/** The provider's largest page that is safe to ask for, and a bound on one check. */
const PAGE = 50;
const MAX_PAGES = 2000;

const DISAGREE = {
  name: 'returns_disagree',
  text: `
    SELECT t.id, t.type FROM transactions t JOIN unnest($1::text[], $2::boolean[], $3::text[]) AS p(id, returned, status) USING (id)
    WHERE ((p.returned OR p.status = 'failed') AND t.state = 'settled')
      OR (p.status = 'successful' AND (t.state = 'failed'
        OR (t.state IN ('accepted', 'awaiting_approval') AND NOT EXISTS (SELECT 1 FROM recoveries WHERE finished_at IS NULL))))`,
};

// What no row explains: lost, cancelled or failed before anything was sent, or a second operation under one reference. A row that may
// still move is left to its own look-ups, which may yet take the operation as its own. What has been named is not named again.
// While a recovery is open nothing is sent, and its run, which counts what it finds, does this.
const STRANGERS = {
  name: 'returns_strangers',
  text: `
    SELECT p.provider_id AS "providerTransactionId", coalesce(t.state, 'lost') AS row
    FROM unnest($1::text[], $2::text[], $3::boolean[]) AS p(id, provider_id, booked) LEFT JOIN transactions t USING (id)
    WHERE NOT EXISTS (SELECT 1 FROM recoveries WHERE finished_at IS NULL)
      AND (t.id IS NULL OR t.state = 'cancelled' OR (t.state IN ('settled', 'failed', 'reversed')
        AND (t.attempt_no = 0 OR t.provider_transaction_id <> p.provider_id)))
      AND CASE WHEN p.booked
        THEN NOT EXISTS (SELECT 1 FROM journal_entries e WHERE e.reference = 'provider:' || p.provider_id || ':suspend')
        ELSE NOT EXISTS (SELECT 1 FROM cases c WHERE c.subject = 'provider:' || p.provider_id) END`,
};

const BY = 'returns_check';

/**
 * Pages through REVERSAL_HORIZON_MS and advances every transaction whose final state the list contradicts; each is looked up
 * afresh before anything is booked. Then names what no row explains. Returns how many were advanced or named. Raises ProviderUnavailable.
 */
export async function checkReturns(ctx: Context, flows: Record<TransactionType, Flow>): Promise<number> {
  const now = await databaseNow(ctx.db);
  // A day more at either end: the provider's clock need not be ours.
  const from = dayOf(now - ctx.config.REVERSAL_HORIZON_MS - DAY_MS);
  const to = dayOf(now + DAY_MS);
  let advanced = 0;
  for (let page = 1; page <= MAX_PAGES; page += 1) {
    const listed = await ctx.provider.transactions({ from, to, page, limit: PAGE });
    advanced += await follow(ctx, flows, listed.transactions);
    advanced += await nameStrangers(ctx, listed.transactions);
    if (listed.shown < PAGE) break;
    if (page === MAX_PAGES)
      ctx.log.error({ event: 'returns_cut_short', count: page }, 'Older pages were not looked at.');
  }
  return advanced;
}

function isOurs({ reference }: ProviderTransaction): boolean {
  return reference !== null && (isId('payout', reference) || isId('collection', reference));
}

async function follow(
  ctx: Context,
  flows: Record<TransactionType, Flow>,
  listed: readonly ProviderTransaction[],
): Promise<number> {
  const ours = listed.filter((found) => isOurs(found) && (found.isRefunded || found.status !== 'pending'));
  if (ours.length === 0) return 0;
  const rows = await runAlone<{ id: string; type: TransactionType }>(ctx.db, DISAGREE, [
    ours.map((one) => one.reference),
    ours.map((one) => one.isRefunded),
    ours.map((one) => one.status),
  ]);
  let advanced = 0;
  for (const row of rows) {
    const ending = await advance(ctx, flows[row.type], row.id, {
      cause: BY,
      actor: BY,
      insists: true,
    });
    if (ending === 'moved') advanced += 1;
  }
  return advanced;
}

/** Comes after `follow`: what an advance has taken as its row's own is no stranger any more. */
async function nameStrangers(ctx: Context, listed: readonly ProviderTransaction[]): Promise<number> {
  const moved = listed.filter((found) => isOurs(found) && found.status === 'successful' && !found.isRefunded);
  if (moved.length === 0) return 0;
  const strangers = await runAlone<{ providerTransactionId: string; row: string }>(ctx.db, STRANGERS, [
    moved.map((one) => one.reference),
    moved.map((one) => one.providerTransactionId),
    moved.map((one) => suspendStranger(ctx, one, BY) !== null),
  ]);
  let named = 0;
  for (const { providerTransactionId, row } of strangers) {
    const found = moved.find((one) => one.providerTransactionId === providerTransactionId);
    if (found === undefined) continue;
    const evidence = { foundBy: BY, row };
    if (await nameStranger(ctx, { found, kind: 'unknown_operation', actor: BY, evidence })) named += 1;
  }
  return named;
}
