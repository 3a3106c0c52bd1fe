// A bell that insists, about a row of which the provider should know nothing: what the provider says is believed, not the row.
import type { Context } from '../context.ts';
import { adopt } from './adopt.ts';
import type { Ending, Ring } from './advance.ts';
import type { Flow } from './flow.ts';
import { look } from './look.ts';
import { nameStranger } from './stranger.ts';
import { type Loaded, load } from './transaction.ts';

/**
 * An accepted row was never sent, or its attempts were proven not executed; the proof may have been wrong, or the commit lost.
 * What the provider has is adopted and followed. Nothing is sent here: that is for the row's own date.
 */
export async function lookBeforeSending(
  ctx: Context,
  flow: Flow,
  { transaction }: Loaded,
  ring: Ring,
): Promise<Ending> {
  const { id: reference, providerTransactionId } = transaction;
  const answer = await ctx.provider.lookUp({ reference, providerTransactionId });
  if (answer.kind !== 'found') return 'waiting';
  const { cause, actor } = ring;
  if (await adopt(ctx, flow, reference, { found: answer.transaction, cause, actor })) {
    ctx.log.warn({ transactionId: reference, event: 'adopted' }, 'the provider has what was to be sent');
    await look(ctx, flow, await load(ctx, reference), ring);
    return 'moved';
  }
  // Another moved it meanwhile: asked again later, from wherever it is by then.
  return 'waiting';
}

/** A cancelled payout may have been executed by an attempt that was called unsent: its hold is gone, so its money is a stranger's. */
export async function lookAfterCancelling(ctx: Context, { transaction }: Loaded, ring: Ring): Promise<Ending> {
  const { id: reference, providerTransactionId, state } = transaction;
  const answer = await ctx.provider.lookUp({ reference, providerTransactionId });
  if (answer.kind !== 'found' || answer.transaction.status === 'pending') return 'waiting';
  if (answer.transaction.status === 'successful') {
    const evidence = { foundBy: ring.cause, row: state };
    await nameStranger(ctx, { found: answer.transaction, kind: 'unknown_operation', actor: ring.actor, evidence });
  }
  return 'nothing_to_do';
}
