// Acceptance: idempotency key, transaction, history, personal data and hold in one commit, many requests to a commit.
import { type Context, perContext } from '../context.ts';
import { coalesce } from '../db/coalesce.ts';
import { inTransaction, isConnectionLoss, runAlone, runWhole } from '../db/knex.ts';
import { Conflict, Refused, Unavailable } from '../errors.ts';
import { postProblem } from '../ledger/post.ts';
import { openWallet } from '../merchants/wallet.ts';
import type { QueueName } from '../queue/queues.ts';
import {
  type Acceptance,
  type Answer,
  acceptCall,
  type IdempotentRequest,
  type Prepared,
  type Standing,
} from './acceptance.ts';
import type { TransactionRow } from './transaction.ts';
import { viewGiven, viewPlaced } from './view.ts';

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
function answerStart({ id, transaction, person, owner }: Acceptance): string {
  const state = { state: 'accepted', chargeMinor: null } as const;
  const fresh = {
    providerTransactionId: null,
    failureCode: null,
    failureMessage: null,
    approvalUrl: null,
    settledAt: null,
  };
  return JSON.stringify(viewGiven({ ...transaction, ...state, ...fresh, id }, { person, owner })).slice(0, -1);
}

function answerOf(start: string, { wallet_id: walletId, at }: Pick<Standing, 'wallet_id' | 'at'>): string {
  return `${start},${JSON.stringify(viewPlaced({ walletId: walletId ?? '', createdAt: at, updatedAt: at })).slice(1)}`;
}

function replay(ctx: Context, request: IdempotentRequest, stored: Omit<Standing, 'verdict'>): Answer {
  if (stored.request_hash?.equals(request.requestHash) !== true || stored.answer === null) {
    throw new Conflict(
      'idempotency_key_reused',
      'This Idempotency-Key was used for another body. Use a new key for a new request.',
      422,
    );
  }
  return { status: stored.status ?? 202, body: answerOf(ctx.vault.open(stored.answer), stored), replayed: true };
}

const STORED = {
  name: 'stored_answer',
  text: `
    SELECT t.wallet_id, k.created_at AS at, k.request_hash, k.status, k.answer
    FROM idempotency_keys k JOIN transactions t ON t.id = k.subject_id
    WHERE k.merchant_id = $1 AND k.route = $2 AND k.key = $3`,
};

/**
 * What a request was answered when it was accepted; null when it was not. For a repetition that would be refused as it is judged
 * now (its date has passed, a fee has changed): what was accepted once stays accepted. Raises Conflict 422 `idempotency_key_reused`.
 */
export async function storedAnswer(
  ctx: Context,
  merchantId: string,
  request: IdempotentRequest,
): Promise<Answer | null> {
  const values = [merchantId, request.route, request.key];
  const [stored] = await runAlone<Omit<Standing, 'verdict'>>(ctx.db, STORED, values);
  return stored === undefined ? null : replay(ctx, request, stored);
}

/** The answer, or null when the request has to be asked again. Raises what the verdict refuses. */
async function follow(ctx: Context, item: Prepared, standing: Standing): Promise<Answer | null> {
  const { currency, heldMinor } = item.transaction;
  switch (standing.verdict) {
    case 'accepted':
      return { status: 202, body: answerOf(item.answerStart, standing), replayed: false };
    case 'known':
      return replay(ctx, item.request, standing);
    case 'running':
      throw new Conflict(
        'request_in_progress',
        'A request with this Idempotency-Key is still running. Repeat it in a moment.',
      );
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
    case 'again':
      return null;
  }
}

const QUEUE_OF: Record<TransactionRow['type'], QueueName> = { collection: 'collections', payout: 'payouts' };

/**
 * Accepts a transaction once and rings its bell. The answer to a repetition is the first one, byte for byte.
 * Raises Conflict (`request_in_progress`, or 422 `idempotency_key_reused`), Refused (`insufficient_funds`, `wallet_frozen`), and
 * Unavailable when the database cannot be reached: then it was accepted whole or not at all, and the same key finds out.
 */
export async function accept(ctx: Context, item: Acceptance): Promise<Answer> {
  const start = answerStart(item);
  const prepared = { ...item, answerStart: start, answerSealed: ctx.vault.seal(start) };
  try {
    for (;;) {
      const answer = await follow(ctx, prepared, await acceptor(ctx)(prepared));
      if (answer === null) continue;
      if (!answer.replayed && item.transaction.scheduledAt === null) {
        ctx.queues.ring([{ queue: QUEUE_OF[item.transaction.type], id: item.id, generation: 1 }]);
      }
      return answer;
    }
  } catch (error) {
    if (isConnectionLoss(error)) throw new Unavailable();
    throw error;
  }
}
