// A bulk's payouts that await approval: decided about all together, a batch to a commit. Each is decided whole, or still waits.
import type { Context } from '../../context.ts';
import { type Db, runAlone } from '../../db/knex.ts';
import { Unavailable } from '../../errors.ts';
import { type Decider, decideMany } from '../../transactions/approval.ts';
import { isSendingDisabled } from '../../transactions/sending.ts';
import { Transaction } from '../../transactions/transaction.ts';
import { insistOnAnother } from '../approve.ts';
import { payoutFlow } from '../flow.ts';

const COUNT = {
  name: 'count_awaiting_of_bulk',
  text: `
    SELECT t.currency, count(*)::int AS count, sum(coalesce(t.amount_minor, t.max_amount_minor))::bigint AS "amountMinor",
      array_agg(t.id::text) AS ids
    FROM bulk_rows r JOIN transactions t ON t.id = r.payout_id
    WHERE r.bulk_id = $1 AND r.state = 'accepted' AND t.state = 'awaiting_approval' GROUP BY t.currency ORDER BY t.currency`,
};

export interface Awaiting {
  readonly currency: string;
  readonly count: number;
  /** Of payouts whose amount only the quotation says, the most it may be. */
  readonly amountMinor: bigint;
  readonly ids: readonly string[];
}

/** What of a bulk awaits approval, per currency. */
export function awaitingOfBulk(db: Db, bulkId: string): Promise<Awaiting[]> {
  return runAlone<Awaiting>(db, COUNT, [bulkId]);
}

const AT_ONCE = 200;

/** Approves those that await it still, and gives how many. Raises Unavailable while a recovery is open, and what `insistOnAnother` raises. */
export function approveOfBulk(ctx: Context, ids: readonly string[], by: Decider): Promise<number> {
  return each(ctx, ids, async (rows) => {
    for (const creator of new Set(rows.map((row) => row.actor))) await insistOnAnother(ctx, creator, by);
    const approved = await decideMany(ctx, rows, by, () => ({
      action: 'payouts.approve',
      path: ['accepted'],
      dueInMs: 0,
    }));
    ctx.queues.ring(approved.map(({ id, generation }) => ({ queue: 'payouts', id, generation })));
    return approved.length;
  });
}

/** Cancels those that await approval still, and gives how many. Raises Unavailable while a recovery is open. */
export function rejectOfBulk(ctx: Context, ids: readonly string[], by: Decider): Promise<number> {
  return each(ctx, ids, async (rows) => {
    const cancelled = await decideMany(ctx, rows, by, (row) => ({
      action: 'payouts.cancel',
      path: ['cancelled'],
      dueInMs: null,
      entries: payoutFlow.release(row, 'cancel', by.actor),
    }));
    return cancelled.length;
  });
}

type Decide = (rows: readonly Transaction[]) => Promise<number>;

async function each(ctx: Context, ids: readonly string[], decide: Decide): Promise<number> {
  // A database that was restored may show as undecided what was approved, and paid.
  if (await isSendingDisabled(ctx.db))
    throw new Unavailable('Nothing is approved or cancelled while the service recovers. Do it again later.');
  const inOrder = ids.toSorted();
  let decided = 0;
  for (let at = 0; at < inOrder.length; at += AT_ONCE) {
    const batch = inOrder.slice(at, at + AT_ONCE);
    // Whatever has moved since it was found is somebody else's by now.
    const rows = Transaction.query(ctx.db).findByIds(batch).where('state', 'awaiting_approval').orderBy('id');
    decided += await decide(await rows);
  }
  return decided;
}
