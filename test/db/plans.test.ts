// What a batch reads does not grow with the tables, whatever the planner was told of them when they were young.
import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openDatabase } from '../../src/db/knex.ts';
import { createPayout } from '../../src/payouts/create.ts';
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
});
afterAll(async () => {
  await owner.end();
  await world.close();
});

const PAYMENTS = 120;

it('accepting asks for the keys of its batch, not for all that were ever used, though the table was analysed while empty', async () => {
  await owner.query('ANALYZE');
  // A pool of its own: what its connections have read is counted when they end.
  const db = openDatabase({ url: world.config.DATABASE_URL, poolSize: 1, onError: () => {} });
  const ctx = { ...world, db };
  const pay = () => createPayout(ctx, world.caller, world.request(), NEW_PAYOUT);
  for (let made = 0; made < PAYMENTS; made += 10) await Promise.all(Array.from({ length: 10 }, pay));
  await db.destroy();
  const read = async () => {
    const { rows } = await owner.query(
      `SELECT idx_scan AS scans, idx_tup_read AS read FROM pg_stat_user_indexes WHERE indexrelname = 'idempotency_keys_pkey'`,
    );
    return Number(rows[0].scans) >= PAYMENTS / 10 ? Number(rows[0].read) : null;
  };
  // Every flush looks at its own keys twice at most.
  expect(await until(async () => (await read()) !== null, 'the connection has ended').then(read)).toBeLessThan(
    3 * PAYMENTS,
  );
});

it('and every payment of these batches was accepted', async () => {
  expect(await world.db('transactions').where({ state: 'accepted' }).pluck('id')).toHaveLength(PAYMENTS);
});
