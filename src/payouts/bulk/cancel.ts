// Cancels a bulk: rows that wait at once, payouts of it one by one as far as they have not been sent.
import { audit } from '../../audit/audit.ts';
import type { Context } from '../../context.ts';
import { inTransaction, run, runAlone, runWhole, type Trx } from '../../db/knex.ts';
import { NotFound, StaleState, Unavailable } from '../../errors.ts';
import type { Caller } from '../../transactions/accept.ts';
import { isSendingDisabled } from '../../transactions/sending.ts';
import { cancelPayout } from '../cancel.ts';
import type { BulkState } from './bulk.ts';
import { type Held, releaseRows } from './hold.ts';
import { type BulkView, readBulkWithin } from './view.ts';

const LOCK = {
  name: 'lock_bulk',
  text: 'SELECT state FROM bulks WHERE id = $1 AND merchant_id = $2 FOR NO KEY UPDATE',
};

const CANCEL_WAITING = {
  name: 'cancel_waiting_bulk_rows',
  text: `
    UPDATE bulk_rows SET state = 'cancelled', sealed = NULL WHERE bulk_id = $1 AND state = 'waiting'
    RETURNING number, wallet_id AS "walletId", currency, held_minor AS "heldMinor"`,
};

const CANCELLING = {
  name: 'begin_cancelling_bulk',
  text: `
    UPDATE bulks SET state = 'cancelling', cancelled_by = $2, due_at = now(), rung_at = now(), tries = 0, generation = generation + 1,
      updated_at = now()
    WHERE id = $1 RETURNING generation`,
};

/** Locks a merchant's bulk for whatever changes its rows. Raises NotFound. */
export async function lockBulk(trx: Trx, merchantId: string, id: string): Promise<BulkState> {
  const [bulk] = await run<{ state: BulkState }>(trx, LOCK, [id, merchantId]);
  if (bulk === undefined) throw new NotFound();
  return bulk.state;
}

/**
 * Cancels every row that can still be. Those that wait are cancelled when this returns; a worker goes through the payouts. Raises
 * NotFound, and Unavailable while a recovery is open. A bulk that is done is answered as it is.
 */
export async function cancelBulk(ctx: Context, caller: Caller, id: string): Promise<BulkView> {
  // A database that was restored may show as unsent what has been paid.
  if (await isSendingDisabled(ctx.db))
    throw new Unavailable('Payouts cannot be cancelled while the service recovers. Ask again later.');
  const actor = `key:${caller.apiKeyId}`;
  const { view, generation } = await inTransaction(ctx.db, async (trx) => {
    const state = await lockBulk(trx, caller.merchantId, id);
    if (state === 'done') return { view: await readBulkWithin(trx, caller.merchantId, id), generation: null };
    const rows = await run<Held & { number: number }>(trx, CANCEL_WAITING, [id]);
    const first = rows.reduce((least, { number }) => Math.min(least, number), Number.MAX_SAFE_INTEGER);
    await releaseRows(trx, { bulkId: id, step: `cancel:${first}`, actor, rows });
    const [begun] = await run<{ generation: number }>(trx, CANCELLING, [id, actor]);
    const { clientAddress } = caller;
    await audit(trx, {
      actor,
      action: 'payouts.bulk_cancel',
      subject: id,
      clientAddress,
      detail: { rows: rows.length },
    });
    return { view: await readBulkWithin(trx, caller.merchantId, id), generation: begun?.generation ?? null };
  });
  if (generation !== null) ctx.queues.ring([{ queue: 'bulk', id, generation }]);
  return view;
}

const UNSENT = {
  name: 'unsent_payouts_of_a_bulk',
  text: `
    SELECT r.number, r.payout_id AS id, b.merchant_id AS "merchantId", b.cancelled_by AS "cancelledBy"
    FROM bulks b JOIN bulk_rows r ON r.bulk_id = b.id JOIN transactions t ON t.id = r.payout_id
    WHERE b.id = $1 AND b.state = 'cancelling' AND r.state = 'accepted' AND r.number > $2
      AND t.state IN ('accepted', 'awaiting_approval')
    ORDER BY r.number LIMIT $3`,
};

const CANCELLED = {
  name: 'bulk_is_cancelled',
  text: `
    UPDATE bulks SET state = 'processing', due_at = now(), rung_at = NULL, tries = 0, updated_at = now()
    WHERE id = $1 AND state = 'cancelling'`,
};

const LEASE = {
  name: 'lease_cancelling_bulk',
  text: `UPDATE bulks SET due_at = now() + $2::bigint * interval '1 millisecond' WHERE id = $1 AND state = 'cancelling'`,
};

/** Side by side: each waits for several round trips. */
const AT_ONCE = 16;

/** Goes once through the payouts that have not been sent. One that is sent meanwhile stays as it is. Raises what `cancelPayout` raises. */
export async function cancelPayouts(ctx: Context, id: string): Promise<void> {
  for (let after = 0; ; ) {
    await runWhole(ctx.db, LEASE, [id, ctx.config.LEASE_MS]);
    const found = await runAlone<{ number: number; id: string; merchantId: string; cancelledBy: string }>(
      ctx.db,
      UNSENT,
      [id, after, AT_ONCE],
    );
    const cancelled = await Promise.allSettled(
      found.map(({ id: payoutId, merchantId, cancelledBy }) =>
        cancelPayout(ctx, { merchantId, apiKeyId: cancelledBy.replace(/^key:/, ''), clientAddress: null }, payoutId),
      ),
    );
    for (const one of cancelled) if (one.status === 'rejected' && !(one.reason instanceof StaleState)) throw one.reason;
    after = found.at(-1)?.number ?? after;
    if (found.length < AT_ONCE) break;
  }
  await runWhole(ctx.db, CANCELLED, [id]);
}
