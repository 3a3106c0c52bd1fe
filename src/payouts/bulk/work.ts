// A bulk's work: its rows become payouts, a few at a time and each once; resumed wherever it was cut.
import type { Context } from '../../context.ts';
import { inTransaction, run, runAlone, runWhole } from '../../db/knex.ts';
import { type FieldError, InvariantBroken } from '../../errors.ts';
import { acceptWithin } from '../../transactions/accept.ts';
import { backoffMs } from '../../transactions/backoff.ts';
import type { BulkState } from './bulk.ts';
import { cancelPayouts } from './cancel.ts';
import { errorsOf, openDraft } from './draft.ts';
import { type Held, releaseRows } from './hold.ts';
import { RETRIABLE } from './retry.ts';
import { decideRows } from './rows.ts';

/** Of one commit. Whoever else needs the wallet waits for as long as that takes. */
const AT_ONCE = 100;

// The bulk's own row first, in every database transaction that touches its rows: two workers take turns, and never the same rows.
const LEASE = {
  name: 'lease_bulk',
  text: `
    UPDATE bulks SET due_at = now() + $2::bigint * interval '1 millisecond', tries = 0
    WHERE id = $1 AND state = 'accepting' RETURNING id`,
};

const WAITING = {
  name: 'waiting_bulk_rows',
  text: `
    SELECT r.number, r.payout_id AS "payoutId", r.wallet_id AS "walletId", r.currency, r.held_minor AS "heldMinor", r.sealed,
      r.round > 1 AND EXISTS (
        SELECT 1 FROM bulk_rows e JOIN transactions t ON t.id = e.payout_id
        WHERE e.bulk_id = r.bulk_id AND e.number = r.number AND e.round < r.round AND NOT (${RETRIABLE})) AS "isDoubted"
    FROM bulk_rows r WHERE r.bulk_id = $1 AND r.state = 'waiting' ORDER BY r.number LIMIT $2`,
};

const ACCEPTED = {
  name: 'bulk_is_accepted',
  text: `
    UPDATE bulks SET state = 'processing', due_at = now(), rung_at = NULL, tries = 0, updated_at = now()
    WHERE id = $1 AND state = 'accepting' AND NOT EXISTS (SELECT 1 FROM bulk_rows WHERE bulk_id = $1 AND state = 'waiting')`,
};

const STATE = { name: 'state_of_a_bulk', text: 'SELECT state, tries FROM bulks WHERE id = $1' };

// Final payouts have no date: that is what the constraint due_unless_final says.
const LOOK = {
  name: 'look_at_bulk',
  text: `
    UPDATE bulks b SET state = CASE WHEN open THEN 'processing' ELSE 'done' END, tries = b.tries + 1, rung_at = NULL, updated_at = now(),
      due_at = CASE WHEN open THEN now() + $2::bigint * interval '1 millisecond' END
    FROM (
      SELECT EXISTS (
        SELECT 1 FROM bulk_rows r JOIN transactions t ON t.id = r.payout_id
        WHERE r.bulk_id = $1 AND r.state = 'accepted' AND t.due_at IS NOT NULL) AS open
    ) l
    WHERE b.id = $1 AND b.state = 'processing'`,
};

const POSTPONE = {
  name: 'postpone_bulk',
  text: `
    UPDATE bulks SET due_at = now() + $2::bigint * interval '1 millisecond', rung_at = NULL, tries = tries + 1
    WHERE id = $1 AND due_at IS NOT NULL`,
};

interface Waiting extends Held {
  readonly number: number;
  readonly payoutId: string;
  readonly sealed: Buffer;
  /** An earlier round of it turned out to have been paid, perhaps, since it was to be tried again. */
  readonly isDoubted: boolean;
}

const DOUBTED: FieldError = {
  field: '',
  code: 'may_have_been_paid',
  message: 'An earlier try of this row has been paid after all, or may have been. Look at it before you pay anew.',
};

/** Does whatever the bulk needs now. Raises what the database raises; what was committed until then stays. */
export async function workOnBulk(ctx: Context, id: string): Promise<void> {
  while (await acceptNext(ctx, id));
  await runWhole(ctx.db, ACCEPTED, [id]);
  const [bulk] = await runAlone<{ state: BulkState; tries: number }>(ctx.db, STATE, [id]);
  if (bulk?.state === 'cancelling') await cancelPayouts(ctx, id);
  await runWhole(ctx.db, LOOK, [id, waitMs(ctx, bulk?.tries ?? 0)]);
}

