// Approves a payout that awaits it: by another key than the one that asked for it, or by an operator. Of two at once one wins.
import type { Context } from '../context.ts';
import { Forbidden, StaleState, Unavailable } from '../errors.ts';
import { areOneHand } from '../merchants/rotate-key.ts';
import type { Caller } from '../transactions/accept.ts';
import { type Decider, decide } from '../transactions/approval.ts';
import { findTransaction, type TransactionView } from '../transactions/find.ts';
import { isSendingDisabled } from '../transactions/sending.ts';
import { load } from '../transactions/transaction.ts';

/**
 * Approves as a merchant's program. Raises NotFound, Forbidden `approval_by_creator` for the key that asked for the payout, for its
 * rotations and for whoever was shown one of them, StaleState when it does not await approval (any more), and Unavailable while a
 * recovery is open.
 */
export async function approvePayout(ctx: Context, caller: Caller, id: string): Promise<TransactionView> {
  const { merchantId, apiKeyId, clientAddress } = caller;
  await findTransaction(ctx, merchantId, id, 'payout');
  await approve(ctx, id, { cause: 'api', actor: `key:${apiKeyId}`, clientAddress, reason: null });
  return findTransaction(ctx, merchantId, id, 'payout');
}

/** Lets it go: at once, or at its scheduled time if that is still to come. Raises what `approvePayout` raises. */
export async function approve(ctx: Context, id: string, by: Decider): Promise<void> {
  // A database that was restored may show as unapproved what was approved, and paid.
  if (await isSendingDisabled(ctx.db))
    throw new Unavailable('Payouts cannot be approved while the service recovers. Ask again later.');
  const { transaction } = await load(ctx, id);
  const { state, actor: creator, generation } = transaction;
  if (state !== 'awaiting_approval') throw new StaleState(`The payout does not await approval: it is ${state}.`);
  await insistOnAnother(ctx, creator, by);
  if (!(await decide(ctx, transaction, by, { action: 'payouts.approve', path: ['accepted'], dueInMs: 0 })))
    throw new StaleState('Another was first: the payout does not await approval any more.');
  ctx.queues.ring([{ queue: 'payouts', id, generation }]);
}

/** Raises Forbidden `approval_by_creator` where the one who asked and the one who approves may be one hand. */
export async function insistOnAnother(ctx: Context, creator: string, { actor }: Decider): Promise<void> {
  if (await areOneHand(ctx.db, creator, actor))
    throw new Forbidden(
      'The key that asked for a payout, and whoever was shown it, cannot approve it. Approve it with another one.',
      'approval_by_creator',
    );
}
