// Housekeeping: what must happen now and then in one process only: rolling up the ledger, checking for returns, forgetting old keys.
import type { Context } from '../src/context.ts';
import { runAlone } from '../src/db/knex.ts';
import { rollUp } from '../src/ledger/balances.ts';
import { checkReturns } from '../src/reconciliation/returns.ts';
import type { Flow } from '../src/transactions/flow.ts';
import type { TransactionType } from '../src/transactions/transaction.ts';

// Ten thousand at a time, so that a long neglected table does not become one long transaction.
const FORGET = {
  name: 'forget_idempotency_keys',
  text: `
    DELETE FROM idempotency_keys WHERE (merchant_id, route, key) IN (
      SELECT merchant_id, route, key FROM idempotency_keys WHERE created_at < now() - interval '30 days' LIMIT 10000)`,
};

// A pin nobody could use in time is of no use to anybody.
const FORGET_PINS = {
  name: 'forget_pins',
  text: `
    UPDATE personal_data p SET otp_sealed = NULL FROM transactions t
    WHERE p.otp_sealed IS NOT NULL AND t.id = p.subject_id AND t.created_at < now() - $1::bigint * interval '1 millisecond'`,
};

const DAY_MS = 86_400_000;

/** One round: each task runs if nobody has run it within its interval; the lock is left to expire, and so is the clock. */
export async function keepHouse(ctx: Context, flows: Record<TransactionType, Flow>): Promise<void> {
  const { ROLLUP_INTERVAL_MS, REVERSAL_CHECK_MS, OTP_LIFETIME_MS } = ctx.config;
  const tasks: readonly (readonly [name: string, intervalMs: number, work: () => Promise<unknown>])[] = [
    ['roll_up', ROLLUP_INTERVAL_MS, () => rollUp(ctx.db)],
    ['returns_check', REVERSAL_CHECK_MS, () => checkReturns(ctx, flows)],
    ['forget_pins', OTP_LIFETIME_MS, () => runAlone(ctx.db, FORGET_PINS, [OTP_LIFETIME_MS])],
    ['forget_keys', DAY_MS, () => runAlone(ctx.db, FORGET, [])],
  ];
  for (const [name, intervalMs, work] of tasks) {
    if ((await ctx.cache.lock(`housekeeping:${name}`, intervalMs)) === null) continue;
    await work().catch((error: unknown) =>
      ctx.log.warn({ event: name, error }, 'housekeeping failed; it comes round again'),
    );
  }
}
