// A book from another cluster: its numbers are greater than any to come, and until its sums are made anew nothing may start.
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { areRollUpsForeign, rebuildRollUps, rollUp, trialBalance } from '../../src/ledger/balances.ts';
import { verifyLedger } from '../../src/ledger/verify.ts';
import { CHECKS } from '../../src/self-check.ts';
import type { TestDatabase } from '../support/database.ts';
import { until } from '../support/until.ts';
import { createWorld, type World } from '../support/world.ts';

let world: World;
let database: Pick<TestDatabase, 'superuserUrl'>;
beforeAll(async () => {
  world = await createWorld();
  database = { superuserUrl: world.config.DATABASE_URL };
});
afterAll(() => world.close());

const sums = async () =>
  (await trialBalance(world.db))
    .filter(({ balanceMinor }) => balanceMinor !== 0n)
    .map((row) => [row.account, row.balanceMinor]);
const AHEAD = 1_000_000_000_000n;

/** What a dump carries over: the numbers it was written under, far beyond those of this cluster. */
async function asFromElsewhere(): Promise<void> {
  const owner = new pg.Client({ connectionString: database.superuserUrl });
  await owner.connect();
  for (const [table, column] of [
    ['journal_entries', 'xact'],
    ['postings', 'xact'],
    ['ledger_rollups', 'through_xact'],
  ])
    await owner.query(`UPDATE ${table} SET ${column} = (${column}::text::bigint + ${AHEAD})::text::xid8`);
  await owner.end();
}
const problem = () => CHECKS.find(({ name }) => name === 'roll_ups')?.ask({ ...world, queues: {} as never });

test('after a restore into another cluster a start is refused, and one command puts the sums right for good', async () => {
  await world.fund('UGX', 5000n);
  // What is younger than a transaction that runs anywhere in the cluster is left for the next time.
  await until(async () => {
    await rollUp(world.db);
    return (await world.db('ledger_rollups')).length > 0;
  }, 'what was funded is rolled up');
  expect([await areRollUpsForeign(world.db), await problem()]).toEqual([false, null]);
  await asFromElsewhere();
  expect(await sums()).toEqual([
    ['capital', -5000n],
    ['wallet_available', 5000n],
  ]);
  expect(await problem()).toMatch(/another PostgreSQL cluster.*ledger rebuild/);
  // Whoever posts all the same is not counted: that is what the refusal is for.
  await world.fund('UGX', 700n);
  expect((await sums())[0]).toEqual(['capital', -5000n]);
  expect((await verifyLedger(world.db)).ok).toBe(false);

  expect(await rebuildRollUps(world.db)).toBe(2n);

  expect(await problem()).toBeNull();
  await world.fund('UGX', 30n);
  const right = [
    ['capital', -5730n],
    ['wallet_available', 5730n],
  ];
  expect(await sums()).toEqual(right);
  await rollUp(world.db);
  await rollUp(world.db);
  expect(await sums()).toEqual(right);
  expect((await verifyLedger(world.db)).problems).toEqual([]);
});

test('in its own cluster it changes no posting and no sum, whatever is posted meanwhile', async () => {
  const before = await sums();
  const [changed] = await Promise.all([
    rebuildRollUps(world.db),
    ...Array.from({ length: 8 }, () => world.fund('UGX', 1n)),
  ]);
  expect(changed).toBe(0n);
  expect((await sums())[0]?.[1]).toBe((before[0]?.[1] as bigint) - 8n);
  expect((await verifyLedger(world.db)).problems).toEqual([]);
});
