// The money timeline of one transaction: request, hold, attempts, look-ups, webhooks, entries, cases, deeds, proposals, and what its
// merchant was told, in the order of time.
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
  'proposed',
  'proposal_ended',
  'told',
  'delivery_tried',
  'delivery_failed',
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
// transaction (`po01J…:hold`) or with the case that posted them, and are unique: there is an index already. OFFSET 0 keeps the order in
// which the tables are asked: a plan from when they were young would go through all of the audit log for every case; and so would a
// comparison in the collation of our ids, for which that index is not.
/** Written out for those who look at how it is found. */
export const TIMELINE = {
  name: 'read_timeline',
  text: `
    WITH own_cases AS (SELECT * FROM cases WHERE transaction_id = $1),
    subject AS (SELECT id, provider_transaction_id FROM transactions WHERE id = $1),
    webhooks AS (
      SELECT * FROM webhook_events WHERE reference = $1
      UNION ALL
      SELECT e.* FROM subject s CROSS JOIN LATERAL (
        SELECT * FROM webhook_events WHERE provider_transaction_id = s.provider_transaction_id AND reference IS NULL OFFSET 0) e
    ),
    booked AS (
      SELECT * FROM journal_entries WHERE reference >= $1 || ':' AND reference < $1 || ';'
      UNION ALL
      SELECT e.* FROM own_cases c JOIN journal_entries e ON e.reference = c.id || ':resolve'
    ),
    told AS (SELECT * FROM events WHERE transaction_id = $1),
    sent AS (
      SELECT d.*, t.type FROM told t CROSS JOIN LATERAL (SELECT * FROM deliveries WHERE event_position = t.position OFFSET 0) d
    ),
    asked AS (
      SELECT p.* FROM (SELECT $1 AS id UNION ALL SELECT id FROM own_cases) s
        CROSS JOIN LATERAL (SELECT * FROM proposals WHERE subject = s.id OFFSET 0) p
    )
    SELECT at, what, id, word, actor, note, detail FROM (
      SELECT at, CASE WHEN from_state IS NULL THEN 'requested' ELSE 'moved' END AS what, NULL::text AS id, to_state AS word, actor, note,
        jsonb_build_object('from', from_state, 'cause', cause, 'attempt', attempt, 'bulkRow', CASE WHEN from_state IS NULL THEN (
          SELECT bulk_id || '.' || number || '.' || round FROM bulk_rows WHERE payout_id = $1) END) AS detail, id AS number
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
        jsonb_build_object('number', number, 'lookUps', look_ups, 'negatives', negatives, 'evidence', evidence,
          'openMs', (extract(epoch FROM closed_at - opened_at) * 1000)::bigint), number
        FROM attempts WHERE transaction_id = $1 AND closed_at IS NOT NULL
      UNION ALL
      SELECT received_at, 'webhook_received', id, claimed_status, host(client_address), NULL,
        jsonb_build_object('providerTransactionId', provider_transaction_id), 0 FROM webhooks
      UNION ALL
      SELECT applied_at, 'webhook_applied', id, state, NULL, NULL, jsonb_build_object('lookUps', look_ups), 0
        FROM webhooks WHERE applied_at IS NOT NULL
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
      UNION ALL
      SELECT a.at, 'deed', a.id::text, a.action, a.actor, a.reason, a.detail, a.id FROM own_cases c
        CROSS JOIN LATERAL (SELECT * FROM audit_log WHERE subject = c.id COLLATE "default" OFFSET 0) a WHERE a.action <> 'cases.resolve'
      UNION ALL
      SELECT created_at, 'proposed', id, action, 'admin:' || proposed_by, reason, '{}', 0 FROM asked
      UNION ALL
      SELECT decided_at, 'proposal_ended', id, state, 'admin:' || decided_by, decision_reason, '{}', 0 FROM asked WHERE decided_at IS NOT NULL
      UNION ALL
      SELECT created_at, 'told', position::text, type, NULL, NULL, jsonb_build_object('eventId', id, 'sequence', sequence), position FROM told
      UNION ALL
      SELECT a.at, 'delivery_tried', s.id, coalesce(a.error, a.status_code::text), NULL, NULL, jsonb_build_object('type', s.type,
        'number', a.number, 'endpointId', s.endpoint_id, 'durationMs', a.duration_ms, 'isTaken', a.error IS NULL AND a.status_code BETWEEN 200 AND 299),
        a.number FROM sent s CROSS JOIN LATERAL (SELECT * FROM delivery_attempts WHERE delivery_id = s.id OFFSET 0) a
      UNION ALL
      SELECT done_at, 'delivery_failed', id, type, NULL, NULL, jsonb_build_object('endpointId', endpoint_id), 0 FROM sent WHERE state = 'failed'
    ) moments ORDER BY at, array_position($2::text[], what), number LIMIT ${MOST}`,
};

/** Everything that happened around a transaction, oldest first; empty when there is none. Holds no personal data. */
export function readTimeline(db: Db, transactionId: string): Promise<Moment[]> {
  return runAlone<Moment>(db, TIMELINE, [transactionId, [...HAPPENINGS]]);
}
