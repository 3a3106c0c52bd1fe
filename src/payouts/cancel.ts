// Cancels a payout that has not been sent: whoever moves the row first, this or the stamp, wins.
import type { Context } from '../context.ts';
import { StaleState, Unavailable } from '../errors.ts';
import type { NewEntry } from '../ledger/journal.ts';
import type { Caller } from '../transactions/accept.ts';
import { type Decider, decide } from '../transactions/approval.ts';
import { findTransaction, type TransactionView } from '../transactions/find.ts';
import { isSendingDisabled } from '../transactions/sending.ts';
import { load, type TransactionRow } from '../transactions/transaction.ts';
import { payoutFlow } from './flow.ts';

/**
 * Cancels as a merchant's program. Raises NotFound, StaleState once it may have been sent, and Unavailable while a recovery is
 * open; a payout that is cancelled already is answered as it is.
 */
export async function cancelPayout(ctx: Context, caller: Caller, id: string): Promise<TransactionView> {
  const { merchantId, apiKeyId, clientAddress } = caller;
  const before = await findTransaction(ctx, merchantId, id, 'payout');
  if (before.status === 'cancelled') return before;
  await cancel(ctx, id, { cause: 'api', actor: `key:${apiKeyId}`, clientAddress, reason: null });
  return findTransaction(ctx, merchantId, id, 'payout');
}

/** Releases the hold and ends the payout. Raises NotFound, and what `cancelPayout` raises. */
export async function cancel(ctx: Context, id: string, by: Decider): Promise<void> {
  // A database that was restored may show as unsent what has been paid.
  if (await isSendingDisabled(ctx.db))
    throw new Unavailable('Payouts cannot be cancelled while the service recovers. Ask again later.');
  const { transaction } = await load(ctx, id);
  const entries = cancelling(transaction, by.actor);
  const released = { action: 'payouts.cancel', path: ['cancelled'], dueInMs: null, entries } as const;
  if (!(await decide(ctx, transaction, by, released))) throw new StaleState(TOO_LATE);
}

const TOO_LATE = 'The payout can no longer be cancelled: it may have been sent.';

/** What cancelling posts. Raises StaleState where it is too late for it. */
export function cancelling(transaction: TransactionRow, actor: string): readonly NewEntry[] {
  const { type, state } = transaction;
  if (type !== 'payout' || (state !== 'accepted' && state !== 'awaiting_approval')) throw new StaleState(TOO_LATE);
  return payoutFlow.release(transaction, 'cancel', actor);
}
