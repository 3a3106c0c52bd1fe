// A bulk's report: what became of each row, page by page or all of it.
import type { Context } from '../../context.ts';
import { runAlone } from '../../db/knex.ts';
import type { FieldError } from '../../errors.ts';
import { formatAmount } from '../../money.ts';
import { ROW_STATUS, type RowStatus } from './view.ts';

const PAGE = {
  name: 'bulk_report_page',
  text: `
    SELECT r.number, r.round, ${ROW_STATUS} AS status, t.id AS "transactionId", r.reference, coalesce(t.amount_minor, r.amount_minor) AS "amountMinor",
      r.currency, t.fee_minor AS "feeMinor", r.errors, t.failure_code AS "failureCode", t.failure_message AS "failureMessage"
    FROM bulk_rows r LEFT JOIN transactions t ON t.id = r.payout_id AND r.state = 'accepted'
    WHERE r.bulk_id = $1 AND r.state <> 'retried' AND r.number > $2 AND ($3::text IS NULL OR ${ROW_STATUS} = $3)
    ORDER BY r.number LIMIT $4`,
};

interface Row {
  readonly number: number;
  readonly round: number;
  readonly status: RowStatus;
  readonly transactionId: string | null;
  readonly reference: string | null;
  readonly amountMinor: bigint | null;
  readonly currency: string | null;
  readonly feeMinor: bigint | null;
  readonly errors: readonly FieldError[] | null;
  readonly failureCode: string | null;
  readonly failureMessage: string | null;
}

/** Rows after `after` in the order of the file; `status` keeps those of one status. */
export async function reportRows(
  ctx: Context,
  of: { readonly bulkId: string; readonly after: number; readonly status?: RowStatus; readonly limit: number },
) {
  const rows = await runAlone<Row>(ctx.db, PAGE, [of.bulkId, of.after, of.status ?? null, of.limit]);
  return rows.map((row) => ({
    row: row.number,
    round: row.round,
    status: row.status,
    transactionId: row.transactionId,
    reference: row.reference,
    amount: row.amountMinor === null ? null : formatAmount(row.amountMinor),
    currency: row.currency,
    fee: row.feeMinor === null ? null : formatAmount(row.feeMinor),
    errors: row.errors ?? failureOf(row),
  }));
}

/** Why a payout failed, told where a refused row tells what is wrong with it. */
function failureOf({ failureCode, failureMessage }: Row): readonly FieldError[] {
  return failureCode === null ? [] : [{ field: '', code: failureCode, message: failureMessage ?? '' }];
}
