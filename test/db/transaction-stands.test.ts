// What must hold between the columns of a payment, whoever writes its row.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openDatabase } from '../../src/db/knex.ts';
import { createPayout } from '../../src/payouts/create.ts';
import { NEW_PAYOUT } from '../support/new-payout.ts';
import { settledCollection } from '../support/settled-collection.ts';
import { createWorld, type World } from '../support/world.ts';

let world: World;
let collection: string;
let payout: string;
beforeAll(async () => {
  world = await createWorld();
  await world.fund('UGX', 1_000_000n);
  collection = await settledCollection(world);
  payout = JSON.parse((await createPayout(world, world.caller, world.request(), NEW_PAYOUT)).body).id;
});
afterAll(() => world.close());

const RULES: readonly (readonly [rule: string, of: () => string, changed: Record<string, unknown>])[] = [
  ['type_as_the_id_says', () => collection, { type: 'payout' }],
  ['settled_has_a_time', () => collection, { settled_at: null }],
  ['settled_has_a_time', () => payout, { settled_at: new Date() }],
  ['failed_has_a_reason', () => payout, { state: 'failed', due_at: null }],
  ['failed_has_a_reason', () => payout, { state: 'failed', due_at: null, failure_code: 'refused' }],
  ['amount_known', () => payout, { amount_minor: null }],
  ['settled_amounts_known', () => collection, { fee_minor: null }],
  ['collection_shape', () => collection, { method: 'bank' }],
  ['collection_shape', () => collection, { held_minor: 1 }],
  ['payout_shape', () => payout, { held_minor: 0 }],
  ['payout_shape', () => payout, { country: null }],
  ['payout_shape', () => payout, { fee_minor: null }],
  ['known_state', () => payout, { state: 'paid' }],
];

it.each(RULES)('%s', async (rule, of, changed) => {
  // The owner of the tables: whoever it is, the row stands or is not written.
  const owner = openDatabase({ url: world.config.DATABASE_URL, poolSize: 1, onError: () => {}, role: null });
  const written = owner('transactions').where({ id: of() }).update(changed);
  await expect(written).rejects.toMatchObject({ code: '23514', constraint: rule });
  await owner.destroy();
});

it('may be written again as it is', async () => {
  expect(await world.db('transactions').update({ updated_at: new Date() })).toBe(2);
});
