// Merchants are told by real processes, whatever happens to the worker that tells them.
import { expect, it, onTestFinished } from 'vitest';
import { startReceiver } from '../support/receiver.ts';
import { startSystem } from '../support/system.ts';
import { until } from '../support/until.ts';

it('an event whose worker is killed between sending and recording comes again, under the same id', async () => {
  const receiver = await startReceiver();
  onTestFinished(() => receiver.close());
  const system = await startSystem({
    redis: false,
    env: { WEBHOOK_ALLOW_LOCAL: 'true', DELIVERY_TIMEOUT_MS: '1000', DELIVERY_SCHEDULE_MS: '100,200,400' },
  });
  onTestFinished(() => system.close());
  await system.fund('UGX', 100_000_000n);
  const worker = system.workers[0];
  const killed: string[] = [];
  receiver.answer = async ({ event }) => {
    // It has been sent; whether it was taken, the worker will never learn.
    if (event.type === 'payout.settled' && killed.length === 0) {
      killed.push(event.id);
      await worker?.kill('SIGKILL');
      await worker?.restart();
      return null;
    }
    return { status: 204 };
  };
  const key = 'the-endpoint-of-this-test';
  const made = await system.call('POST', '/v1/webhook-endpoints', { body: { url: receiver.url }, key });
  expect(made.status).toBe(201);
  const body = {
    amount: '1000',
    currency: 'UGX',
    method: 'momo',
    country: 'UG',
    destinationCurrency: 'UGX',
    recipient: { firstName: 'John', lastName: 'Okello', phone: '+256712345678' },
  };
  const paid = await system.call('POST', '/v1/payouts', { body, key: 'the-payout-of-this-test' });
  expect(paid.status).toBe(202);
  await until(() => receiver.taken.some(({ event }) => event.type === 'payout.settled'), 'the end is told', 60_000);
  expect(killed).toHaveLength(1);
  const settled = receiver.received.filter(({ event }) => event.type === 'payout.settled');
  expect(new Set(settled.map(({ headers }) => headers['webhook-id']))).toEqual(new Set(killed));
  expect(settled.length).toBeGreaterThanOrEqual(2);
  const told = new Map(receiver.taken.map(({ event }) => [event.id, event.sequence]));
  expect([...told.values()]).toEqual([1, 2, 3]);
}, 120_000);
