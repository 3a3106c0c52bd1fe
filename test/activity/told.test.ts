// What merchants were told, and what was refused at the door, as the overview counts it.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { deliveries } from '../../src/admin/overview/health.ts';
import { receiveWebhook } from '../../src/webhooks/receive.ts';
import { refusedWebhooks } from '../../src/webhooks/refused.ts';
import { type Receiver, startReceiver } from '../support/receiver.ts';
import { openTold, type Told } from '../support/told.ts';
import { until } from '../support/until.ts';

let told: Told;
let receiver: Receiver;
beforeAll(async () => {
  told = await openTold();
  receiver = await startReceiver();
});
afterAll(async () => {
  await receiver.close();
  await told.close();
});

const HOUR_MS = 3_600_000;
const lately = (): readonly [Date, Date] => [new Date(Date.now() - HOUR_MS), new Date(Date.now() + HOUR_MS)];

it('tries of deliveries are counted in the commit that records them, each once', async () => {
  receiver.answer = (_, count) => ({ status: count % 3 === 1 ? 500 : 204 });
  const { endpoint } = await told.endpoint({ url: receiver.url });
  await told.end(await told.pay(4));
  await told.relay();
  await told.drain(endpoint.id);
  const tried = await told.world.db('delivery_attempts').select('status_code');
  const delivered = tried.filter((one) => one.status_code === 204).length;
  expect(delivered).toBe(receiver.taken.length);
  expect(tried.length - delivered).toBeGreaterThan(0);
  expect(await deliveries(told.world.db, ...lately())).toEqual({ delivered, refused: tried.length - delivered });
});

it('forged webhooks are counted and not stored, many of them in one writing', async () => {
  const writes: string[] = [];
  const forged = Array.from({ length: 300 }, (_, n) =>
    receiveWebhook(told.world, { rawBody: Buffer.from(String(n)), signature: 'forged', clientAddress: null }),
  );
  expect(new Set(await Promise.all(forged))).toEqual(new Set(['bad_signature']));
  await until(async () => {
    const count = await refusedWebhooks(told.world, ...lately());
    if (count > 0) writes.push(String(count));
    return count === 300;
  }, 'all of them are counted');
  expect(new Set(writes)).toEqual(new Set(['300']));
  expect(await told.world.db('webhook_events')).toEqual([]);
});
