// Tries the failed rows of a bulk once more, each as a new payout: only what has provably not been paid.
import { audit } from '../../audit/audit.ts';
import type { Context } from '../../context.ts';
import { run, runAlone } from '../../db/knex.ts';
import { Conflict, type FieldError, Unavailable } from '../../errors.ts';
import { openPerson } from '../../merchants/person.ts';
import type { Answer, Caller, IdempotentRequest } from '../../transactions/accept.ts';
import { once } from '../../transactions/once.ts';
import { isSendingDisabled } from '../../transactions/sending.ts';
import type { TransactionRow } from '../../transactions/transaction.ts';
import type { NewPayout } from '../create.ts';
import type { JudgedRow } from './bulk.ts';
import { lockBulk } from './cancel.ts';
import { draftRows } from './draft.ts';
import { insertRows } from './rows.ts';
import { readBulkWithin } from './view.ts';

// `failed` is concluded from proof or the provider's own word, never from silence; a case that is open says that somebody doubts it.
// Money that went out under its reference all the same is the provider's case, not its own, and may have reached the recipient
// whoever bears it: only what came back may be paid again.
/** Whether the payout `t` may be paid once more. */
export const RETRIABLE = `
  t.state = 'failed' AND NOT EXISTS (SELECT 1 FROM cases c WHERE c.subject = t.id AND c.resolved_at IS NULL)
    AND NOT EXISTS (SELECT 1 FROM cases c WHERE c.transaction_id IS NULL AND c.evidence->>'reference' = t.id
      AND (c.resolved_at IS NULL OR NOT starts_with(c.resolution, 'returned:')))`;

const FAILED = {
  name: 'failed_bulk_rows',
  text: `
    SELECT r.number, r.round, r.payout_id AS "payoutId", r.max_fee_minor AS "maxFeeMinor", r.reference, t.amount_minor AS "amountMinor", t.currency,
      t.amount_type AS "amountType", t.max_amount_minor AS "maxAmountMinor", t.destination_amount_minor AS "destinationAmountMinor",
      t.method, t.country, t.destination_currency AS "destinationCurrency", t.metadata, t.beneficiary_id AS "beneficiaryId",
      w.owner, p.sealed
    FROM bulks b JOIN bulk_rows r ON r.bulk_id = b.id JOIN transactions t ON t.id = r.payout_id JOIN wallets w ON w.id = t.wallet_id
      LEFT JOIN personal_data p ON p.subject_id = t.id
    WHERE b.id = $1 AND b.merchant_id = $2 AND r.state = 'accepted' AND ${RETRIABLE} AND r.number > $3
    ORDER BY r.number LIMIT $4`,
};

// The payouts are locked, in the order of their ids as every step does: a late success is before this, and seen, or after it.
const TAKE_OVER = {
  name: 'retry_bulk_rows',
  text: `
    WITH failed AS (
      SELECT t.id FROM bulk_rows r JOIN transactions t ON t.id = r.payout_id
      WHERE r.payout_id = ANY($2) AND r.bulk_id = $1 AND r.state = 'accepted' AND ${RETRIABLE}
      ORDER BY t.id FOR NO KEY UPDATE OF t
    )
    UPDATE bulk_rows r SET state = 'retried' FROM failed f WHERE r.payout_id = f.id
    RETURNING r.number`,
};

const ACCEPTING = {
  name: 'bulk_accepts_again',
  text: `
    UPDATE bulks SET state = 'accepting', due_at = now(), rung_at = now(), tries = 0, generation = generation + 1, updated_at = now()
    WHERE id = $1 RETURNING generation`,
};

type Known =
  | 'amountMinor'
  | 'currency'
  | 'amountType'
  | 'maxAmountMinor'
  | 'destinationAmountMinor'
  | 'method'
  | 'country'
  | 'destinationCurrency'
  | 'metadata'
  | 'beneficiaryId';

interface FailedRow extends Pick<TransactionRow, Known> {
  readonly number: number;
  readonly round: number;
  readonly payoutId: string;
  readonly maxFeeMinor: bigint | null;
  readonly reference: string | null;
  readonly owner: string;
  readonly sealed: Buffer | null;
}

