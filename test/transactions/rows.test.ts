// Reading rows, waiting for them, and asking people about them.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { inTransaction } from '../../src/db/knex.ts';
import { backoffMs, scheduledMs } from '../../src/transactions/backoff.ts';
import { caseOf, openCases } from '../../src/transactions/case.ts';
import { load } from '../../src/transactions/transaction.ts';
import { createWorld, type World } from '../support/world.ts';

let world: World;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world.close());

test('a transaction that is not there is said not to be', async () => {
  await expect(load(world, 'po00000000000000000000000000')).rejects.toMatchObject({ code: 'not_found' });
});

test('a case needs no amount, and one that is open takes what else is learnt', async () => {
  const about = { ...caseOf({ id: 'x', currency: 'UGX' }, 'stuck', null, { tries: 1 }), transactionId: null };
  await inTransaction(world.db, (trx) => openCases(trx, [about]));
  await inTransaction(world.db, (trx) => openCases(trx, [{ ...about, evidence: { error: 'Error' } }]));
  expect(await world.db('cases').where({ subject: 'x' })).toMatchObject([
    { kind: 'stuck', amount_minor: null, evidence: { tries: 1, error: 'Error' } },
  ]);
});

test('waits double up to their most, half of it by chance, and schedules end on their last step', () => {
  const of = { baseMs: 100, maxMs: 1000 };
  expect([0, 1, 2, 3, 4, 99].map((tries) => backoffMs(tries, of, () => 1))).toEqual([100, 200, 400, 800, 1000, 1000]);
  expect(backoffMs(4, of, () => 0)).toBe(500);
  expect([0, 1, 2, 99].map((done) => scheduledMs(done, [100, 200, 300], () => 0.5))).toEqual([100, 200, 300, 300]);
  expect(scheduledMs(5, [])).toBe(0);
});
