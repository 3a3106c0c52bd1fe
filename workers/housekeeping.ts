// Housekeeping: what must happen now and then in one process only: rolling up the ledger, checking for returns, forgetting old keys and persons.
import { forgetFineActivity } from '../src/activity/roll-up.ts';
import type { Context } from '../src/context.ts';
import { runAlone } from '../src/db/knex.ts';
import { rollUp } from '../src/ledger/balances.ts';
import { forgetEvents } from '../src/notifications/forget.ts';
import { eraseAsked, eraseLateEvents } from '../src/personal-data/erase.ts';
import { checkReturns } from '../src/reconciliation/returns.ts';
import type { Flow } from '../src/transactions/flow.ts';
import type { TransactionType } from '../src/transactions/transaction.ts';

// Some at a time, so that a long neglected table does not become one long transaction.
const FORGET_AT_ONCE = 1000;
const FORGET = {
  name: 'forget_idempotency_keys',
  text: `
    DELETE FROM idempotency_keys WHERE (merchant_id, route, key) IN (
      SELECT merchant_id, route, key FROM idempotency_keys WHERE created_at < now() - interval '30 days' LIMIT ${FORGET_AT_ONCE})
    RETURNING 1`,
};

// A pin nobody could use in time is of no use to anybody.
const FORGET_PINS = {
  name: 'forget_pins',
  text: `
    UPDATE personal_data p SET otp_sealed = NULL FROM transactions t
    WHERE p.otp_sealed IS NOT NULL AND t.id = p.subject_id AND t.created_at < now() - $1::bigint * interval '1 millisecond'`,
};

const DAY_MS = 86_400_000;
/** Events come in all day, so they go all day, a few at a time. */
const FORGET_EVENTS_MS = 600_000;
/** What one round of housekeeping forgets at most, so that its other work gets its turn; the rest goes with the next ones. */
const FORGET_ROUNDS = 10;

/** The answer of a task that has not finished: its turn is given back at once, and the next round goes on. */
const MORE = Symbol('more');

/** Forgets some, and some more, while there is `more`. */
async function inRounds(forgetSome: () => Promise<boolean>): Promise<typeof MORE | null> {
  for (let round = 0; round < FORGET_ROUNDS; round += 1) if (!(await forgetSome())) return null;
  return MORE;
}

const forgetKeys = (ctx: Context) =>
  inRounds(async () => (await runAlone(ctx.db, FORGET, [])).length === FORGET_AT_ONCE);

/** One round: each task runs if nobody has run it within its interval; the lock is left to expire, and so is the clock. */
export async function keepHouse(ctx: Context, flows: Record<TransactionType, Flow>): Promise<void> {
  const { ROLLUP_INTERVAL_MS, REVERSAL_CHECK_MS, OTP_LIFETIME_MS } = ctx.config;
  const tasks: readonly (readonly [name: string, intervalMs: number, work: () => Promise<unknown>])[] = [
    ['roll_up', ROLLUP_INTERVAL_MS, () => rollUp(ctx.db)],
    ['returns_check', REVERSAL_CHECK_MS, () => checkReturns(ctx, flows)],
    ['forget_pins', OTP_LIFETIME_MS, () => runAlone(ctx.db, FORGET_PINS, [OTP_LIFETIME_MS])],
    ['forget_keys', DAY_MS, () => forgetKeys(ctx)],
    ['erase_persons', ROLLUP_INTERVAL_MS, () => eraseAsked(ctx.db, ctx.vault)],
    ['erase_late_events', DAY_MS, () => eraseLateEvents(ctx.db)],
    ['forget_fine_activity', DAY_MS, () => forgetFineActivity(ctx.db)],
    ['forget_events', FORGET_EVENTS_MS, () => inRounds(() => forgetEvents(ctx))],
  ];
  for (const [name, intervalMs, work] of tasks) {
    const turn = await ctx.cache.lock(`housekeeping:${name}`, intervalMs);
    if (turn === null) continue;
    const result = await work().catch((error: unknown) =>
      ctx.log.warn({ event: name, error }, 'housekeeping failed; it comes round again'),
    );
    if (result === MORE) await turn.release();
  }
}
