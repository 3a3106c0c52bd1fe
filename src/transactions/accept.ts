// Acceptance: idempotency key, transaction, history, personal data and hold in one commit, many requests to a commit.
import { type Context, perContext } from '../context.ts';
import { coalesce } from '../db/coalesce.ts';
import { inTransaction, isConnectionLoss, runWhole } from '../db/knex.ts';
import { Conflict, Refused, StaleState, Unavailable } from '../errors.ts';
import { postProblem } from '../ledger/post.ts';
import { accountFingerprints, accountOf, type Person } from '../merchants/person.ts';
import { openWallet } from '../merchants/wallet.ts';
import type { QueueName } from '../queue/queues.ts';
import { type Acceptance, type Answer, acceptCall, type Prepared, type Standing } from './acceptance.ts';
import { IN_PROGRESS, replay, sealAnswer, whole } from './stored-answer.ts';
import type { TransactionRow } from './transaction.ts';
import { viewGiven } from './view.ts';

export type { Acceptance, Answer, Caller, IdempotentRequest } from './acceptance.ts';

const acceptor = perContext((ctx) =>
  coalesce<Prepared, Standing>({
    maxBatch: 128,
    whole: isConnectionLoss,
    flush: async (items) => {
      const { statement, values } = acceptCall(items);
      try {
        return await runWhole<Standing>(ctx.db, statement, values);
      } catch (error) {
        throw postProblem(error);
      }
    },
  }),
);

/** The answer up to what only the commit knows: the wallet and the time come last in it. */
function answerStart({ id, transaction, person, owner }: Acceptance, as: 'accepted' | 'awaiting_approval'): string {
  const state = { state: as, chargeMinor: null } as const;
  const fresh = {
    providerTransactionId: null,
    failureCode: null,
    failureMessage: null,
    approvalUrl: null,
    settledAt: null,
  };
  return JSON.stringify(viewGiven({ ...transaction, ...state, ...fresh, id }, { person, owner })).slice(0, -1);
}

function prepare(ctx: Context, item: Acceptance, approvalWaitMs: number | null): Prepared {
  const start = answerStart(item, approvalWaitMs === null ? 'accepted' : 'awaiting_approval');
  const answerSealed = sealAnswer(ctx.vault, item.request, start);
  return { ...item, approvalWaitMs, earlierAccountHash: earlier(ctx, item.person), answerStart: start, answerSealed };
}

function earlier({ vault }: Context, person: Person): Buffer | null {
  const account = vault.keyIds.length > 1 ? accountOf(person) : null;
  return account === null ? null : (accountFingerprints(vault, account)[1] ?? null);
}

/** The answer, or null when the request has to be asked again. Raises what the verdict refuses. */
async function follow(ctx: Context, item: Prepared, standing: Standing): Promise<Answer | null> {
  const { currency, heldMinor } = item.transaction;
  switch (standing.verdict) {
    case 'accepted':
      return { status: 202, body: whole(item.answerStart, standing), replayed: false };
    case 'known':
      return replay(ctx, item.request, standing);
    case 'running':
      throw new Conflict('request_in_progress', IN_PROGRESS);
    case 'no_wallet': {
      if (heldMinor > 0n) {
        const whose = item.owner === '' ? 'Your' : "This owner's";
        throw new Refused('insufficient_funds', `${whose} ${currency} wallet holds nothing yet.`, 'amount');
      }
      // The first money of this owner in this currency.
      const { merchantId } = item.caller;
      await inTransaction(ctx.db, (trx) => openWallet(trx, { merchantId, owner: item.owner, currency }));
      return null;
    }
    case 'wallet_frozen':
      throw new Refused('wallet_frozen', 'The wallet is frozen; it takes no new payouts.');
    case 'insufficient_funds':
      throw new Refused('insufficient_funds', 'The wallet does not cover the amount and the fee.', 'amount');
    case 'refund_exceeds':
      throw new Refused('refund_exceeds_collection', 'All refunds together would exceed what was collected.', 'amount');
    case 'not_settled':
      throw new StaleState('Only a settled collection can be refunded.');
    case 'needs_approval':
    case 'again':
      return null;
  }
}

const QUEUE_OF: Record<TransactionRow['type'], QueueName> = { collection: 'collections', payout: 'payouts' };

/**
 * Accepts a transaction once and rings its bell; one above its merchant's approval limit is stored as `awaiting_approval`, and nobody
 * rings. The answer to a repetition is the first one, byte for byte.
 * Raises Conflict (`request_in_progress`, or 422 `idempotency_key_reused`), Refused (`insufficient_funds`, `wallet_frozen`,
 * `refund_exceeds_collection`), StaleState for a refund of what is not settled, and Unavailable when the database cannot be reached:
 * then it was accepted whole or not at all, and the same key finds out.
 */
export async function accept(ctx: Context, item: Acceptance): Promise<Answer> {
  let prepared = prepare(ctx, item, null);
  try {
    for (;;) {
      const standing = await acceptor(ctx)(prepared);
      if (standing.verdict === 'needs_approval') prepared = prepare(ctx, item, ctx.config.APPROVAL_PATIENCE_MS);
      const answer = await follow(ctx, prepared, standing);
      if (answer === null) continue;
      const mayBeSent = item.transaction.scheduledAt === null && prepared.approvalWaitMs === null;
      if (!answer.replayed && mayBeSent) {
        ctx.queues.ring([{ queue: QUEUE_OF[item.transaction.type], id: item.id, generation: 1 }]);
      }
      return answer;
    }
  } catch (error) {
    if (isConnectionLoss(error)) throw new Unavailable();
    throw error;
  }
}
