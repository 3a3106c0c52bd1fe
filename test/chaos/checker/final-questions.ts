// I5, I6, I8, I9, I11, I12, I14 and I15: what the database alone must say when everything is quiet.
import type { Question } from './running-questions.ts';

export interface FinalLimits {
  /** How long a date may have passed with nobody at it. */
  readonly overdueMs: number;
  /** The largest part of all transactions that may end with a person. */
  readonly reviewShare: number;
}

/** The machine's edges in the checker's own words. The last two are the only ways out of a final state. */
const EDGES = [
  ...['>awaiting_approval', '>accepted', 'awaiting_approval>accepted', 'awaiting_approval>cancelled'],
  ...['accepted>submitting', 'accepted>cancelled', 'accepted>failed', 'accepted>in_review'],
  ...['submitting>submitted', 'submitting>accepted', 'submitting>failed', 'submitting>in_review'],
  ...['submitted>settled', 'submitted>failed', 'submitted>in_review'],
  ...['in_review>accepted', 'in_review>submitted', 'in_review>settled', 'in_review>failed'],
  ...['failed>settled', 'settled>reversed'],
];

/** Why a person may be asked. A bug of our own, or two answers that contradict each other, are not among them. */
const REASONS = [
  ...[
    'outcome_unknown',
    'not_executable',
    'no_final_answer',
    'amount_mismatch',
    'late_success',
    'returned',
    'shortfall',
  ],
];

const list = (words: readonly string[]) => words.map((word) => `'${word}'`).join(', ');
const FINAL = list(['settled', 'failed', 'cancelled', 'reversed']);

/** Which steps the book must show for a transaction in each state; a late success shows a release besides. */
const STEPS_OF_STATES = `CASE
  WHEN t.type = 'payout' AND t.state = 'settled' THEN ARRAY['hold', 'settle']
  WHEN t.type = 'payout' AND t.state = 'reversed' THEN ARRAY['hold', 'reverse', 'settle']
  WHEN t.type = 'payout' AND t.state IN ('failed', 'cancelled') THEN ARRAY['hold', 'release']
  WHEN t.type = 'payout' THEN ARRAY['hold']
  WHEN t.state = 'settled' THEN ARRAY['settle']
  WHEN t.state = 'reversed' THEN ARRAY['reverse', 'settle']
  ELSE ARRAY[]::text[] END`;
const LATE = `EXISTS (SELECT FROM transaction_history h WHERE h.transaction_id = t.id AND h.from_state = 'failed' AND h.to_state = 'settled')`;

