// Takes in a file of payouts: every row judged and stored in one commit, all money held in it where that was asked for.
import { audit } from '../../audit/audit.ts';
import type { Context } from '../../context.ts';
import { run } from '../../db/knex.ts';
import { InvalidRequest } from '../../errors.ts';
import { newId } from '../../ids.ts';
import { post } from '../../ledger/post.ts';
import type { Answer, Caller, IdempotentRequest } from '../../transactions/accept.ts';
import { once } from '../../transactions/once.ts';
import { errorsOfRow, type NewBulk } from './bulk.ts';
import { type Draft, draftRows } from './draft.ts';
import { planHold } from './hold.ts';
import { insertRows } from './rows.ts';
import { readBulkWithin } from './view.ts';

const INSERT = {
  name: 'insert_bulk',
  text: `INSERT INTO bulks (id, merchant_id, state, hold, rows, reference, metadata) VALUES ($1, $2, 'accepting', $3, $4, $5, $6)`,
};

/** A file that is refused whole is told so many of its mistakes at once; the rest comes with the next try. */
const ERRORS_TOLD = 1000;

/**
 * Stores the bulk and rings its bell; a worker makes the payouts. Raises InvalidRequest where `hold` is `total` and a row is wrong
 * (400) or the wallets do not cover all (422), Refused `wallet_frozen`, and what `once` raises.
 */
export async function createBulk(
  ctx: Context,
  caller: Caller,
  request: IdempotentRequest,
  of: NewBulk,
): Promise<Answer> {
  const drafts = await draftRows(ctx, caller, of);
  if (of.hold === 'total') refuseBadRows(drafts);
  const payouts = drafts.flatMap((draft) => ('payout' in draft ? [draft.payout] : []));
  const id = newId('bulk');
  const actor = `key:${caller.apiKeyId}`;
  const { merchantId, clientAddress } = caller;
  const answer = await once(ctx, caller, request, async (trx) => {
    await run(trx, INSERT, [id, merchantId, of.hold, drafts.length, of.reference, of.metadata]);
    const hold = of.hold === 'total' ? await planHold(trx, { bulkId: id, merchantId, actor, payouts }) : null;
    const walletId = (draft: Draft) => (hold === null || 'errors' in draft ? null : hold.walletOf(draft.payout));
    const rows = drafts.map((draft) => ({ draft, round: 1, walletId: walletId(draft) }));
    await insertRows(trx, ctx.vault, { bulkId: id, rows });
    // Last, because from here on everybody else who needs these wallets waits for the commit.
    if (hold !== null) await post(trx, hold.entries);
    const detail = { rows: drafts.length, refused: drafts.length - payouts.length, hold: of.hold };
    await audit(trx, { actor, action: 'payouts.bulk_create', subject: id, clientAddress, detail });
    return { id, status: 202, body: JSON.stringify(await readBulkWithin(trx, merchantId, id)) };
  });
  if (!answer.replayed) ctx.queues.ring([{ queue: 'bulk', id, generation: 1 }]);
  return answer;
}

/** One decision for the whole file: a row that cannot be paid refuses it. */
function refuseBadRows(drafts: readonly Draft[]): void {
  const errors = drafts.flatMap((draft) => ('errors' in draft ? errorsOfRow(draft.number, draft.errors) : []));
  if (errors.length > 0) throw new InvalidRequest(errors, { told: ERRORS_TOLD });
}
