// A bell that insists, about a row of which the provider should know nothing: what the provider says is believed, not the row.
import type { Context } from '../context.ts';
import { adopt } from './adopt.ts';
import type { Ending, Ring } from './advance.ts';
import type { Flow } from './flow.ts';
import { look } from './look.ts';
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
