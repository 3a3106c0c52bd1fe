// The sweep: finds whatever is due and has nobody on the way to it, and rings. Losing every queue costs its interval, nothing else.
import type { Context } from '../src/context.ts';
import { runAlone, type Statement } from '../src/db/knex.ts';
import type { Bell, QueueName } from '../src/queue/queues.ts';

/** Rows looked at per pass and table: a bound on one pass, not on the backlog; the next pass takes the next ones. */
const MAX_PER_PASS = 1000;

interface Due {
  readonly id: string;
  readonly queue: QueueName;
  readonly generation: number;
  /** False when its bell has not been rung for this date at all. */
  readonly rung: boolean;
}

// By state and date, never by id: a smaller id may commit later. Oldest first.
const TABLES: readonly { find: Statement; ring: Statement; touch: Statement }[] = [
  {
    find: {
      name: 'sweep_transactions',
      text: `
        SELECT id, CASE type WHEN 'payout' THEN 'payouts' ELSE 'collections' END AS queue, generation, rung_at IS NOT NULL AS rung
        FROM transactions WHERE due_at <= now() AND state <> 'awaiting_approval'
          AND (rung_at IS NULL OR rung_at <= now() - $1::bigint * interval '1 millisecond')
        ORDER BY due_at LIMIT $2`,
    },
    ring: {
      name: 'ring_transactions',
      text: `
        UPDATE transactions t SET generation = t.generation + 1, rung_at = now()
        FROM unnest($1::text[], $2::integer[]) AS b(id, generation)
        WHERE t.id = b.id AND t.generation = b.generation AND t.due_at <= now() RETURNING t.id, t.generation`,
    },
    touch: {
      name: 'touch_transactions',
      text: 'UPDATE transactions SET rung_at = now() WHERE id = ANY($1) AND due_at <= now()',
    },
  },
  {
    find: {
      name: 'sweep_webhook_events',
      text: `
        SELECT id, 'webhooks' AS queue, generation, rung_at IS NOT NULL AS rung FROM webhook_events
        WHERE due_at <= now() AND (rung_at IS NULL OR rung_at <= now() - $1::bigint * interval '1 millisecond')
        ORDER BY due_at LIMIT $2`,
    },
    ring: {
      name: 'ring_webhook_events',
      text: `
        UPDATE webhook_events e SET generation = e.generation + 1, rung_at = now()
        FROM unnest($1::text[], $2::integer[]) AS b(id, generation)
        WHERE e.id = b.id AND e.generation = b.generation AND e.due_at <= now() RETURNING e.id, e.generation`,
    },
    touch: {
      name: 'touch_webhook_events',
      text: 'UPDATE webhook_events SET rung_at = now() WHERE id = ANY($1) AND due_at <= now()',
    },
  },
];

/**
 * One pass; returns how many bells were rung. Several processes may sweep at once: the generation lets only one of them ring.
 * A row whose job still waits or runs is left to it. `all` rings also what was rung within RING_GRACE_MS (`queues rebuild`).
 */
export async function sweepOnce(ctx: Context, of: { all?: boolean } = {}): Promise<number> {
  let rung = 0;
  for (const table of TABLES) {
    const due = await runAlone<Due>(ctx.db, table.find, [of.all ? 0 : ctx.config.RING_GRACE_MS, MAX_PER_PASS]);
    if (due.length === 0) continue;
    const asked = due.filter((row) => row.rung);
    const gone = asked.length === 0 ? [] : await ctx.queues.gone(asked);
    const ringing = [...due.filter((row) => !row.rung), ...gone];
    const stillThere = new Set(asked.map((row) => row.id));
    for (const bell of gone) stillThere.delete(bell.id);
    if (stillThere.size > 0) await runAlone(ctx.db, table.touch, [[...stillThere]]);
    rung += await ring(ctx, table.ring, ringing);
  }
  return rung;
}

async function ring(ctx: Context, statement: Statement, bells: readonly Bell[]): Promise<number> {
  if (bells.length === 0) return 0;
  const queueOf = new Map(bells.map((bell) => [bell.id, bell.queue]));
  const next = await runAlone<{ id: string; generation: number }>(ctx.db, statement, [
    bells.map((bell) => bell.id),
    bells.map((bell) => bell.generation),
  ]);
  const { added } = await ctx.queues.ringNow(next.map((row) => ({ ...row, queue: queueOf.get(row.id) as QueueName })));
  return added;
}
