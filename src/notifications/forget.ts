// Forgets events that are older than they are kept, with their deliveries and attempts: the oldest first, some at a time.
import type { Context } from '../context.ts';
import { runWhole } from '../db/knex.ts';

/** Events per statement; each takes its deliveries along, at most one to an endpoint. */
const AT_ONCE = 1000;

// An event's position tells its age closely enough: it stops at the first one that is to be kept.
const FORGET = {
  name: 'forget_events',
  text: `
    WITH oldest AS MATERIALIZED (
      SELECT position, created_at FROM events ORDER BY position LIMIT $2
    ), kept AS (
      SELECT min(position) AS first FROM oldest WHERE created_at >= now() - $1::bigint * interval '1 millisecond'
    ), going AS (
      SELECT max(o.position) AS last FROM oldest o, kept k WHERE k.first IS NULL OR o.position < k.first
    ), deliveries_gone AS (
      DELETE FROM deliveries WHERE id IN (
        SELECT d.id FROM going g CROSS JOIN webhook_endpoints p CROSS JOIN LATERAL (
          SELECT id FROM deliveries d WHERE d.endpoint_id = p.id AND d.event_position <= g.last
        ) d)
    )
    DELETE FROM events WHERE position <= (SELECT last FROM going) RETURNING 1`,
};

// A deleted endpoint is kept for as long as something was sent there.
const FORGET_ENDPOINTS = {
  name: 'forget_endpoints',
  text: `
    WITH going AS (
      SELECT id FROM webhook_endpoints p WHERE status = 'deleted' AND updated_at < now() - $1::bigint * interval '1 millisecond'
        AND NOT EXISTS (SELECT FROM deliveries d WHERE d.endpoint_id = p.id)
    ), replays_gone AS (
      DELETE FROM replays WHERE endpoint_id IN (SELECT id FROM going) OR done_at < now() - $1::bigint * interval '1 millisecond'
      RETURNING endpoint_id
    )
    DELETE FROM webhook_endpoints WHERE id IN (SELECT id FROM going)
      AND NOT EXISTS (SELECT FROM replays r WHERE r.endpoint_id = webhook_endpoints.id)`,
};

/** One step; whether there is more to forget. */
export async function forgetEvents(ctx: Context): Promise<boolean> {
  const { EVENT_RETENTION_MS } = ctx.config;
  const gone = await runWhole(ctx.db, FORGET, [EVENT_RETENTION_MS, AT_ONCE]);
  if (gone.length === AT_ONCE) return true;
  await runWhole(ctx.db, FORGET_ENDPOINTS, [EVENT_RETENTION_MS]);
  return false;
}
