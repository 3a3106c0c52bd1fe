// A second look at what was final: a return of settled money, or a late success of what had been called failed. Named edges only.
import type { Context } from '../context.ts';
import { inTransaction, run, runAlone } from '../db/knex.ts';
import { lockAvailable } from '../ledger/balances.ts';
import { isPosted } from '../ledger/journal.ts';
import { scheduleById } from '../pricing/fee-schedule.ts';
import type { ProviderTransaction } from '../provider/provider.ts';
import type { Ending, Ring } from './advance.ts';
import { caseOf, openCases } from './case.ts';
import type { Booking, Flow } from './flow.ts';
import { checkPath, writeSteps } from './step.ts';
import { suspendReference } from './stranger.ts';
import { type Loaded, load } from './transaction.ts';

/** Looks a settled or failed transaction up again. Only the provider's fresh word changes a final state, never a webhook's. */
export async function recheck(ctx: Context, flow: Flow, loaded: Loaded, ring: Ring): Promise<Ending> {
  const { transaction } = loaded;
  if (transaction.attemptNo === 0) return 'nothing_to_do';
  const answer = await ctx.provider.lookUp({
    reference: transaction.id,
    providerTransactionId: transaction.providerTransactionId,
  });
  if (answer.kind !== 'found') return 'waiting';
  const found = answer.transaction;
  const agrees = found.currency === transaction.currency && found.amountMinor === transaction.amountMinor;
  if (transaction.state === 'settled') {
    if (found.isRefunded) return write(ctx, flow, loaded, ring, found, 'reversed');
    if (found.status !== 'successful') return contradict(ctx, loaded, found);
  } else if (transaction.state === 'failed' && found.status === 'successful') {
    // Its money waits in suspense already, under a case of its own: settled too, it would be booked twice.
    if (await isPosted(ctx.db, suspendReference(found.providerTransactionId))) return 'nothing_to_do';
    if (!agrees) return contradict(ctx, loaded, found);
    const ending = await write(ctx, flow, loaded, ring, found, 'settled');
    // It went and came back without our having looked in between: both steps belong to the book, one after the other.
    return ending === 'moved' && found.isRefunded ? recheck(ctx, flow, await load(ctx, transaction.id), ring) : ending;
  }
  return 'nothing_to_do';
}

/** The row first, then whatever hangs on it. */
export const LOCK = {
  name: 'lock_transaction',
  text: 'SELECT state FROM transactions WHERE id = $1 FOR NO KEY UPDATE',
};

/** The booking's shape depends on what the wallet has, so the wallet is locked before it is made: row first, then wallet, as everywhere. */
async function write(
  ctx: Context,
  flow: Flow,
  loaded: Loaded,
  ring: Ring,
  found: ProviderTransaction,
  to: 'settled' | 'reversed',
): Promise<Ending> {
  const { transaction } = loaded;
  const tariff = await scheduleById(ctx, transaction.feeScheduleId);
  const moved = await inTransaction(ctx.db, async (trx) => {
    await run(trx, LOCK, [transaction.id]);
    const input = {
      transaction,
      found,
      tariff,
      quotedChargeMinor: loaded.quotedChargeMinor,
      config: ctx.config,
      availableMinor: await lockAvailable(trx, transaction.walletId),
    };
    const booking: Booking = to === 'settled' ? flow.settleLate(input) : flow.reverse(input);
    const step = {
      id: transaction.id,
      from: transaction.state,
      attemptNo: transaction.attemptNo,
      path: [to],
      cause: ring.cause,
      actor: ring.actor,
      dueInMs: null,
      set: {
        ...booking.set,
        providerTransactionId: found.providerTransactionId,
        ...(to === 'settled' ? { failure: null } : {}),
      },
      entries: booking.entries,
      earnings: booking.earnings,
      cases: booking.cases,
    } as const;
    checkPath(step);
    return writeSteps(trx, [step]);
  });
  return moved.has(transaction.id) ? 'moved' : 'stale';
}

// A person who has answered this very contradiction is not asked again; nor is one whose money has a case of its own.
const ANSWERED = {
  name: 'contradiction_answered',
  text: `
    SELECT 1 FROM cases WHERE subject = 'provider:' || $5 OR (subject = $1 AND kind = 'contradiction' AND resolved_at IS NOT NULL
      AND evidence->>'ours' = $2 AND evidence->>'provider' = $3 AND evidence->>'providerAmountMinor' = $4) LIMIT 1`,
};

async function contradict(ctx: Context, { transaction }: Loaded, found: ProviderTransaction): Promise<Ending> {
  const { id, state } = transaction;
  const said = [id, state, found.status, found.amountMinor.toString(), found.providerTransactionId];
  if ((await runAlone(ctx.db, ANSWERED, said)).length > 0) return 'nothing_to_do';
  await inTransaction(ctx.db, (trx) =>
    openCases(trx, [
      caseOf(transaction, 'contradiction', transaction.amountMinor, {
        ours: transaction.state,
        provider: found.status,
        providerAmountMinor: found.amountMinor.toString(),
        providerCurrency: found.currency,
      }),
    ]),
  );
  return 'waiting';
}
