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

const PAGE = {
  name: 'statement_page',
  text: `
    SELECT p.id AS position, e.posted_at AS at, e.id AS "entryId", e.reference, e.kind, e.transaction_id AS "transactionId",
      split_part(p.account_id, ':', 2) AS account, p.amount AS "amountMinor", p.balance_after AS "balanceMinor"
    FROM postings p JOIN journal_entries e ON e.id = p.entry_id
    WHERE p.account_id IN ($1 || ':available', $1 || ':held') AND p.balance_after IS NOT NULL AND p.id < $2
    ORDER BY p.id DESC LIMIT $3`,
};

const FIRST = 2n ** 63n - 1n;

/** Up to `limit` lines older than `before` (a position), newest first. */
export function statement(
  db: Db,
  of: { walletId: string; before: bigint | null; limit: number },
): Promise<StatementLine[]> {
  return runAlone<StatementLine>(db, PAGE, [of.walletId, of.before ?? FIRST, of.limit]);
}
