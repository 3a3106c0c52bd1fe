// What should have a case and has none: not final, older than patience allows, and nobody was asked. Always empty, unless something is wrong.
import type { Config } from '../config.ts';
import { type Db, READ_EVERYTHING } from '../db/knex.ts';
import type { State } from './states.ts';

export interface Unattended {
  readonly id: string;
  readonly state: State;
  readonly currency: string;
  readonly ageMs: number;
}

const UNATTENDED = `
  SELECT t.id, t.state, t.currency,
    (extract(epoch FROM now() - greatest(t.created_at, t.scheduled_at, t.approved_at)) * 1000)::float8 AS "ageMs"
  FROM transactions t
  WHERE t.due_at IS NOT NULL AND t.state <> 'awaiting_approval'
    AND greatest(t.created_at, t.scheduled_at, t.approved_at)
      < now() - (CASE t.type WHEN 'payout' THEN ?::float8 ELSE ?::float8 END + ?::float8) * interval '1 millisecond'
    AND NOT EXISTS (SELECT 1 FROM cases c WHERE c.transaction_id = t.id AND c.resolved_at IS NULL)
  ORDER BY t.created_at LIMIT 1000`;

/** Patience is noticed when a row is next looked at, so the longest wait between two looks is allowed on top, twice. */
export async function unattended(db: Db, config: Config): Promise<readonly Unattended[]> {
  const { PAYOUT_PATIENCE_MS, COLLECTION_PATIENCE_MS, POLL_SCHEDULE_MS, LOOKUP_SCHEDULE_MS, RETRY_MAX_MS } = config;
  const longestMs = Math.max(...POLL_SCHEDULE_MS, ...LOOKUP_SCHEDULE_MS, RETRY_MAX_MS);
  return db.transaction(async (trx) => {
    await trx.raw(READ_EVERYTHING);
    const { rows } = await trx.raw<{ rows: Unattended[] }>(UNATTENDED, [
      PAYOUT_PATIENCE_MS,
      COLLECTION_PATIENCE_MS,
      2 * longestMs,
    ]);
    return rows;
  });
}
