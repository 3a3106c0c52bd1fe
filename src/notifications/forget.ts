// Forgets events that are older than they are kept, with their deliveries and attempts, and what is left of deleted endpoints.
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

// What was to be sent to a deleted endpoint, or had been, is nobody's any more.
const FORGET_DELETED = {
  name: 'forget_deliveries_of_deleted',
  text: `
    DELETE FROM deliveries WHERE id IN (
      SELECT d.id FROM webhook_endpoints p CROSS JOIN LATERAL (
        SELECT id FROM deliveries d WHERE d.endpoint_id = p.id LIMIT $1
      ) d WHERE p.status = 'deleted' LIMIT $1)
    RETURNING 1`,
};
const FORGET_REPLAYS = {
  name: 'forget_replays',
  text: `
    DELETE FROM replays r USING webhook_endpoints p WHERE p.id = r.endpoint_id
      AND (p.status = 'deleted' OR r.done_at < now() - $1::bigint * interval '1 millisecond')`,
};
// An hour after it was deleted nobody is still sending to it, or putting something on its way there.
const FORGET_ENDPOINTS = {
  name: 'forget_endpoints',
  text: `
    DELETE FROM webhook_endpoints p WHERE status = 'deleted' AND updated_at < now() - interval '1 hour'
      AND NOT EXISTS (SELECT FROM deliveries d WHERE d.endpoint_id = p.id) AND NOT EXISTS (SELECT FROM replays r WHERE r.endpoint_id = p.id)`,
};

/** One step; whether there is more to forget. */
export async function forgetEvents(ctx: Context): Promise<boolean> {
  const { EVENT_RETENTION_MS } = ctx.config;
  const old = await runWhole(ctx.db, FORGET, [EVENT_RETENTION_MS, AT_ONCE]);
  const deleted = await runWhole(ctx.db, FORGET_DELETED, [AT_ONCE]);
  if (old.length === AT_ONCE || deleted.length === AT_ONCE) return true;
  await runWhole(ctx.db, FORGET_REPLAYS, [EVENT_RETENTION_MS]);
  await runWhole(ctx.db, FORGET_ENDPOINTS, []);
  return false;
}
