// The whole system on each of the two queue stores: whatever the queue loses, repeats or is told by hand, everything is paid once.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readConfig } from '../../src/config.ts';
import { openDatabase } from '../../src/db/knex.ts';
import { verifyLedger } from '../../src/ledger/verify.ts';
import { openBackend } from '../../src/queue/backend.ts';
import { QUEUE_NAMES } from '../../src/queue/queues.ts';
import { describeWithRedis } from '../support/redis.ts';
import { startSystem, type TestSystem } from '../support/system.ts';
import { until } from '../support/until.ts';

const payout = (suffix = '5678') => ({
  amount: '1000',
  currency: 'UGX',
  country: 'UG',
  destinationCurrency: 'UGX',
  method: 'momo' as const,
  recipient: { firstName: 'John', lastName: 'Okello', phone: `+25671234${suffix}` },
});
/** Suffixes of the simulator's own convention: fine, and answered only after a while. */
const FINE = '5678';
const SLOW = '0025';

const STORES = [
  ['Redis', describeWithRedis, true],
  ['Postgres', describe, false],
] as const;

for (const [name, describeStore, redis] of STORES)
  describeStore(`with its queues on ${name}, the system`, () => {
    let system: TestSystem;

    beforeAll(async () => {
      // The worst provider: it would execute a second sending of the same reference.
      const settings = { accept_duplicate_references: true, slow_ms: 700 };
      system = await startSystem({ redis, simulator: { settings } });
      await system.fund('UGX', 100_000_000n);
    });
    afterAll(() => system.close());

    async function pay(count: number, suffix = FINE): Promise<string[]> {
      const payouts = Array.from({ length: count }, () => system.client.createPayout({ body: payout(suffix) }));
      return (await Promise.all(payouts)).map(({ id }) => id);
    }

    const states = (ids: readonly string[]): Promise<string[]> =>
      system.database.db('transactions').whereIn('id', ids).pluck('state');
    async function arePaidOnce(ids: readonly string[]): Promise<void> {
      await until(async () => (await states(ids)).every((state) => state === 'settled'), 'all are settled', 20_000);
      const book = (await (await fetch(`${system.simulator.controlUrl}/book/summary`)).json()) as {
        duplicates: string[];
        references: Record<string, { executed: number }>;
      };
      expect(book.duplicates).toEqual([]);
      expect(ids.map((id) => book.references[id]?.executed)).toEqual(ids.map(() => 1));
      expect((await verifyLedger(system.database.db)).problems).toEqual([]);
    }

    async function emptyTheQueue(): Promise<void> {
      if (system.redis !== null) return system.redis.flush();
      const owner = openDatabase({ url: system.database.url, poolSize: 1, onError: () => {}, role: null });
      await owner.raw('DELETE FROM bullmq.job');
      await owner.destroy();
    }

    it('pays what was rung', async () => {
      await arePaidOnce(await pay(3));
    });

    it('pays what the queue has lost', async () => {
      await system.workers[0]?.kill('SIGKILL');
      const ids = await pay(5);
      await emptyTheQueue();
      await system.workers[0]?.restart();
      await arePaidOnce(ids);
    });

    it('lets a stopping worker finish what it is sending, ends it with 0, and sends nothing of it again', async () => {
      const ids = await pay(4, SLOW);
      const sending = async () => (await states(ids)).every((state) => state === 'submitting');
      await until(sending, 'all are on their way');
      expect(await system.workers[0]?.kill('SIGTERM')).toBe(0);
      expect(new Set(await states(ids))).toEqual(new Set(['submitted']));
      await system.workers[0]?.restart();
      await arePaidOnce(ids);
    });

    it('pays once whatever is done to its jobs by hand: copied, put in another queue, changed, tried again, swept away', async () => {
      const backend = openBackend(readConfig(system.env));
      const [payouts, collections, webhooks] = await Promise.all(QUEUE_NAMES.map((queue) => backend.queue(queue)));
      const ids = await pay(5, SLOW);
      for (const [n, id] of ids.entries()) {
        for (const queue of [payouts, collections, webhooks]) {
          await queue?.addBulk(
            [1, 2, 3].map((copy) => ({ name: 'by-hand', data: { id }, opts: { jobId: `hand-${n}-${copy}` } })),
          );
        }
        const delayed = await payouts?.add('by-hand', { id }, { delay: 60_000 });
        await delayed?.updateData({ id: ids[0] as string });
        await delayed?.promote();
      }
      for (const queue of QUEUE_NAMES) await (await backend.queue(queue)).obliterate({ force: true });
      await backend.close();
      await arePaidOnce(ids);
    });
  });
