// Proves the book from its postings alone: entries balance, running balances follow, nothing is below zero, roll-ups are right.
import { type Db, READ_EVERYTHING } from '../db/knex.ts';

export interface LedgerVerdict {
  readonly ok: boolean;
  readonly entries: number;
  readonly postings: number;
  /** One sentence per thing that is wrong; empty when the book is right. */
  readonly problems: readonly string[];
}

/** Each question finds rows that must not exist. All are asked in one snapshot. */
const QUESTIONS: readonly (readonly [problem: string, sql: string])[] = [
  [
    'a journal entry does not balance',
    `SELECT e.reference AS what FROM journal_entries e LEFT JOIN postings p ON p.entry_id = e.id
     GROUP BY e.id HAVING count(p.line) < 2 OR sum(p.amount) <> 0`,
  ],
  [
    'a posting is on an account of another currency than its entry',
    `SELECT e.reference AS what FROM postings p JOIN journal_entries e ON e.id = p.entry_id
     JOIN ledger_accounts a ON a.id = p.account_id WHERE a.currency <> e.currency`,
  ],
  [
    "a wallet account's balance is not the sum of its postings",
    `SELECT a.id AS what FROM ledger_accounts a LEFT JOIN postings p ON p.account_id = a.id
     WHERE a.balance IS NOT NULL GROUP BY a.id HAVING a.balance <> coalesce(sum(p.amount), 0)`,
  ],
  [
    'a running balance does not follow from the one before it',
    `SELECT account_id || ' at ' || id AS what FROM (
       SELECT account_id, id, balance_after, amount, lag(balance_after, 1, 0::bigint) OVER (PARTITION BY account_id ORDER BY id) AS before
       FROM postings WHERE balance_after IS NOT NULL) steps WHERE before + amount <> balance_after`,
  ],
  ['a wallet account is below zero', `SELECT id AS what FROM ledger_accounts WHERE balance < 0`],
  [
    'a roll-up is not the sum of what it covers',
    `SELECT r.account_id AS what FROM ledger_rollups r LEFT JOIN postings p ON p.account_id = r.account_id AND p.xact < r.through_xact
     GROUP BY r.account_id HAVING r.amount <> coalesce(sum(p.amount), 0)`,
  ],
  [
    'transactions, and bulks for rows that wait, hold other money than the book says',
    `SELECT w.wallet_id AS what FROM (SELECT wallet_id, balance FROM ledger_accounts WHERE kind = 'wallet_held') w
     LEFT JOIN (SELECT wallet_id, sum(held_minor) AS open FROM (
         SELECT wallet_id, held_minor FROM transactions
           WHERE state IN ('awaiting_approval', 'accepted', 'submitting', 'submitted', 'in_review')
         UNION ALL SELECT wallet_id, held_minor FROM bulk_rows WHERE state = 'waiting' AND wallet_id IS NOT NULL) h
       GROUP BY wallet_id) t
     USING (wallet_id) WHERE w.balance <> coalesce(t.open, 0)`,
  ],
  [
    'something unfinished has no date and no case',
    `SELECT t.id AS what FROM transactions t WHERE t.state = 'in_review'
     AND NOT EXISTS (SELECT 1 FROM cases c WHERE c.transaction_id = t.id AND c.resolved_at IS NULL)`,
  ],
  [
    'a row names what does not exist',
    `SELECT child || ' names ' || name AS what FROM (
       SELECT 'transaction ' || t.id AS child, 'wallet ' || t.wallet_id AS name FROM transactions t
         WHERE NOT EXISTS (SELECT FROM wallets w WHERE w.id = t.wallet_id AND w.merchant_id = t.merchant_id AND w.currency = t.currency)
       UNION ALL SELECT 'transaction ' || t.id, 'fee schedule ' || t.fee_schedule_id FROM transactions t
         WHERE NOT EXISTS (SELECT FROM fee_schedules f WHERE f.id = t.fee_schedule_id)
       UNION ALL SELECT 'transaction ' || t.id, 'beneficiary ' || t.beneficiary_id FROM transactions t WHERE t.beneficiary_id IS NOT NULL
         AND NOT EXISTS (SELECT FROM beneficiaries b WHERE b.id = t.beneficiary_id AND b.merchant_id = t.merchant_id)
       UNION ALL SELECT 'refund ' || t.id, 'collection ' || t.refund_of FROM transactions t WHERE t.refund_of IS NOT NULL
         AND NOT EXISTS (SELECT FROM transactions c WHERE c.id = t.refund_of AND c.merchant_id = t.merchant_id)
       UNION ALL SELECT kind, 'transaction ' || id FROM (
           SELECT 'history' AS kind, transaction_id AS id FROM transaction_history UNION SELECT 'an attempt', transaction_id FROM attempts
           UNION SELECT 'an earning', transaction_id FROM earnings
           UNION SELECT 'a journal entry', transaction_id FROM journal_entries WHERE transaction_id IS NOT NULL) c
         WHERE NOT EXISTS (SELECT FROM transactions t WHERE t.id = c.id)
       UNION ALL SELECT 'personal data of ' || p.subject_id, 'no transaction or beneficiary' FROM personal_data p
         WHERE NOT EXISTS (SELECT FROM transactions t WHERE t.id = p.subject_id AND t.merchant_id = p.merchant_id)
         AND NOT EXISTS (SELECT FROM beneficiaries b WHERE b.id = p.subject_id AND b.merchant_id = p.merchant_id)
     ) r`,
  ],
  [
    'money does not add up to zero in a currency',
    `SELECT a.currency AS what FROM postings p JOIN ledger_accounts a ON a.id = p.account_id
     GROUP BY a.currency HAVING sum(p.amount) <> 0`,
  ],
];

/** Reads everything and trusts no stored sum. At most ten examples are named per problem. */
export async function verifyLedger(db: Db): Promise<LedgerVerdict> {
  return db.transaction(
    async (trx) => {
      await trx.raw(READ_EVERYTHING);
      const problems: string[] = [];
      for (const [problem, sql] of QUESTIONS) {
        const { rows } = (await trx.raw(`${sql} LIMIT 10`)) as { rows: { what: string }[] };
        for (const row of rows) problems.push(`${problem}: ${row.what}`);
      }
      const { rows } = (await trx.raw(
        'SELECT (SELECT count(*) FROM journal_entries)::int AS entries, (SELECT count(*) FROM postings)::int AS postings',
      )) as { rows: [{ entries: number; postings: number }] };
      return { ok: problems.length === 0, ...rows[0], problems };
    },
    { isolationLevel: 'repeatable read', readOnly: true },
  );
}