/** Postpones a bulk on which a worker has failed. */
export async function postponeBulk(ctx: Context, id: string): Promise<void> {
  const [bulk] = await runAlone<{ tries: number }>(ctx.db, STATE, [id]);
  await runWhole(ctx.db, POSTPONE, [id, waitMs(ctx, bulk?.tries ?? 0)]);
}

function waitMs(ctx: Context, tries: number): number {
  return backoffMs(tries, { baseMs: ctx.config.RETRY_BASE_MS, maxMs: ctx.config.RETRY_MAX_MS });
}

/** Whether there was anything to do. What fails together is tried one by one, so that a bad row stops nobody else's. */
async function acceptNext(ctx: Context, id: string): Promise<boolean> {
  try {
    return await acceptSome(ctx, id, AT_ONCE);
  } catch (error) {
    if (!isOfARow(error)) throw error;
    ctx.log.warn({ event: 'bulk_one_by_one', error }, 'rows of a bulk failed together; they are taken one by one');
  }
  for (let n = 0; n < AT_ONCE; n += 1) {
    try {
      if (!(await acceptSome(ctx, id, 1))) return false;
    } catch (error) {
      if (!isOfARow(error)) throw error;
      ctx.log.error({ event: 'bulk_row_failed', error }, 'a row of a bulk cannot be made a payout');
      await refuseFirst(ctx, id);
    }
  }
  return true;
}

/** Whether it is the rows that fail, and not whatever surrounds them; the latter is tried again later, as often as it takes. */
function isOfARow(error: unknown): boolean {
  const { code = '' } = error as { code?: string };
  return error instanceof InvariantBroken || error instanceof TypeError || /^(22|23|EV)/.test(code);
}

/** One commit: the lease, the money given over, the payouts, the verdicts. The bells are rung after it. */
async function acceptSome(ctx: Context, id: string, limit: number): Promise<boolean> {
  const bells = await inTransaction(ctx.db, async (trx) => {
    const [leased] = await run(trx, LEASE, [id, ctx.config.LEASE_MS]);
    if (leased === undefined) return null;
    const rows = await run<Waiting>(trx, WAITING, [id, limit]);
    const [first] = rows;
    if (first === undefined) return null;
    await releaseRows(trx, { bulkId: id, step: `accept:${first.number}`, actor: 'worker', rows });
    const sure = rows.filter(({ isDoubted }) => !isDoubted);
    const items = sure.map(({ sealed }) => openDraft(ctx.vault, sealed));
    if (items.some((item, at) => item.id !== sure[at]?.payoutId))
      throw new InvariantBroken(`a row of ${id} was mixed up`);
    const { refusals, bells: rung } = await acceptWithin(ctx, trx, items);
    const verdictOf = ({ number, payoutId, isDoubted }: Waiting) => {
      if (isDoubted) return { number, errors: [DOUBTED] };
      const refused = refusals.get(payoutId);
      return { number, errors: refused === undefined ? null : errorsOf(refused) };
    };
    await decideRows(trx, id, rows.map(verdictOf));
    return rung;
  });
  if (bells === null) return false;
  ctx.queues.ring(bells);
  return true;
}

/** Takes the first row that waits out of the others' way. Its money is given back, and no payout of it exists. */
async function refuseFirst(ctx: Context, id: string): Promise<void> {
  await inTransaction(ctx.db, async (trx) => {
    const [leased] = await run(trx, LEASE, [id, ctx.config.LEASE_MS]);
    const [row] = leased === undefined ? [] : await run<Waiting>(trx, WAITING, [id, 1]);
    if (row === undefined) return;
    await releaseRows(trx, { bulkId: id, step: `accept:${row.number}`, actor: 'worker', rows: [row] });
    const message =
      'This row could not be paid by a fault on our side, which has been recorded. Nothing of it was sent.';
    await decideRows(trx, id, [{ number: row.number, errors: [{ field: '', code: 'internal_error', message }] }]);
  });
}
