// Events are kept for a while and then forgotten, with how they were delivered; what is younger stays, and nothing is told again.
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openDatabase } from '../../src/db/knex.ts';
import { deleteEndpoint } from '../../src/notifications/endpoint.ts';
import { forgetEvents } from '../../src/notifications/forget.ts';
import { keepHouse } from '../../workers/housekeeping.ts';
import { flows } from '../../workers/webhook.ts';
import { type Receiver, startReceiver } from '../support/receiver.ts';
import { openTold, type Told } from '../support/told.ts';

let told: Told;
let receiver: Receiver;
beforeEach(async () => {
  told = await openTold();
  receiver = await startReceiver();
});
afterEach(async () => {
  await receiver.close();
  await told.close();
});

const asOwner = async (sql: string) => {
  const owner = openDatabase({ url: told.world.config.DATABASE_URL, poolSize: 1, onError: () => {}, role: null });
  await owner.raw(sql);
  await owner.destroy();
};
const count = async (table: string) => (await told.world.db(table)).length;
const age = (where: string) => asOwner(`UPDATE events SET created_at = created_at - interval '91 days' WHERE ${where}`);

it('what is older than it is kept goes with its deliveries and attempts, and is not told again', async () => {
  const { endpoint } = await told.endpoint({ url: receiver.url });
  await told.pay(4);
  await told.relay();
  await told.drain(endpoint.id);
  await age('position <= 3');
  await keepHouse(told.world, flows);
  for (const table of ['events', 'deliveries', 'delivery_attempts']) expect(await count(table), table).toBe(1);
  await told.world.db.raw('SELECT * FROM relay_events(1000)');
  expect(await count('events')).toBe(1);
});

it('a long neglected table is forgotten some at a time', async () => {
  await told.pay();
  await told.relay();
  await asOwner(`INSERT INTO events (position, id, merchant_id, type)
    SELECT n, 'ev' || lpad(n::text, 26, '0'), 'me', 'webhook_endpoint.ping' FROM generate_series(2, 2400) AS n`);
  await age('true');
  expect([await forgetEvents(told.world), await count('events')]).toEqual([true, 1400]);
  expect([await forgetEvents(told.world), await forgetEvents(told.world)]).toEqual([true, false]);
  expect(await count('events')).toBe(0);
});

it('of a deleted endpoint nothing is left after a while, and of others everything', async () => {
  const [gone, kept] = [await told.endpoint({ url: receiver.url }), await told.endpoint({ url: receiver.url })];
  await told.pay(2);
  await told.relay();
  await told.drain(kept.endpoint.id);
  await deleteEndpoint(told.world, told.world.caller, gone.endpoint.id);
  await forgetEvents(told.world);
  expect([await count('deliveries'), await count('webhook_endpoints')]).toEqual([2, 2]);
  await asOwner(`UPDATE webhook_endpoints SET updated_at = updated_at - interval '2 hours'`);
  await forgetEvents(told.world);
  expect([await count('deliveries'), await count('webhook_endpoints'), await count('events')]).toEqual([2, 1, 2]);
});
