// Acceptance: idempotency key, transaction, history, personal data and hold in one commit, many requests to a commit.
import { type Context, perContext } from '../context.ts';
import { coalesce } from '../db/coalesce.ts';
import { inTransaction, isConnectionLoss, run, runWhole, type Trx } from '../db/knex.ts';
import { Conflict, InvariantBroken, Refused, StaleState, Unavailable } from '../errors.ts';
import { postProblem } from '../ledger/post.ts';
import { accountFingerprints, accountOf, type Person } from '../merchants/person.ts';
import { openWallet } from '../merchants/wallet.ts';
import type { Bell, QueueName } from '../queue/queues.ts';
import { type Acceptance, type Answer, acceptCall, type Prepared, type Standing } from './acceptance.ts';
import { IN_PROGRESS, replay, sealAnswer, whole } from './stored-answer.ts';
import type { TransactionRow } from './transaction.ts';
import { viewGiven } from './view.ts';

export type { Acceptance, Answer, Caller, IdempotentRequest } from './acceptance.ts';

const acceptor = perContext((ctx) =>
  coalesce<Prepared, Standing>({
    // While Postgres writes one batch this process prepares the next; larger ones would have each wait for the other.
    maxBatch: 32,
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
      if (heldMinor > 0n) throw refusal(item, standing.verdict);
      // The first money of this owner in this currency.
      const { merchantId } = item.caller;
      await inTransaction(ctx.db, (trx) => openWallet(trx, { merchantId, owner: item.owner, currency }));
      return null;
    }
    case 'wallet_frozen':
    case 'insufficient_funds':
      throw refusal(item, standing.verdict);
    case 'refund_exceeds':
      throw new Refused('refund_exceeds_collection', 'All refunds together would exceed what was collected.', 'amount');
    case 'not_settled':
      throw new StaleState('Only a settled collection can be refunded.');
    case 'needs_approval':
    case 'again':
      return null;
  }
}

/** What is wrong with the wallet, as the caller is told. */
function refusal(item: Acceptance, verdict: 'no_wallet' | 'wallet_frozen' | 'insufficient_funds'): Refused {
  const whose = item.owner === '' ? 'Your' : "This owner's";
  switch (verdict) {
    case 'no_wallet':
      return new Refused(
        'insufficient_funds',
        `${whose} ${item.transaction.currency} wallet holds nothing yet.`,
        'amount',
      );
    case 'wallet_frozen':
      return new Refused('wallet_frozen', 'The wallet is frozen; it takes no new payouts.');
    case 'insufficient_funds':
      return new Refused('insufficient_funds', 'The wallet does not cover the amount and the fee.', 'amount');
  }
}

const QUEUE_OF: Record<TransactionRow['type'], QueueName> = { collection: 'collections', payout: 'payouts' };

/** The first bell of what may be sent at once; none for what waits for its time or for an approval. */
function bellsOf({ id, transaction, approvalWaitMs }: Prepared): Bell[] {
  const mayBeSent = transaction.scheduledAt === null && approvalWaitMs === null;
  return mayBeSent ? [{ queue: QUEUE_OF[transaction.type], id, generation: 1 }] : [];
}

/** What became of several at once: a refusal for each that was refused, by id, and the bells of the others. */
export interface AcceptedTogether {
  readonly refusals: ReadonlyMap<string, Refused>;
  /** To be rung once the database transaction is committed. */
  readonly bells: readonly Bell[];
}

/**
 * Accepts payouts inside the caller's database transaction, in their order, as `accept` does one. What was accepted before counts as
 * accepted. Raises Conflict `request_in_progress`, and what posting raises; then the database transaction can only be rolled back.
 */
export async function acceptWithin(ctx: Context, trx: Trx, items: readonly Acceptance[]): Promise<AcceptedTogether> {
  const refusals = new Map<string, Refused>();
  const bells: Bell[] = [];
  let asked = items.map((item) => prepare(ctx, item, null));
  while (asked.length > 0) {
    const { statement, values } = acceptCall(asked);
    const standings = await run<Standing>(trx, statement, values).catch((error: unknown) => {
      throw postProblem(error);
    });
    const again: Prepared[] = [];
    for (const [at, item] of asked.entries()) {
      // A statement that accepts gives one standing for each.
      const { verdict } = standings[at] as Standing;
      switch (verdict) {
        case 'again':
          again.push(item);
          break;
        case 'needs_approval':
          again.push(prepare(ctx, item, ctx.config.APPROVAL_PATIENCE_MS));
          break;
        case 'accepted':
        case 'known':
          bells.push(...bellsOf(item));
          break;
        case 'no_wallet':
        case 'wallet_frozen':
        case 'insufficient_funds':
          refusals.set(item.id, refusal(item, verdict));
          break;
        case 'running':
          throw new Conflict('request_in_progress', IN_PROGRESS);
        case 'refund_exceeds':
        case 'not_settled':
          throw new InvariantBroken(`${item.id} is no refund, and was refused as one`);
      }
    }
    asked = again;
  }
  return { refusals, bells };
}

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
      if (!answer.replayed) ctx.queues.ring(bellsOf(prepared));
      return answer;
    }
  } catch (error) {
    if (isConnectionLoss(error)) throw new Unavailable();
    throw error;
  }
}
