// The money timeline of one transaction: request, hold, attempts, look-ups, webhooks, entries, cases and deeds, in the order of time.
import { type Db, runAlone } from '../db/knex.ts';

/** What kind of thing happened; of things at the same moment, the one that stands first here came first. */
export const HAPPENINGS = [
  'requested',
  'webhook_received',
  'attempt_opened',
  'first_silence',
  'last_silence',
  'attempt_closed',
  'entry_posted',
  'moved',
  'webhook_applied',
  'case_opened',
  'case_resolved',
  'earned',
  'deed',
] as const;
export type Happening = (typeof HAPPENINGS)[number];

export interface Moment {
  readonly at: Date;
  readonly what: Happening;
  /** The id of the thing, where it has one. */
  readonly id: string | null;
  /** State, kind, verdict or action. */
  readonly word: string | null;
  readonly actor: string | null;
  readonly note: string | null;
  /** The rest, by name; amounts in hundredths, as text. */
  readonly detail: Readonly<Record<string, unknown>>;
}

/** Each part is found by an index; a transaction with thousands of moments (a webhook replayed for ever) shows the first of them. */
const MOST = 2000;

// Entries and steps of one commit carry the same moment, so they are put in order by kind. References of entries begin with their
// transaction (`po01J…:hold`) or with the case that posted them, and are unique: there is an index already.
const READ = {
  name: 'read_timeline',
  text: `
    WITH own_cases AS (SELECT * FROM cases WHERE transaction_id = $1),
    subject AS (SELECT id, provider_transaction_id FROM transactions WHERE id = $1),
    events AS (
      SELECT * FROM webhook_events WHERE reference = $1
      UNION ALL
      SELECT e.* FROM subject s JOIN webhook_events e ON e.provider_transaction_id = s.provider_transaction_id AND e.reference IS NULL
    ),
    booked AS (
      SELECT * FROM journal_entries WHERE reference >= $1 || ':' AND reference < $1 || ';'
      UNION ALL
      SELECT e.* FROM own_cases c JOIN journal_entries e ON e.reference = c.id || ':resolve'
    )
    SELECT at, what, id, word, actor, note, detail FROM (
      SELECT at, CASE WHEN from_state IS NULL THEN 'requested' ELSE 'moved' END AS what, NULL::text AS id, to_state AS word, actor, note,
        jsonb_build_object('from', from_state, 'cause', cause, 'attempt', attempt) AS detail, id AS number
        FROM transaction_history WHERE transaction_id = $1
      UNION ALL
      SELECT opened_at, 'attempt_opened', NULL, NULL, NULL, NULL, jsonb_build_object('number', number,
        'quotedAmountMinor', quoted_amount_minor::text, 'quotedChargeMinor', quoted_charge_minor::text,
        'quotationExpiresAt', quotation_expires_at, 'fenceAt', fence_at), number FROM attempts WHERE transaction_id = $1
      UNION ALL
      SELECT first_negative_at, 'first_silence', NULL, NULL, NULL, NULL, jsonb_build_object('number', number), number
        FROM attempts WHERE transaction_id = $1 AND first_negative_at IS NOT NULL
      UNION ALL
      SELECT last_negative_at, 'last_silence', NULL, NULL, NULL, NULL, jsonb_build_object('number', number, 'negatives', negatives), number
        FROM attempts WHERE transaction_id = $1 AND last_negative_at IS DISTINCT FROM first_negative_at AND last_negative_at IS NOT NULL
      UNION ALL
      SELECT closed_at, 'attempt_closed', NULL, verdict, NULL, hint,
        jsonb_build_object('number', number, 'lookUps', look_ups, 'negatives', negatives, 'evidence', evidence), number
        FROM attempts WHERE transaction_id = $1 AND closed_at IS NOT NULL
      UNION ALL
      SELECT received_at, 'webhook_received', id, claimed_status, host(client_address), NULL,
        jsonb_build_object('providerTransactionId', provider_transaction_id), 0 FROM events
      UNION ALL
      SELECT applied_at, 'webhook_applied', id, state, NULL, NULL, jsonb_build_object('lookUps', look_ups), 0
        FROM events WHERE applied_at IS NOT NULL
      UNION ALL
      SELECT posted_at, 'entry_posted', id, kind, actor, reason, jsonb_build_object('reference', reference, 'currency', currency, 'postings', (
        SELECT jsonb_agg(jsonb_build_object('account', p.account_id, 'amountMinor', p.amount::text) ORDER BY p.line)
        FROM postings p WHERE p.entry_id = booked.id)), 0 FROM booked
      UNION ALL
      SELECT opened_at, 'case_opened', id, kind, NULL, NULL, jsonb_build_object('amountMinor', amount_minor::text, 'currency', currency), 0
        FROM own_cases
      UNION ALL
      SELECT resolved_at, 'case_resolved', id, kind, resolved_by, resolution, '{}', 0 FROM own_cases WHERE resolved_at IS NOT NULL
      UNION ALL
      SELECT earned_at, 'earned', NULL, kind, NULL, NULL, jsonb_build_object('amountMinor', amount_minor::text, 'currency', currency), 0
        FROM earnings WHERE transaction_id = $1
      UNION ALL
      SELECT at, 'deed', id::text, action, actor, reason, detail, id FROM audit_log WHERE subject = $1
    ) moments ORDER BY at, array_position($2::text[], what), number LIMIT ${MOST}`,
};

/** Everything that happened around a transaction, oldest first; empty when there is none. Holds no personal data. */
export function readTimeline(db: Db, transactionId: string): Promise<Moment[]> {
  return runAlone<Moment>(db, READ, [transactionId, [...HAPPENINGS]]);
}
