// Acceptance: idempotency key, transaction, history, personal data and hold in one commit, many requests to a commit.
import { type Context, perContext } from '../context.ts';
import { coalesce } from '../db/coalesce.ts';
import { inTwoTrips, isConnectionLoss } from '../db/knex.ts';
import { Conflict, Refused, Unavailable } from '../errors.ts';
import { entry } from '../ledger/journal.ts';
import { availableAccount, heldAccount } from '../ledger/ledger-account.ts';
import { postCalls, postProblem } from '../ledger/post.ts';
import type { QueueName } from '../queue/queues.ts';
import {
  type Acceptance,
  type Answer,
  lockOf,
  openMissing,
  type Standing,
  standingsCall,
  storeCalls,
} from './acceptance.ts';
import type { TransactionRow } from './transaction.ts';
import { viewTransaction } from './view.ts';

export type { Acceptance, Answer, Caller, IdempotentRequest } from './acceptance.ts';

/** Accepts a batch in one database transaction; each item gets its own answer or error. Raises what `post` raises. */
async function acceptAll(ctx: Context, items: readonly Acceptance[]): Promise<(Answer | Error)[]> {
  try {
    return await inTwoTrips<Standing, (Answer | Error)[]>(ctx.db, standingsCall(items), async (standings, ask) => {
      const answers = new Array<Answer | Error>(items.length);
      const going = sort(ctx, items, standings, answers);
      await openMissing(ask, going);
      const stored = going.map(({ item, index, walletId, now }) => {
        const body = answerOf(item, walletId ?? '', now);
        answers[index] = { status: 202, body, replayed: false };
        return { item, walletId: walletId ?? '', body };
      });
      const holds = stored.flatMap(({ item, walletId }) =>
        item.transaction.heldMinor > 0n ? [holdOf(item, walletId)] : [],
      );
      return { calls: [...storeCalls(ctx, stored), ...postCalls(holds)], result: answers };
    });
  } catch (error) {
    throw postProblem(error);
  }
}

interface Going {
  readonly item: Acceptance;
  readonly index: number;
  walletId: string | null;
  readonly now: Date;
}

/** Answers what is a repetition or cannot be, and returns the rest. */
function sort(
  ctx: Context,
  items: readonly Acceptance[],
  standings: readonly Standing[],
  answers: (Answer | Error)[],
): Going[] {
  const taken = new Set<bigint>();
  const spent = new Map<string, bigint>();
  const going: Going[] = [];
  for (const standing of standings.toSorted((a, b) => a.n - b.n)) {
    const index = standing.n - 1;
    const item = items[index] as Acceptance;
    // Two of one key in one batch share the database session, and so the lock: the second is told here.
    const lock = lockOf(item);
    const verdict =
      !standing.mine || taken.has(lock)
        ? inProgress()
        : (replay(ctx, item, standing) ?? refusal(item, standing, spent));
    taken.add(lock);
    if (verdict !== null) answers[index] = verdict;
    else going.push({ item, index, walletId: standing.walletId, now: standing.now });
  }
  return going;
}

function inProgress(): Conflict {
  return new Conflict(
    'request_in_progress',
    'A request with this Idempotency-Key is still running. Repeat it in a moment.',
  );
}

function replay(ctx: Context, { request }: Acceptance, standing: Standing): Answer | Error | null {
  if (standing.requestHash === null || standing.answer === null) return null;
  if (!standing.requestHash.equals(request.requestHash)) {
    return new Conflict(
      'idempotency_key_reused',
      'This Idempotency-Key was used for another body. Use a new key for a new request.',
      422,
    );
  }
  return { status: standing.status ?? 202, body: ctx.vault.open(standing.answer), replayed: true };
}

/** Refuses at once what the wallet cannot cover as it stands; the ledger's own guard decides the races. */
function refusal({ transaction, owner }: Acceptance, standing: Standing, spent: Map<string, bigint>): Refused | null {
  if (transaction.heldMinor === 0n) return null;
  if (standing.walletId === null || standing.balance === null) {
    const whose = owner === '' ? 'Your' : "This owner's";
    return new Refused('insufficient_funds', `${whose} ${transaction.currency} wallet holds nothing yet.`, 'amount');
  }
  if (standing.frozen) return new Refused('wallet_frozen', 'The wallet is frozen; it takes no new payouts.');
  const already = spent.get(standing.walletId) ?? 0n;
  if (standing.balance - already < transaction.heldMinor) {
    return new Refused('insufficient_funds', 'The wallet does not cover the amount and the fee.', 'amount');
  }
  spent.set(standing.walletId, already + transaction.heldMinor);
  return null;
}

function answerOf(item: Acceptance, walletId: string, now: Date): string {
  const state = { state: 'accepted', walletId, merchantId: item.caller.merchantId, chargeMinor: null } as const;
  const fresh = {
    providerTransactionId: null,
    failureCode: null,
    failureMessage: null,
    approvalUrl: null,
    settledAt: null,
  };
  return JSON.stringify(
    viewTransaction(
      { ...item.transaction, ...state, ...fresh, id: item.id, createdAt: now, updatedAt: now },
      { person: item.person, owner: item.owner },
    ),
  );
}

function holdOf(item: Acceptance, walletId: string) {
  return entry({
    reference: `${item.id}:hold`,
    kind: 'hold',
    currency: item.transaction.currency,
    transactionId: item.id,
    actor: `key:${item.caller.apiKeyId}`,
    moves: [{ from: availableAccount(walletId), to: heldAccount(walletId), amountMinor: item.transaction.heldMinor }],
  });
}

const acceptor = perContext((ctx) =>
  coalesce<Acceptance, Answer>({
    maxBatch: 128,
    whole: isConnectionLoss,
    flush: (items) => acceptAll(ctx, items),
  }),
);

const QUEUE_OF: Record<TransactionRow['type'], QueueName> = { collection: 'collections', payout: 'payouts' };

/**
 * Accepts a transaction once and rings its bell. The answer to a repetition is the first one, byte for byte.
 * Raises Conflict (`request_in_progress`, or 422 `idempotency_key_reused`), Refused (`insufficient_funds`, `wallet_frozen`), and
 * Unavailable when the database cannot be reached: then it was accepted whole or not at all, and the same key finds out.
 */
export async function accept(ctx: Context, item: Acceptance): Promise<Answer> {
  try {
    const answer = await acceptor(ctx)(item);
    if (!answer.replayed && item.transaction.scheduledAt === null) {
      ctx.queues.ring([{ queue: QUEUE_OF[item.transaction.type], id: item.id, generation: 1 }]);
    }
    return answer;
  } catch (error) {
    if (isConnectionLoss(error)) throw new Unavailable();
    throw error;
  }
}