export function finalQuestions({ overdueMs, reviewShare }: FinalLimits): readonly Question[] {
  return [
    {
      invariant: 'I5',
      sql: `SELECT 'transaction ' || transaction_id || ' has ' || count(*) || ' entries of kind ' || kind AS sentence
        FROM journal_entries WHERE transaction_id IS NOT NULL GROUP BY transaction_id, kind HAVING count(*) > 1`,
    },
    {
      invariant: 'I5',
      sql: `SELECT 'transaction ' || id || ' is ' || state || ' and its entries are ' || coalesce(nullif(array_to_string(have, ', '), ''), 'none')
          AS sentence FROM (
        SELECT t.id, t.state, ${STEPS_OF_STATES} || CASE WHEN t.type = 'payout' AND ${LATE} THEN ARRAY['release'] ELSE ARRAY[]::text[] END AS want,
          ARRAY(SELECT e.kind::text FROM journal_entries e WHERE e.transaction_id = t.id AND e.kind IN ('hold', 'settle', 'release', 'reverse')) AS have
        FROM transactions t) steps
        WHERE ARRAY(SELECT unnest(want) ORDER BY 1) <> ARRAY(SELECT unnest(have) ORDER BY 1)`,
    },
    {
      invariant: 'I5',
      sql: `SELECT 'the refunds of ' || c.id || ' come to ' || sum(t.amount_minor) || ' of ' || c.amount_minor AS sentence
        FROM transactions t JOIN transactions c ON c.id = t.refund_of
        WHERE t.state NOT IN ('failed', 'cancelled', 'reversed') AND NOT ${LATE} GROUP BY c.id HAVING sum(t.amount_minor) > c.amount_minor`,
    },
    {
      invariant: 'I6',
      sql: `SELECT 'payout ' || t.id || ' awaited approval and was sent without it' AS sentence FROM transactions t
        WHERE t.attempt_no > 0
          AND EXISTS (SELECT FROM transaction_history h WHERE h.transaction_id = t.id AND h.to_state = 'awaiting_approval')
          AND NOT EXISTS (SELECT FROM transaction_history h WHERE h.transaction_id = t.id AND h.from_state = 'awaiting_approval'
            AND h.to_state = 'accepted' AND h.actor <> t.actor)`,
    },
    {
      invariant: 'I6',
      sql: `SELECT 'payout ' || t.id || ' was sent at ' || a.opened_at || ' and not before ' || t.scheduled_at AS sentence
        FROM attempts a JOIN transactions t ON t.id = a.transaction_id WHERE a.token_hash IS NOT NULL AND a.opened_at < t.scheduled_at`,
    },
    {
      invariant: 'I6',
      sql: `SELECT 'transaction ' || transaction_id || ' went from ' || coalesce(from_state, 'nothing') || ' to ' || to_state AS sentence
        FROM transaction_history WHERE coalesce(from_state, '') || '>' || to_state NOT IN (${list(EDGES)})`,
    },
    {
      invariant: 'I6',
      sql: `SELECT 'the application may ' || lower(privilege) || ' ' || name AS sentence
        FROM unnest(ARRAY['postings', 'journal_entries', 'transaction_history', 'audit_log']) AS name,
          unnest(ARRAY['UPDATE', 'DELETE', 'TRUNCATE']) AS privilege WHERE has_table_privilege('eversend_app', name, privilege)`,
    },
    {
      invariant: 'I8',
      sql: `SELECT 'transaction ' || id || ' is ' || state || ' and ' || CASE WHEN due_at IS NULL THEN 'has no date'
          ELSE 'was due at ' || due_at END AS sentence
        FROM transactions WHERE state NOT IN (${FINAL}) AND (due_at IS NULL OR due_at < now() - ${overdueMs} * interval '1 millisecond')`,
    },
    {
      invariant: 'I9',
      sql: `SELECT 'there are ' || t.n || ' transactions and ' || k.n || ' idempotency keys' AS sentence
        FROM (SELECT count(*) AS n FROM transactions) t, (SELECT count(*) AS n FROM idempotency_keys WHERE left(subject_id, 2) IN ('po', 'co')) k
        WHERE t.n <> k.n`,
    },
    {
      invariant: 'I11',
      sql: `SELECT 'transaction ' || t.id || ' in ' || t.currency || ' has entry ' || e.reference || ' in ' || e.currency AS sentence
        FROM journal_entries e JOIN transactions t ON t.id = e.transaction_id WHERE e.currency <> t.currency`,
    },
    {
      invariant: 'I11',
      sql: `SELECT 'transaction ' || t.id || ' in ' || t.currency || ' is on wallet ' || w.id || ' in ' || w.currency AS sentence
        FROM transactions t JOIN wallets w ON w.id = t.wallet_id WHERE w.currency <> t.currency`,
    },
    {
      invariant: 'I12',
      sql: `SELECT 'webhook events ' || string_agg(id, ', ') || ' are the same bytes' AS sentence
        FROM webhook_events GROUP BY digest HAVING count(*) > 1`,
    },
    {
      invariant: 'I12',
      sql: `SELECT 'transaction ' || t.id || ' was settled though the provider never answered that it knows it' AS sentence
        FROM transactions t WHERE t.state IN ('settled', 'reversed') AND NOT ${LATE}
          AND NOT EXISTS (SELECT FROM attempts a WHERE a.transaction_id = t.id AND a.verdict = 'accepted')
          AND NOT EXISTS (SELECT FROM transaction_history h WHERE h.transaction_id = t.id AND h.from_state = 'in_review')`,
    },
    {
      invariant: 'I14',
      sql: `SELECT 'the history of ' || transaction_id || ' says ' || coalesce(from_state, 'nothing') || ' to ' || to_state
          || ' after ' || coalesce(before, 'nothing') AS sentence
        FROM (SELECT transaction_id, from_state, to_state, lag(to_state) OVER (PARTITION BY transaction_id ORDER BY id) AS before
          FROM transaction_history) chain WHERE from_state IS DISTINCT FROM before`,
    },
    {
      invariant: 'I14',
      sql: `SELECT 'transaction ' || t.id || ' is ' || t.state || ' and its history ends with ' || coalesce(h.to_state, 'nothing') AS sentence
        FROM transactions t LEFT JOIN LATERAL (SELECT to_state FROM transaction_history WHERE transaction_id = t.id
          ORDER BY id DESC LIMIT 1) h ON true WHERE h.to_state IS DISTINCT FROM t.state`,
    },
    {
      invariant: 'I14',
      sql: `SELECT 'transaction ' || t.id || ' is at attempt ' || t.attempt_no || ' and has attempts '
          || coalesce(string_agg(a.number::text, ', ' ORDER BY a.number), 'none') AS sentence
        FROM transactions t LEFT JOIN attempts a ON a.transaction_id = t.id
        GROUP BY t.id HAVING count(a.number) <> t.attempt_no OR coalesce(max(a.number), 0) <> t.attempt_no`,
    },
    {
      invariant: 'I14',
      sql: `SELECT 'transaction ' || transaction_id || ' went to ' || to_state || ' by nobody' AS sentence
        FROM transaction_history WHERE actor = '' OR cause = ''`,
    },
    {
      invariant: 'I15',
      sql: `SELECT 'transaction ' || id || ' is still ' || state || ', since ' || updated_at AS sentence
        FROM transactions WHERE state NOT IN (${FINAL}, 'in_review')`,
    },
    {
      invariant: 'I15',
      sql: `SELECT 'transaction ' || t.id || ' is in review without a case' AS sentence FROM transactions t
        WHERE t.state = 'in_review' AND NOT EXISTS (SELECT FROM cases c WHERE c.transaction_id = t.id AND c.resolved_at IS NULL)`,
    },
    {
      invariant: 'I15',
      sql: `SELECT 'case ' || id || ' about ' || subject || ' is of kind ' || kind || ', which is no reason to ask a person' AS sentence
        FROM cases WHERE kind NOT IN (${list(REASONS)})`,
    },
    {
      invariant: 'I15',
      sql: `SELECT count(*) FILTER (WHERE state = 'in_review') || ' of ' || count(*) || ' transactions are in review: '
          || left(string_agg(id, ', ') FILTER (WHERE state = 'in_review'), 300) AS sentence
        FROM transactions HAVING count(*) FILTER (WHERE state = 'in_review') > ${reviewShare} * count(*)`,
    },
    {
      invariant: 'I15',
      sql: `SELECT 'webhook event ' || id || ' was due at ' || due_at AS sentence
        FROM webhook_events WHERE state = 'received' AND due_at < now() - ${overdueMs} * interval '1 millisecond'`,
    },
  ];
}
