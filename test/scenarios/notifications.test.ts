// Merchants are told by real processes, whatever happens to the worker that tells them, or to themselves.
import { expect, it, onTestFinished } from 'vitest';
import { PAYOUT } from '../support/api.ts';
import { type Receiver, startReceiver } from '../support/receiver.ts';
import { startSystem, type TestSystem } from '../support/system.ts';
import { until } from '../support/until.ts';

async function open(workers: number): Promise<{ system: TestSystem; receiver: Receiver }> {
  const receiver = await startReceiver();
  onTestFinished(() => receiver.close());
  const system = await startSystem({
    redis: false,
    workers,
    env: { WEBHOOK_ALLOW_LOCAL: 'true', DELIVERY_TIMEOUT_MS: '1000', DELIVERY_SCHEDULE_MS: '100,200,400,800,800,800' },
  });
  onTestFinished(() => system.close());
  await system.fund('UGX', 100_000_000n);
  const key = 'the-endpoint-of-this-test';
  const made = await system.call('POST', '/v1/webhook-endpoints', { body: { url: receiver.url }, key });
  expect(made.status).toBe(201);
  return { system, receiver };
}

const pay = async (system: TestSystem, n: number) => {
  const paid = await system.call('POST', '/v1/payouts', { body: PAYOUT, key: `payout-${n}-of-this-test` });
  expect(paid.status).toBe(202);
};
const isEnd = ({ event }: { event: { type: string } }) => event.type === 'payout.settled';

it('an event whose worker is killed between sending and recording comes again, under the same id', async () => {
  const { system, receiver } = await open(1);
  const [worker] = system.workers;
  const killed: string[] = [];
  receiver.answer = async ({ event }) => {
    if (event.type !== 'payout.settled' || killed.length > 0) return { status: 204 };
    // It has been sent; whether it was taken, the worker will never learn.
    killed.push(event.id);
    await worker?.kill('SIGKILL');
    await worker?.restart();
    return null;
  };
  await pay(system, 1);
  await until(() => receiver.taken.some(isEnd), 'the end is told', 60_000);
  const ends = receiver.received.filter(isEnd).map(({ headers }) => headers['webhook-id']);
  expect(new Set(ends)).toEqual(new Set(killed));
  expect(ends.length).toBeGreaterThanOrEqual(2);
  expect([...new Map(receiver.taken.map(({ event }) => [event.id, event.sequence])).values()]).toEqual([1, 2, 3]);
}, 120_000);

it('a receiver that was down while everything happened ends complete and in order, told by two workers at once', async () => {
  const { system, receiver } = await open(2);
  receiver.answer = () => ({ status: 503 });
  const many = 40;
  await Promise.all(Array.from({ length: many }, (_, n) => pay(system, n)));
  const settled = async () => (await system.database.db('transactions').where({ state: 'settled' })).length === many;
  await until(settled, 'all are settled', 60_000);
  expect(receiver.taken).toEqual([]);
  receiver.answer = () => ({ status: 200 });
  await until(
    () => new Set(receiver.taken.filter(isEnd).map(({ event }) => event.id)).size === many,
    'all ends are told',
    60_000,
  );
  const seen = new Set<string>();
  const sequences = new Map<string, number[]>();
  for (const { event } of receiver.taken) {
    if (seen.has(event.id)) continue;
    seen.add(event.id);
    sequences.set(event.data.id, [...(sequences.get(event.data.id) ?? []), event.sequence]);
  }
  expect([...sequences.values()]).toEqual(Array(many).fill([1, 2, 3]));
}, 180_000);
