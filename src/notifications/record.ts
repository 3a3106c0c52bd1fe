// Picks what is due at an endpoint, and records what became of it: deliveries, attempts and the endpoint's health in one commit.
import type { Context } from '../context.ts';
import { runAlone, runWhole } from '../db/knex.ts';
import { EVENT_COLUMNS, EVENT_JOINS, type EventRow } from './event.ts';
import { excerptOf } from './excerpt.ts';
import { type Leased, leaseMs } from './lease.ts';
import { type Health, nextTry } from './outcome.ts';
import type { Sent } from './send.ts';

export interface Due extends EventRow {
  readonly delivery_id: string;
  /** A name of its own: the transaction beside it has tries too. */
  readonly delivery_tries: number;
}

// A delivery goes only when every earlier one about the same transaction is done.
const PICK = {
  name: 'pick_deliveries',
  text: `
    WITH picked AS MATERIALIZED (
      SELECT d.id, d.event_position, d.tries, d.due_at FROM deliveries d
      WHERE d.endpoint_id = $1 AND d.state = 'pending' AND d.due_at <= now() AND d.id <> ALL($2)
        AND (d.transaction_id IS NULL OR (
          SELECT true FROM deliveries b WHERE b.endpoint_id = d.endpoint_id AND b.transaction_id = d.transaction_id AND b.state = 'pending'
            AND b.event_position < d.event_position LIMIT 1) IS NULL)
      ORDER BY d.due_at, d.event_position LIMIT $3
    )
    SELECT p.id AS delivery_id, p.tries AS delivery_tries, ${EVENT_COLUMNS} FROM picked p
      CROSS JOIN LATERAL (SELECT * FROM events WHERE position = p.event_position OFFSET 0) e ${EVENT_JOINS}
    ORDER BY p.due_at, p.event_position`,
};

/** Up to `limit` deliveries that may go now, longest due first, except those on their way. */
export function pick(ctx: Context, leased: Leased, onTheirWay: readonly string[], limit: number): Promise<Due[]> {
  return runAlone<Due>(ctx.db, PICK, [leased.id, onTheirWay, limit]);
}

export interface Tried {
  readonly due: Due;
  readonly sent: Sent;
}

// Later deliveries about the same transaction take the date of the one they wait for. One that has used up its schedule has failed
// only where the endpoint took something else meanwhile: else it is the endpoint that fails, which ends with its being disabled.
const RECORD = {
  name: 'record_deliveries',
  text: `
    WITH mine AS (
      UPDATE webhook_endpoints SET
        due_at = CASE WHEN status = 'enabled' THEN now() + $3::bigint * interval '1 millisecond' END,
        failures = $4,
        blocked_until = now() + $5::bigint * interval '1 millisecond',
        failing_since = CASE WHEN true = ANY($8) THEN NULL ELSE coalesce(failing_since, now()) END,
        last_success_at = CASE WHEN true = ANY($8) THEN now() ELSE last_success_at END
      WHERE id = $1 AND lease = $2 AND running RETURNING id, status, last_success_at, failing_since
    ), results AS (
      SELECT * FROM unnest($7::text[], $8::boolean[], $9::smallint[], $10::integer[], $11::text[], $12::text[], $13::bigint[], $14::boolean[])
        AS r(id, ok, status_code, duration_ms, error, answer, wait_ms, last)
    ), tried AS (
      UPDATE deliveries d SET
        state = CASE WHEN r.ok THEN 'delivered' WHEN r.last AND m.last_success_at > d.first_tried_at THEN 'failed' ELSE 'pending' END,
        due_at = CASE WHEN r.ok OR (r.last AND coalesce(m.last_success_at > d.first_tried_at, false)) THEN NULL
          ELSE now() + r.wait_ms * interval '1 millisecond' END,
        done_at = CASE WHEN r.ok OR (r.last AND coalesce(m.last_success_at > d.first_tried_at, false)) THEN now() END,
        tries = d.tries + 1, attempts = d.attempts + 1, first_tried_at = coalesce(d.first_tried_at, now())
      FROM mine m, results r WHERE d.id = r.id AND d.state = 'pending'
      RETURNING d.id, d.attempts, d.state, d.due_at, d.transaction_id, d.event_position
    ), written AS (
      INSERT INTO delivery_attempts (delivery_id, number, status_code, duration_ms, error, answer)
        SELECT t.id, t.attempts, r.status_code, r.duration_ms, r.error, r.answer FROM tried t JOIN results r ON r.id = t.id
    ), counted AS (
      INSERT INTO delivery_sums AS s (starts_at, shard, delivered, refused)
        SELECT date_bin(interval '1 hour', now(), timestamptz '2000-01-01 00:00Z'), ascii(right($1, 1)) % 8,
          count(*) FILTER (WHERE r.ok), count(*) FILTER (WHERE NOT r.ok)
        FROM tried t JOIN results r ON r.id = t.id HAVING count(*) > 0
        ON CONFLICT (starts_at, shard) DO UPDATE SET delivered = s.delivered + EXCLUDED.delivered, refused = s.refused + EXCLUDED.refused
    ), behind AS (
      UPDATE deliveries d SET due_at = w.due_at FROM (
        SELECT b.id, t.due_at FROM tried t CROSS JOIN LATERAL (
          SELECT id FROM deliveries WHERE endpoint_id = $1 AND transaction_id = t.transaction_id AND state = 'pending'
            AND event_position > t.event_position AND due_at < t.due_at OFFSET 0
        ) b WHERE t.state = 'pending'
      ) w WHERE d.id = w.id
    )
    SELECT status, coalesce(failing_since <= now() - $6::bigint * interval '1 millisecond', false) AS impatient FROM mine`,
};

/** What is left to do after a record; null when the lease was lost: then nothing was recorded, and another sends it again. */
export interface Recorded {
  readonly status: 'enabled' | 'disabled' | 'deleted';
  /** Patience with the endpoint is spent. */
  readonly impatient: boolean;
}

/** Records tries under the lease and renews it. An answer is kept without what it repeats of the person it was about. */
export async function record(
  ctx: Context,
  leased: Leased,
  tried: readonly Tried[],
  health: Health,
): Promise<Recorded | null> {
  const { DELIVERY_SCHEDULE_MS, ENDPOINT_PATIENCE_MS } = ctx.config;
  const at = new Date();
  const next = tried.map(({ due, sent }) => nextTry(due.delivery_tries, sent, DELIVERY_SCHEDULE_MS, at));
  const [recorded] = await runWhole<Recorded>(ctx.db, RECORD, [
    leased.id,
    leased.lease,
    leaseMs(ctx),
    health.failures,
    health.blockedMs,
    ENDPOINT_PATIENCE_MS,
    tried.map(({ due }) => due.delivery_id),
    tried.map(({ sent }) => sent.ok),
    tried.map(({ sent }) => sent.statusCode),
    tried.map(({ sent }) => sent.durationMs),
    tried.map(({ sent }) => sent.error),
    tried.map(({ due, sent }) => excerptOf(ctx, due.id === null ? null : due, sent.answer)),
    next.map(({ waitMs }) => waitMs),
    next.map(({ last }) => last),
  ]);
  return recorded ?? null;
}

const BRING_FORWARD = {
  name: 'bring_deliveries_forward',
  text: `UPDATE deliveries SET due_at = now() WHERE endpoint_id = $1 AND state = 'pending' AND due_at > now()`,
};

/** The endpoint answers again: what had been put off because of it goes now. */
export async function bringForward(ctx: Context, { id }: Leased): Promise<void> {
  await runWhole(ctx.db, BRING_FORWARD, [id]);
}
