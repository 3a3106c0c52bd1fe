// What a batch reads does not grow with the tables, whatever the planner was told of them when they were young.
import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openDatabase } from '../../src/db/knex.ts';
import { newId } from '../../src/ids.ts';
import { createPayout } from '../../src/payouts/create.ts';
import { advance } from '../../src/transactions/advance.ts';
import { flows } from '../../workers/webhook.ts';
import { NEW_PAYOUT } from '../support/new-payout.ts';
import { until } from '../support/until.ts';
import { createWorld, type World } from '../support/world.ts';

let world: World;
let owner: pg.Client;
beforeAll(async () => {
  world = await createWorld();
  await world.fund('UGX', 10n ** 9n);
  owner = new pg.Client({ connectionString: world.config.DATABASE_URL });
  await owner.connect();
  await owner.query('ANALYZE');
});
afterAll(async () => {
  await owner.end();
  await world.close();
});

/** Rows of a table, or their index entries, that `work` reads, on a pool of its own: counted when its connection has ended. */
async function readOf(table: string, work: (ctx: World) => Promise<unknown>): Promise<number> {
  const count = async () => {
    const { rows } = await owner.query(
      `SELECT t.seq_tup_read + sum(i.idx_tup_read) AS read FROM pg_stat_user_tables t JOIN pg_stat_user_indexes i USING (relid)
       WHERE t.relname = $1 GROUP BY t.relid, t.seq_tup_read`,
      [table],
    );
    return Number(rows[0].read);
  };
  const before = await count();
  const db = openDatabase({ url: world.config.DATABASE_URL, poolSize: 1, onError: () => {} });
  const [{ pid }] = (await db.raw('SELECT pg_backend_pid() AS pid')).rows;
  await work({ ...world, db });
  await db.destroy();
  const runs = async () => (await owner.query('SELECT FROM pg_stat_activity WHERE pid = $1', [pid])).rowCount !== 0;
  await until(async () => !(await runs()), 'the connection has ended');
  return (await count()) - before;
}

const PAYMENTS = 120;
const TENS = Array.from({ length: PAYMENTS / 10 }, (_, ten) => ten * 10);

it('accepting asks for the keys of its batch, not for all that were ever used', async () => {
  const read = await readOf('idempotency_keys', async (ctx) => {
    const pay = () => createPayout(ctx, ctx.caller, ctx.request(), NEW_PAYOUT);
    for (const _ of TENS) await Promise.all(Array.from({ length: 10 }, pay));
  });
  // Every flush looks at its own keys twice at most.
  expect(read).toBeLessThan(3 * PAYMENTS);
  expect(await world.db('transactions').where({ state: 'accepted' }).pluck('id')).toHaveLength(PAYMENTS);
});

it('a step asks for the attempts of its batch, not for all that are open', async () => {
  const OPEN = 2000;
  const rows = Array.from({ length: OPEN }, () => ({ transaction_id: newId('payout'), number: 1 }));
  await world.db.batchInsert('attempts', rows);
  const ids: string[] = await world.db('transactions').where({ state: 'accepted' }).pluck('id');
  const read = await readOf('attempts', async (ctx) => {
    const ring = { cause: 'worker', actor: 'worker', insists: false } as const;
    for (const ten of TENS)
      await Promise.all(ids.slice(ten, ten + 10).map((id) => advance(ctx, flows.payout, id, ring)));
  });
  expect(read).toBeLessThan(OPEN);
  expect(await world.db('attempts').whereIn('transaction_id', ids).whereNotNull('verdict')).toHaveLength(PAYMENTS);
});
