// Cancels a payout that has not been sent: whoever moves the row first, this or the stamp, wins.
import type { Context } from '../context.ts';
import { StaleState, Unavailable } from '../errors.ts';
import type { Caller } from '../transactions/accept.ts';
import { findTransaction, type TransactionView } from '../transactions/find.ts';
import { isSendingDisabled } from '../transactions/sending.ts';
import { take } from '../transactions/step.ts';
import { load } from '../transactions/transaction.ts';
import { payoutFlow } from './flow.ts';

/**
 * Releases the hold and ends the payout. Raises NotFound, StaleState once it may have been sent, and Unavailable while a recovery is
 * open; a payout that is cancelled already is answered as it is.
 */
export async function cancelPayout(ctx: Context, caller: Caller, id: string): Promise<TransactionView> {
  const before = await findTransaction(ctx, caller.merchantId, id, 'payout');
  if (before.status === 'cancelled') return before;
  // A database that was restored may show as unsent what has been paid.
  if (await isSendingDisabled(ctx.db))
    throw new Unavailable('Payouts cannot be cancelled while the service recovers. Ask again later.');
  const { transaction } = await load(ctx, id);
  const actor = `key:${caller.apiKeyId}`;
  const moved =
    transaction.state === 'accepted' &&
    (await take(ctx, {
      id,
      from: 'accepted',
      attemptNo: transaction.attemptNo,
      path: ['cancelled'],
      cause: 'api',
      actor,
      dueInMs: null,
      entries: payoutFlow.release(transaction, 'cancel', actor),
    }));
  if (!moved) throw new StaleState('The payout can no longer be cancelled: it may have been sent.');
  return findTransaction(ctx, caller.merchantId, id, 'payout');
}