const AT_ONCE = 500;

/**
 * Makes new payouts of the rows whose payout has failed, each with its money, fee and limits anew; a worker accepts them. Rows that
 * cannot be asked for again are named and stay as they are. Raises NotFound, Conflict while the bulk is being cancelled, Unavailable
 * while a recovery is open, and what `once` raises.
 */
export async function retryBulk(ctx: Context, caller: Caller, request: IdempotentRequest, id: string): Promise<Answer> {
  // A database that was restored may have forgotten that a row was retried already.
  if (await isSendingDisabled(ctx.db))
    throw new Unavailable('Nothing can be retried while the service recovers. Ask again later.');
  const failed = await failedRows(ctx, caller.merchantId, id);
  const before = new Map(failed.map((row) => [row.number, row]));
  const drafts = await draftRows(ctx, caller, { rows: failed.map((row) => asked(ctx, row)), allowDuplicates: true });
  const payable = drafts.filter((draft) => 'payout' in draft);
  const skipped = drafts.flatMap(({ number, ...draft }) =>
    'errors' in draft ? [{ row: number, errors: draft.errors }] : [],
  );
  let generation: number | null = null;
  const answer = await once(ctx, caller, request, async (trx) => {
    const state = await lockBulk(trx, caller.merchantId, id);
    if (state === 'cancelling')
      throw new Conflict('conflict', 'The bulk is being cancelled. Retry what has failed when that is over.');
    const payoutIds = payable.map(({ number }) => before.get(number)?.payoutId);
    const taken = await run<{ number: number }>(trx, TAKE_OVER, [id, payoutIds]);
    const mine = new Set(taken.map(({ number }) => number));
    const rows = payable
      .filter(({ number }) => mine.has(number))
      .map((draft) => ({
        draft,
        round: (before.get(draft.number)?.round ?? 0) + 1,
        walletId: null,
      }));
    await insertRows(trx, ctx.vault, { bulkId: id, rows });
    if (rows.length > 0) generation = (await run<{ generation: number }>(trx, ACCEPTING, [id]))[0]?.generation ?? null;
    const { merchantId, clientAddress, apiKeyId } = caller;
    const detail = { retried: rows.length, skipped: skipped.length };
    await audit(trx, { actor: `key:${apiKeyId}`, action: 'payouts.bulk_retry', subject: id, clientAddress, detail });
    const view = await readBulkWithin(trx, merchantId, id);
    return { id, status: 202, body: JSON.stringify({ ...view, retried: rows.length, skipped }) };
  });
  if (!answer.replayed && generation !== null) ctx.queues.ring([{ queue: 'bulk', id, generation }]);
  return answer;
}

async function failedRows(ctx: Context, merchantId: string, id: string): Promise<readonly FailedRow[]> {
  const all: FailedRow[] = [];
  for (;;) {
    const after = all.at(-1)?.number ?? 0;
    const some = await runAlone<FailedRow>(ctx.db, FAILED, [id, merchantId, after, AT_ONCE]);
    all.push(...some);
    if (some.length < AT_ONCE) return all;
  }
}

const ERASED: FieldError = {
  field: 'recipient',
  code: 'recipient_erased',
  message: 'The recipient was erased. Make a new payout if it is still to be paid.',
};

/** What the payout asked for, as it would be asked for now: a time that has passed is left out. */
function asked(ctx: Context, row: FailedRow): JudgedRow {
  const { number, round: _, payoutId: __, sealed, destinationAmountMinor, amountMinor, owner, ...rest } = row;
  const recipient = openPerson(ctx.vault, sealed);
  if (recipient === null) return { number, reference: row.reference, errors: [ERASED] };
  const isSource = row.amountType === 'source';
  const payout: NewPayout = {
    ...rest,
    amountMinor: (isSource ? amountMinor : destinationAmountMinor) ?? 0n,
    // An Eversend wallet's currency is told by the provider, never asked for.
    destinationCurrency: row.method === 'eversend' ? null : row.destinationCurrency,
    recipient,
    owner: owner === '' ? null : owner,
    scheduledAt: null,
  };
  return { number, reference: row.reference, payout };
}
