// The one path: whatever rings, a transaction is advanced from the state it is in by what that state allows.
import type { Context } from '../context.ts';
import { NotFound } from '../errors.ts';
import { expireApproval } from './approval.ts';
import type { Flow } from './flow.ts';
import { look } from './look.ts';
import { recheck } from './recheck.ts';
import type { Cause } from './step.ts';
import { submit } from './submit.ts';
import { type Loaded, load } from './transaction.ts';
import { lookAfterCancelling, lookBeforeSending } from './unsent.ts';

/** How an advance ended. `waiting`: its date has not come, or a new one was set. `stale`: another was first. */
export type Ending = 'moved' | 'waiting' | 'nothing_to_do' | 'stale';

/** Which bell rang, and whether it asks to look at the provider before the date has come (a webhook, an operator). */
export interface Ring {
  readonly cause: Cause;
  readonly actor: string;
  readonly insists: boolean;
}

/**
 * Advances one transaction as far as it will go now. Safe to call at any time, twice at once, from any process: it decides by
 * the row alone. Raises NotFound, also for a payout that is taken for a collection, and whatever the database raises; what the provider does is an ending, never an error.
 */
export async function advance(ctx: Context, flow: Flow, id: string, ring: Ring): Promise<Ending> {
  const loaded = await load(ctx, id);
  // Which queue a job lies in is the queue's word: a payout in the other one would ask its recipient for the money.
  if (loaded.transaction.type !== flow.type) throw new NotFound(`There is no ${flow.type} ${id}.`);
  const ending = await turn(ctx, flow, loaded, ring);
  ctx.log.debug({ transactionId: id, state: loaded.transaction.state, cause: ring.cause, ending }, 'advanced');
  return ending;
}

async function turn(ctx: Context, flow: Flow, loaded: Loaded, ring: Ring): Promise<Ending> {
  const { state } = loaded.transaction;
  switch (state) {
    case 'awaiting_approval':
      if (ring.insists) return lookBeforeSending(ctx, flow, loaded, ring);
      return loaded.isDue ? expireApproval(ctx, flow, loaded, ring) : 'waiting';
    case 'accepted':
      if (ring.insists) return lookBeforeSending(ctx, flow, loaded, ring);
      return loaded.isDue ? submit(ctx, flow, loaded, ring) : 'waiting';
    case 'submitting':
    case 'submitted':
    case 'in_review':
      return loaded.isDue || ring.insists ? look(ctx, flow, loaded, ring) : 'waiting';
    case 'settled':
    case 'failed':
      return ring.insists ? recheck(ctx, flow, loaded, ring) : 'nothing_to_do';
    case 'cancelled':
      return ring.insists ? lookAfterCancelling(ctx, loaded, ring) : 'nothing_to_do';
    case 'reversed':
      return 'nothing_to_do';
    default:
      return state satisfies never;
  }
}
