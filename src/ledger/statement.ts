// The statement of one wallet: its postings with the running balance, newest first, page by page.
import { type Db, runAlone } from '../db/knex.ts';

export interface StatementLine {
  /** Position in the wallet's book; the cursor of the next page. */
  readonly position: bigint;
  readonly at: Date;
  readonly entryId: string;
  readonly reference: string;
  readonly kind: string;
  readonly transactionId: string | null;
  readonly account: 'available' | 'held';
  /** Signed hundredths. */
  readonly amountMinor: bigint;
  /** The account's balance right after this line. */
  readonly balanceMinor: bigint;
}

// One branch for each account: only so does the index give the order, and a page of a long book costs no more than one of a short.
const branch = (account: string) => `(
      SELECT p.id AS position, e.posted_at AS at, e.id AS "entryId", e.reference, e.kind, e.transaction_id AS "transactionId",
        '${account}' AS account, p.amount AS "amountMinor", p.balance_after AS "balanceMinor"
      FROM postings p JOIN journal_entries e ON e.id = p.entry_id
      WHERE p.account_id = $1 || ':${account}' AND p.balance_after IS NOT NULL AND p.id < $2 AND p.id >= $3
        AND e.posted_at >= coalesce($4::timestamptz, '-infinity') AND e.posted_at < coalesce($5::timestamptz, 'infinity')
      ORDER BY p.id DESC LIMIT $6)`;
const PAGE = {
  name: 'statement_page',
  text: `${branch('available')} UNION ALL ${branch('held')} ORDER BY position DESC LIMIT $6`,
};

/** A time, and the two together a half-open span; null is open. */
export interface Span {
  readonly from: Date | null;
  readonly to: Date | null;
}

/** Positions between which all lines of a span are. */
export interface Bounds extends Span {
  readonly below: bigint;
  readonly above: bigint;
}

const LAST = 2n ** 63n - 1n;
const EVERYTHING: Bounds = { from: null, to: null, below: LAST, above: 0n };

/** Up to `limit` lines older than `before` (a position), within `bounds` if there are any, newest first. */
export function statement(
  db: Db,
  of: { walletId: string; before: bigint | null; bounds?: Bounds; limit: number },
): Promise<StatementLine[]> {
  const { below, above, from, to } = of.bounds ?? EVERYTHING;
  const before = of.before === null || of.before > below ? below : of.before;
  return runAlone<StatementLine>(db, PAGE, [of.walletId, before, above, from, to, of.limit]);
}

const SPAN = {
  name: 'statement_span',
  text: `
    SELECT coalesce(min(least), 0) AS first, coalesce(max(most), 0) AS last FROM unnest($1::text[]) AS a(id), LATERAL (
      SELECT (SELECT p.id FROM postings p WHERE p.account_id = a.id AND p.balance_after IS NOT NULL ORDER BY p.id LIMIT 1) AS least,
        (SELECT p.id FROM postings p WHERE p.account_id = a.id AND p.balance_after IS NOT NULL ORDER BY p.id DESC LIMIT 1) AS most) s`,
};

const TIME_AT = {
  name: 'statement_time_at',
  text: `
    SELECT max(s.at) AS at FROM unnest($1::text[]) AS a(id), LATERAL (
      SELECT e.posted_at AS at FROM postings p JOIN journal_entries e ON e.id = p.entry_id
      WHERE p.account_id = a.id AND p.balance_after IS NOT NULL AND p.id < $2 ORDER BY p.id DESC LIMIT 1) s`,
};

/** An entry's time is its database transaction's beginning, its place is drawn when the wallet is locked: so far may two be crossed. */
const CROSSED_MS = 120_000;

/** Where a span lies in a wallet's book, found by halving: lines outside of it are not read one by one, however many there are. */
export async function boundsOf(db: Db, walletId: string, span: Span): Promise<Bounds> {
  const accounts = [`${walletId}:available`, `${walletId}:held`];
  if (span.from === null && span.to === null) return EVERYTHING;
  const [ends] = await runAlone<{ first: bigint; last: bigint }>(db, SPAN, [accounts]);
  const { first, last } = ends as { first: bigint; last: bigint };

  /** The first position before which something is as late as `at`. */
  const reached = async (at: number): Promise<bigint> => {
    let [low, high] = [first, last + 1n];
    while (low < high) {
      const middle = (low + high) / 2n;
      const [before] = await runAlone<{ at: Date | null }>(db, TIME_AT, [accounts, middle + 1n]);
      if (before?.at != null && before.at.getTime() >= at) high = middle;
      else low = middle + 1n;
    }
    return low;
  };
  const above = span.from === null ? 0n : await reached(span.from.getTime() - CROSSED_MS);
  const below = span.to === null ? LAST : (await reached(span.to.getTime() + CROSSED_MS)) + 1n;
  return { ...span, above, below };
}
