// A merchant's earnings as they were recorded, newest first, and their sums by day or month.
import { type Db, runAlone } from '../db/knex.ts';
import type { EARNING_KINDS } from './earning.ts';

type Kind = (typeof EARNING_KINDS)[number];

export interface EarningFilters {
  readonly merchantId: string;
  readonly kind: Kind | null;
  readonly currency: string | null;
  /** Earned at or after. */
  readonly from: Date | null;
  /** Earned before. */
  readonly to: Date | null;
}

export interface EarningLine {
  /** Where the next page begins. */
  readonly position: string;
  readonly transactionId: string;
  readonly kind: Kind;
  readonly step: 'settle' | 'reverse';
  readonly currency: string;
  readonly amountMinor: bigint;
  readonly earnedAt: Date;
}

const KEPT = `
  merchant_id = $1 AND earned_at >= coalesce($2::timestamptz, '-infinity') AND earned_at < coalesce($3::timestamptz, 'infinity')
  AND ($4::text IS NULL OR kind = $4) AND ($5::text IS NULL OR currency = $5)`;

// The position names a row whole: one moment may have earned much.
const PAGE = {
  name: 'earnings_page',
  text: `
    SELECT to_char(earned_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') || ' ' || transaction_id || ' ' || kind || ' ' || step AS position,
      transaction_id AS "transactionId", kind, step, currency, amount_minor AS "amountMinor", earned_at AS "earnedAt"
    FROM earnings
    WHERE ${KEPT}
      AND (earned_at, transaction_id, kind, step) < (coalesce($6::timestamptz, 'infinity'), coalesce($7, ''), coalesce($8, ''), coalesce($9, ''))
    ORDER BY earned_at DESC, transaction_id DESC, kind DESC, step DESC LIMIT $10`,
};

/** Up to `limit` earnings, newest first, beginning after `after` (a position). */
export function listEarnings(
  db: Db,
  of: EarningFilters & { readonly after: string | null; readonly limit: number },
): Promise<EarningLine[]> {
  const [at = null, id = null, kind = null, step = null] = of.after?.split(' ') ?? [];
  const kept = [of.merchantId, of.from, of.to, of.kind, of.currency];
  return runAlone<EarningLine>(db, PAGE, [...kept, at, id, kind, step, of.limit]);
}

export interface EarningSum {
  /** The period's first day, in UTC. */
  readonly period: string;
  readonly kind: Kind;
  readonly currency: string;
  readonly count: number;
  readonly amountMinor: bigint;
}

const SUMS = {
  name: 'earnings_sums',
  text: `
    SELECT to_char(date_trunc($6, earned_at AT TIME ZONE 'UTC'), 'YYYY-MM-DD') AS period, kind, currency,
      count(*) FILTER (WHERE step = 'settle')::int AS count, sum(amount_minor)::bigint AS "amountMinor"
    FROM earnings WHERE ${KEPT} GROUP BY 1, 2, 3 ORDER BY 1 DESC, 2, 3`,
};

/** What was earned in each period, what was taken back by returns in it already subtracted; newest period first. */
export function sumEarnings(db: Db, of: EarningFilters & { readonly by: 'day' | 'month' }): Promise<EarningSum[]> {
  return runAlone<EarningSum>(db, SUMS, [of.merchantId, of.from, of.to, of.kind, of.currency, of.by]);
}
