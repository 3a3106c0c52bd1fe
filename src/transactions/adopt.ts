// Adopts what the provider has already: a row that says "never sent" about something that was, after lost commits or a wrong proof.
import type { Context } from '../context.ts';
import { inTransaction } from '../db/knex.ts';
import type { ProviderTransaction } from '../provider/provider.ts';
import type { Flow } from './flow.ts';
import { type Cause, checkPath, type Step, writeSteps } from './step.ts';
import { load } from './transaction.ts';

/**
 * Moves an unsent row to `submitting`, with an attempt of which silence never proves anything: from here on it is looked up like
 * any other, and never sent. False when it is neither `accepted` nor awaiting approval any more (an approval may have been lost too).
 * Sends nothing, and settles nothing by itself.
 */
export async function adopt(
  ctx: Context,
  flow: Flow,
  id: string,
  of: { readonly found: ProviderTransaction; readonly cause: Cause; readonly actor: string },
): Promise<boolean> {
  const { transaction, otpSealed } = await load(ctx, id);
  const { state } = transaction;
  if (state !== 'accepted' && state !== 'awaiting_approval') return false;
  const step: Step = {
    id,
    from: state,
    attemptNo: transaction.attemptNo,
    path: state === 'accepted' ? ['submitting'] : ['accepted', 'submitting'],
    cause: of.cause,
    actor: of.actor,
    note: 'the provider has it already',
    dueInMs: 0,
    set: {
      ...(await flow.priceFound(ctx, transaction, of.found)),
      providerTransactionId: of.found.providerTransactionId,
    },
    attempt: {
      kind: 'open',
      tokenHash: null,
      quotationExpiresAt: null,
      quotedAmountMinor: null,
      quotedChargeMinor: null,
      fenceAt: null,
    },
    forgetOtp: otpSealed !== null,
  };
  checkPath(step);
  const moved = await inTransaction(ctx.db, async (trx) => {
    await trx.raw(`SELECT set_config('eversend.adopting', 'yes', true)`);
    return writeSteps(trx, [step]);
  });
  return moved.has(id);
}
