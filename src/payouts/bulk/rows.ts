// A bulk's rows as they are stored: put in many at a time, and decided once each.
import { run, type Trx } from '../../db/knex.ts';
import { type FieldError, InvariantBroken } from '../../errors.ts';
import type { Vault } from '../../vault.ts';
import { type Draft, sealDraft } from './draft.ts';

/** Of one statement: bounds its size, and the time the process spends on writing it out. */
const AT_ONCE = 250;

const INSERT = {
  name: 'insert_bulk_rows',
  text: `
    INSERT INTO bulk_rows (bulk_id, number, round, state, payout_id, currency, amount_minor, held_minor, max_fee_minor, wallet_id,
        reference, errors, sealed)
      SELECT $1, number, round, CASE WHEN errors IS NULL THEN 'waiting' ELSE 'refused' END, payout, currency, amount, held, max_fee,
        wallet, reference, errors, sealed
      FROM unnest($2::int[], $3::int[], $4::text[], $5::text[], $6::bigint[], $7::bigint[], $8::bigint[], $9::text[], $10::text[],
        $11::jsonb[], $12::bytea[])
        AS r(number, round, payout, currency, amount, held, max_fee, wallet, reference, errors, sealed)`,
};

/** A draft, the round it is for, and the wallet whose common hold covers it, if any. */
export interface StoredRow {
  readonly draft: Draft;
  readonly round: number;
  readonly walletId: string | null;
}

const minor = (value: bigint | null) => value?.toString() ?? null;

/** Writes rows, waiting or refused. */
export async function insertRows(
  trx: Trx,
  vault: Vault,
  of: { readonly bulkId: string; readonly rows: readonly StoredRow[] },
): Promise<void> {
  for (let at = 0; at < of.rows.length; at += AT_ONCE) {
    const rows = of.rows.slice(at, at + AT_ONCE).map(({ draft, round, walletId }) => {
      if ('errors' in draft) return { draft, round, payout: null, errors: JSON.stringify(draft.errors) };
      const { payout, maxFeeMinor } = draft;
      const { currency, amountMinor, heldMinor } = payout.transaction;
      const sealed = sealDraft(vault, payout);
      return { draft, round, payout: payout.id, currency, amountMinor, heldMinor, maxFeeMinor, walletId, sealed };
    });
    await run(trx, INSERT, [
      of.bulkId,
      rows.map((row) => row.draft.number),
      rows.map((row) => row.round),
      rows.map((row) => row.payout),
      rows.map((row) => row.currency ?? null),
      rows.map((row) => minor(row.amountMinor ?? null)),
      rows.map((row) => minor(row.heldMinor ?? null)),
      rows.map((row) => minor(row.maxFeeMinor ?? null)),
      rows.map((row) => row.walletId ?? null),
      rows.map((row) => row.draft.reference),
      rows.map((row) => row.errors ?? null),
      rows.map((row) => row.sealed ?? null),
    ]);
  }
}

// The numbers are named twice, since by the join alone every row that waits would be held against every verdict.
const DECIDE = {
  name: 'decide_bulk_rows',
  text: `
    UPDATE bulk_rows r SET state = CASE WHEN v.errors IS NULL THEN 'accepted' ELSE 'refused' END, errors = v.errors, sealed = NULL
      FROM unnest($2::int[], $3::jsonb[]) AS v(number, errors)
      WHERE r.bulk_id = $1 AND r.number = ANY($2) AND r.number = v.number AND r.state = 'waiting'
      RETURNING r.number`,
};

/**
 * Ends the waiting of rows: null stands for a payout that was made. Raises InvariantBroken when one of them no longer waits; then the
 * database transaction can only be rolled back, and with it the payouts.
 */
export async function decideRows(
  trx: Trx,
  bulkId: string,
  verdicts: readonly { readonly number: number; readonly errors: readonly FieldError[] | null }[],
): Promise<void> {
  const decided = await run(trx, DECIDE, [
    bulkId,
    verdicts.map(({ number }) => number),
    verdicts.map(({ errors }) => (errors === null ? null : JSON.stringify(errors))),
  ]);
  if (decided.length !== verdicts.length) throw new InvariantBroken(`a row of ${bulkId} was decided already`);
}
