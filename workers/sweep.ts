// The sweep: finds whatever is due and has nobody on the way to it, and rings. Losing every queue costs its interval, nothing else.
import type { Context } from '../src/context.ts';
import { runAlone, runWhole, type Statement } from '../src/db/knex.ts';
import type { Bell } from '../src/queue/queues.ts';

/** Rows taken per pass, table and question: a bound on one pass, not on the backlog; the next pass takes the next ones. */
const MAX_PER_PASS = 1000;

interface Table {
  /** What is due and has not been rung for its date, by date. */
  readonly unrung: Statement;
  /** What has been rung but still is due, longest ago first; being rung or touched sends a row to the end, so all come round. */
  readonly rung: Statement;
  readonly ring: Statement;
  readonly touch: Statement;
}

// By state and date, never by id: a smaller id may commit later. Two questions, since a backlog that has been rung comes back every
// few seconds: asked with one limit for both, the oldest rows of it would be all that anybody ever saw.
const TABLES: readonly Table[] = [
  statementsFor({
    table: 'transactions',
    columns:
      "id, CASE type WHEN 'payout' THEN 'payouts' ELSE 'collections' END AS queue, generation, state NOT IN ('accepted', 'awaiting_approval') AS ahead",
  }),
  statementsFor({
    table: 'webhook_events',
    columns: "id, 'webhooks' AS queue, generation, false AS ahead",
  }),
  statementsFor({
    table: 'bulks',
    columns: "id, 'bulk' AS queue, generation, false AS ahead",
  }),
  statementsFor({
    table: 'webhook_endpoints',
    columns: "id, 'notifications' AS queue, generation, false AS ahead",
  }),
];

function statementsFor(of: { table: string; columns: string }): Table {
  const { table, columns } = of;
  // Both orders name both columns of the index on (rung_at, due_at), so that it gives them without sorting.
  const find = (isAsked: string, limit: string) => `
    SELECT ${columns} FROM ${table} WHERE ${isAsked} AND due_at <= now()
    ORDER BY rung_at NULLS FIRST, due_at LIMIT ${limit}`;
  // Rows are locked in the order of their ids, as steps and marks do: in any other order two writers could wait for each other.
  return {
    unrung: { name: `sweep_unrung_${table}`, text: find('rung_at IS NULL', '$1') },
    rung: {
      name: `sweep_rung_${table}`,
      text: find("rung_at <= now() - $2::bigint * interval '1 millisecond'", '$1'),
    },
    ring: {
      name: `ring_${table}`,
      text: `
        WITH mine AS (
          SELECT t.id FROM ${table} t JOIN unnest($1::text[], $2::integer[]) AS b(id, generation) ON t.id = b.id
          WHERE t.generation = b.generation AND t.due_at <= now() ORDER BY t.id FOR NO KEY UPDATE OF t
        )
        UPDATE ${table} t SET generation = t.generation + 1, rung_at = now()
        FROM mine WHERE t.id = mine.id RETURNING t.id, t.generation`,
    },
    touch: {
      name: `touch_${table}`,
      text: `
        WITH mine AS (
          SELECT id FROM ${table} WHERE id = ANY($1) AND due_at <= now() ORDER BY id FOR NO KEY UPDATE
        )
        UPDATE ${table} t SET rung_at = now() FROM mine WHERE t.id = mine.id`,
    },
  };
}

/**
 * One pass; returns how many bells were rung. Several processes may sweep at once: the generation lets only one of them ring.
 * A row whose job still waits or runs is left to it.
 */
export async function sweepOnce(ctx: Context): Promise<number> {
  let rung = 0;
  for (const table of TABLES) {
    rung += await ring(ctx, table, await runAlone<Bell>(ctx.db, table.unrung, [MAX_PER_PASS]));
    const asked = await runAlone<Bell>(ctx.db, table.rung, [MAX_PER_PASS, ctx.config.RING_GRACE_MS]);
    const gone = asked.length === 0 ? [] : await ctx.queues.gone(asked);
    const goneIds = new Set(gone.map((bell) => bell.id));
    const stillThere = asked.map((bell) => bell.id).filter((id) => !goneIds.has(id));
    if (stillThere.length > 0) await runWhole(ctx.db, table.touch, [stillThere]);
    rung += await ring(ctx, table, gone);
  }
  return rung;
}

async function ring(ctx: Context, table: Table, bells: readonly Bell[]): Promise<number> {
  if (bells.length === 0) return 0;
  const known = new Map(bells.map((bell) => [bell.id, bell]));
  const next = await runWhole<{ id: string; generation: number }>(ctx.db, table.ring, [
    bells.map((bell) => bell.id),
    bells.map((bell) => bell.generation),
  ]);
  const { added } = await ctx.queues.ringNow(next.map((row) => ({ ...(known.get(row.id) as Bell), ...row })));
  return added;
}
