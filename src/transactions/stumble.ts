// When our own code fails on a transaction: it is tried again later, and after some tries a person is asked. The others go on.
import type { Context } from '../context.ts';
import { backoffMs, scheduledMs } from './backoff.ts';
import { caseOf } from './case.ts';
import { isFinal, mayMove } from './states.ts';
import { take } from './step.ts';
import { load } from './transaction.ts';

/** Failures in a row before a person is asked. With the usual waits that is some minutes. */
const STUCK_AFTER = 8;

/** Postpones a transaction on which a worker has failed unexpectedly, or hands it to a person. Never concludes anything about money. */
export async function stumble(ctx: Context, id: string, error: unknown): Promise<void> {
  const { transaction, isDue } = await load(ctx, id);
  if (isFinal(transaction.state)) return;
  // Its date is when the approval ends: it must not come sooner because a bell failed.
  if (transaction.state === 'awaiting_approval' && !isDue) return;
  const base = {
    id,
    from: transaction.state,
    attemptNo: transaction.attemptNo,
    cause: 'worker',
    actor: 'worker',
  } as const;
  if (transaction.tries < STUCK_AFTER || !mayMove(transaction.state, 'in_review')) {
    const wait = backoffMs(transaction.tries, { baseMs: ctx.config.RETRY_BASE_MS, maxMs: ctx.config.RETRY_MAX_MS });
    await take(ctx, { ...base, path: [], dueInMs: wait, tries: 'count' });
    return;
  }
  const { name = 'Error', code = null } = error as { name?: string; code?: string | null };
  await take(ctx, {
    ...base,
    path: ['in_review'],
    dueInMs: scheduledMs(Number.MAX_SAFE_INTEGER, ctx.config.POLL_SCHEDULE_MS),
    note: 'our own code failed on it again and again',
    cases: [caseOf(transaction, 'stuck', transaction.amountMinor, { error: name, code, tries: transaction.tries })],
  });
}
