// I1–I3: what must hold in every committed snapshot. Each question gives a sentence for every row that must not exist.

export interface Question {
  readonly invariant: string;
  /** One column, `sentence`. */
  readonly sql: string;
}

export const RUNNING_QUESTIONS: readonly Question[] = [
  {
    invariant: 'I1',
    sql: `SELECT 'the postings of ' || a.currency || ' add up to ' || sum(p.amount) || ' instead of 0' AS sentence
      FROM postings p JOIN ledger_accounts a ON a.id = p.account_id GROUP BY a.currency HAVING sum(p.amount) <> 0`,
  },
  {
    invariant: 'I1',
    sql: `SELECT 'posting ' || p.entry_id || '/' || p.line || ' is on ' || p.account_id || ', which is no account' AS sentence
      FROM postings p WHERE NOT EXISTS (SELECT FROM ledger_accounts a WHERE a.id = p.account_id)`,
  },
  {
    invariant: 'I2',
    sql: `SELECT 'entry ' || e.reference || ' has ' || count(p.line) || ' lines that add up to ' || coalesce(sum(p.amount), 0) AS sentence
      FROM journal_entries e LEFT JOIN postings p ON p.entry_id = e.id GROUP BY e.id HAVING count(p.line) < 2 OR sum(p.amount) <> 0`,
  },
  {
    invariant: 'I2',
    sql: `SELECT 'entry ' || e.reference || ' in ' || e.currency || ' has a line on ' || a.id || ' in ' || a.currency AS sentence
      FROM postings p JOIN journal_entries e ON e.id = p.entry_id JOIN ledger_accounts a ON a.id = p.account_id
      WHERE a.currency <> e.currency`,
  },
  {
    invariant: 'I3',
    sql: `SELECT 'account ' || a.id || ' says ' || a.balance || ' and its postings add up to ' || coalesce(s.sum, 0) AS sentence
      FROM ledger_accounts a LEFT JOIN (SELECT account_id, sum(amount) FROM postings GROUP BY account_id) s ON s.account_id = a.id
      WHERE a.balance IS NOT NULL AND a.balance <> coalesce(s.sum, 0)`,
  },
  {
    invariant: 'I3',
    sql: `SELECT 'account ' || id || ' is at ' || balance AS sentence FROM ledger_accounts WHERE balance < 0`,
  },
  {
    invariant: 'I3',
    sql: `SELECT 'wallet ' || a.wallet_id || ' holds ' || a.balance || ' and its open transactions and waiting rows hold ' || coalesce(t.held, 0) AS sentence
      FROM ledger_accounts a LEFT JOIN (SELECT wallet_id, sum(held_minor) AS held FROM (
          SELECT wallet_id, held_minor FROM transactions WHERE state NOT IN ('settled', 'failed', 'cancelled', 'reversed')
          UNION ALL SELECT wallet_id, held_minor FROM bulk_rows WHERE state = 'waiting' AND wallet_id IS NOT NULL) h
        GROUP BY wallet_id) t ON t.wallet_id = a.wallet_id
      WHERE a.kind = 'wallet_held' AND a.balance <> coalesce(t.held, 0)`,
  },
];
