// Replays: a range of events sent to an endpoint again, under the same event ids, some at a time by the relay's daemon.
import { audit } from '../audit/audit.ts';
import type { Context } from '../context.ts';
import { run, runWhole, type Trx, violatedUnique } from '../db/knex.ts';
import { Conflict } from '../errors.ts';
import { newId } from '../ids.ts';
import { deedOf, type Keeper } from './endpoint.ts';
import { bellsOf } from './publish.ts';

/** Events looked at per statement. */
const AT_ONCE = 1000;

export interface NewReplay {
  readonly caller: Keeper;
  readonly endpointId: string;
  readonly from: Date;
  readonly to: Date;
  /** As an endpoint's filter; null: whatever the endpoint wants. */
  readonly types: readonly string[] | null;
}

const BEGIN = {
  name: 'begin_replay',
  text: `
    INSERT INTO replays (id, endpoint_id, from_at, to_at, types, next_position, last_position, done_at)
      SELECT $1, $2, $4, $5, $6, coalesce(min(e.position), 0), coalesce(max(e.position), 0), CASE WHEN count(*) = 0 THEN now() END
      FROM events e WHERE e.merchant_id = $3 AND e.created_at >= $4 AND e.created_at < $5
    RETURNING id`,
};

/** Begins a replay and gives its id. Raises Conflict while another one of the endpoint is under way. */
export async function beginReplay(trx: Trx, of: NewReplay): Promise<string> {
  const id = newId('replay');
  try {
    await run(trx, BEGIN, [id, of.endpointId, of.caller.merchantId, of.from, of.to, of.types]);
    const detail = { replayId: id, from: of.from.toISOString(), to: of.to.toISOString() };
    await audit(trx, { ...deedOf(of.caller), action: 'webhook_endpoints.replay', subject: of.endpointId, detail });
    return id;
  } catch (error) {
    if (violatedUnique(error) === 'replays_one_open')
      throw new Conflict('conflict', 'A replay to this endpoint is under way. Begin another when it has ended.');
    throw error;
  }
}

// What is pending already stays as it is; what is done is asked for anew; a ping was meant once. The endpoint is locked before its
// deliveries, as by whoever records results; one that is at it just now comes first.
const GO_ON = {
  name: 'go_on_with_replay',
  text: `
    WITH one AS MATERIALIZED (
      SELECT r.*, p.merchant_id, p.types AS wanted, p.status FROM replays r JOIN webhook_endpoints p ON p.id = r.endpoint_id
      WHERE r.done_at IS NULL ORDER BY r.id LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED
    ), looked AS MATERIALIZED (
      SELECT e.* FROM one r CROSS JOIN LATERAL (
        SELECT * FROM events e WHERE e.merchant_id = r.merchant_id AND e.position BETWEEN r.next_position AND r.last_position
        ORDER BY e.position LIMIT $1
      ) e WHERE r.status <> 'deleted'
    ), made AS (
      INSERT INTO deliveries (id, endpoint_id, event_position, transaction_id, due_at)
        SELECT id_made_of('de', r.endpoint_id || ':' || e.id), r.endpoint_id, e.position, e.transaction_id, now()
        FROM one r, looked e
        WHERE e.created_at >= r.from_at AND e.created_at < r.to_at AND wants_event(coalesce(r.types, r.wanted), e.type)
          AND e.type <> 'webhook_endpoint.ping'
        ORDER BY e.position
      ON CONFLICT (endpoint_id, event_position) DO UPDATE
        SET state = 'pending', due_at = now(), done_at = NULL, tries = 0, first_tried_at = NULL
        WHERE deliveries.state <> 'pending'
      RETURNING endpoint_id
    ), moved AS (
      UPDATE replays r SET next_position = coalesce(l.last + 1, r.next_position), done_at = CASE WHEN l.count < $1 THEN now() END
      FROM one o, (SELECT max(position) AS last, count(*) AS count FROM looked) l WHERE r.id = o.id
      RETURNING r.id
    ), woken AS (
      SELECT w.* FROM (SELECT array_agg(endpoint_id) AS ids FROM made) m, wake_endpoints(m.ids) w
    )
    SELECT (SELECT array_agg(id) FROM woken) AS endpoints, (SELECT array_agg(generation) FROM woken) AS generations
    FROM moved`,
};

/** One step of the replay that began first; false when there is none, or another process is at it. */
export async function replayOnce(ctx: Context): Promise<boolean> {
  const [step] = await runWhole<{ endpoints: string[] | null; generations: number[] | null }>(ctx.db, GO_ON, [AT_ONCE]);
  if (step === undefined) return false;
  ctx.queues.ring(bellsOf(step));
  return true;
}
