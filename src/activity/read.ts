// What happened in a span of time, by steps: the sums made so far, and beside them every move that is not in them yet.
import { type Db, runAlone } from '../db/knex.ts';
import type { EARNING_KINDS } from '../earnings/earning.ts';
import type { State } from '../transactions/states.ts';
import type { TransactionType } from '../transactions/transaction.ts';

/** The states that figures tell apart: from acceptance until the provider's final word a payment is under way. */
export const OUTCOMES = [
  'settled',
  'failed',
  'reversed',
  'cancelled',
  'in_review',
  'awaiting_approval',
  'under_way',
] as const satisfies readonly (State | 'under_way')[];
export type Outcome = (typeof OUTCOMES)[number];
type EarningKind = (typeof EARNING_KINDS)[number];
export type FigureName = `${TransactionType}.${Outcome}` | `earned.${EarningKind}`;

/** The sizes of the pieces that sums are kept in, in minutes. */
export type Grain = 5 | 60 | 1440;

/** Begins and ends at multiples of its grain; a step is a multiple of it too. */
export interface Span {
  readonly from: Date;
  /** Not included. */
  readonly to: Date;
  readonly grain: Grain;
  readonly stepMinutes: number;
}

/** Payments that were created in one step and are what the figure says now, or earnings earned in it. */
export interface Figure {
  readonly at: Date;
  readonly figure: FigureName;
  readonly currency: string;
  readonly count: number;
  /** Hundredths, of what has moved; may be below zero for earnings that were taken back. */
  readonly amountMinor: bigint;
}

export interface Activity {
  readonly figures: readonly Figure[];
  /** More had happened since the last adding up than one reading takes: the figures are a little behind. */
  readonly behind: boolean;
}

/** Moves that one reading adds up by itself: some tens of milliseconds. The workers leave far fewer. */
const TAIL = 10_000;

// One statement, so one snapshot: sums and mark change together, and every move is on one side of the mark.
const READ = {
  name: 'read_activity',
  text: `
    WITH tail AS MATERIALIZED (
      SELECT h.* FROM activity_mark m CROSS JOIN LATERAL (
        SELECT transaction_id, from_state, to_state FROM transaction_history h
        WHERE is_told(h.from_state, h.to_state) AND (h.xact, h.id) > (m.xact, m.history_id) AND h.id > m.counted_through
          AND h.xact < pg_snapshot_xmax(pg_current_snapshot())
        ORDER BY h.xact, h.id LIMIT ${TAIL}
      ) h
    ), parts AS (
      SELECT starts_at AS at, figure, currency, count, amount_minor FROM activity_sums
        WHERE grain_minutes = $1 AND starts_at >= $2 AND starts_at < $3
      UNION ALL
      SELECT a.at, a.figure, a.currency, a.count, a.amount_minor
        FROM tail p CROSS JOIN LATERAL activity_of(p.transaction_id, p.from_state, p.to_state) a
        WHERE outcome_of(p.from_state) IS DISTINCT FROM outcome_of(p.to_state) AND a.at >= $2 AND a.at < $3
    )
    SELECT b.behind, f.* FROM (SELECT count(*) = ${TAIL} AS behind FROM tail) b LEFT JOIN (
      SELECT date_bin($4::integer * interval '1 minute', at, $2::timestamptz) AS at, figure, currency, sum(count)::int AS count,
        sum(amount_minor)::text AS amount
      FROM parts GROUP BY 1, 2, 3 HAVING sum(count) <> 0 OR sum(amount_minor) <> 0
    ) f ON true`,
};

interface Row extends Omit<Figure, 'at' | 'amountMinor'> {
  /** Null where there is no figure at all. */
  readonly at: Date | null;
  readonly amount: string;
  readonly behind: boolean;
}

/** Every figure of the span, by step and currency; steps without any are absent. */
export async function readActivity(db: Db, { from, to, grain, stepMinutes }: Span): Promise<Activity> {
  const rows = await runAlone<Row>(db, READ, [grain, from, to, stepMinutes]);
  const figures = rows.flatMap(({ at, figure, currency, count, amount }) =>
    at === null ? [] : [{ at, figure, currency, count, amountMinor: BigInt(amount) }],
  );
  return { figures, behind: rows[0]?.behind ?? false };
}
