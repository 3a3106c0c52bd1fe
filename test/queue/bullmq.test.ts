// The queues on both of their stores: bells become jobs that carry an id, and it is known which of them still hang.
import { once } from 'node:events';
import { Queue, type Worker } from 'bullmq';
import { Redis } from 'ioredis';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { type Config, readConfig } from '../../src/config.ts';
import { newId } from '../../src/ids.ts';
import { createLogger } from '../../src/logger.ts';
import { openBackend, openQueuesForBoard, openWorkerBackend } from '../../src/queue/backend.ts';
import { type BullmqQueues, openQueues } from '../../src/queue/bullmq.ts';
import { type Bell, QUEUE_NAMES, type QueueName } from '../../src/queue/queues.ts';
import { JOB_NAME, JOB_OPTIONS, type JobData, type WorkerBackend } from '../../src/queue/store.ts';
import { createEmptyDatabase } from '../support/database.ts';
import { describeWithRedis, startRedis } from '../support/redis.ts';
import { until } from '../support/until.ts';

const log = createLogger('silent');

function queueConfig(of: { redisUrl?: string; databaseUrl?: string }): Config {
  return readConfig({
    DATABASE_URL: of.databaseUrl ?? 'postgres://unused',
    REDIS_URL: of.redisUrl,
    DATA_ENCRYPTION_KEY: Buffer.alloc(32, 7).toString('base64'),
    EVERSEND_WEBHOOK_SECRET: 'unused',
    EVERSEND_API_KEY: 'unused',
    API_ENVIRONMENT: 'test',
    JOB_LOCK_MS: '500',
  });
}

const bell = (queue: QueueName = 'payouts', generation = 1): Bell => ({ queue, id: newId('payout'), generation });
const jobId = (of: Bell) => `${of.id}-${of.generation}`;

const stores: [
  string,
  typeof describe | typeof describe.skip,
  () => Promise<{ config: Config; close(): Promise<void> }>,
][] = [
  [
    'Redis',
    describeWithRedis,
    async () => {
      const redis = await startRedis();
      return { config: queueConfig({ redisUrl: redis.url }), close: redis.close };
    },
  ],
  [
    'Postgres',
    describe,
    async () => {
      const database = await createEmptyDatabase();
      return { config: queueConfig({ databaseUrl: database.url }), close: database.close };
    },
  ],
];

for (const [name, describeStore, openStore] of stores)
  describeStore(`on ${name}`, () => {
    let store: Awaited<ReturnType<typeof openStore>>;
    let queues: BullmqQueues;
    let workers: WorkerBackend;
    let working: Worker<JobData, void>[] = [];

    beforeAll(async () => {
      store = await openStore();
      queues = openQueues({ config: store.config, log });
      workers = await openWorkerBackend(store.config, () => undefined);
    });
    afterEach(async () => {
      await Promise.all(working.map((worker) => worker.close()));
      working = [];
      for (const name of QUEUE_NAMES) await queues.obliterate(name);
    });
    afterAll(async () => {
      await queues.close();
      await workers.close();
      await store.close();
    });

    async function work(name: QueueName, process: (id: string) => Promise<void>) {
      const worker = await workers.worker(name, async (job) => process(job.data.id));
      working.push(worker);
      return worker;
    }

    test('a bell is a job that carries its id and nothing else, and leaves nothing behind', async () => {
      const rung = bell();
      expect(await queues.ringNow([rung])).toEqual({ added: 1, failed: 0 });
      const backend = openBackend(store.config);
      const job = await (await backend.queue('payouts')).getJob(jobId(rung));
      expect(job).toMatchObject({ name: 'advance', data: { id: rung.id }, opts: { attempts: 3 } });
      await backend.close();
      const worked: string[] = [];
      await work('payouts', async (id) => void worked.push(id));
      await until(() => worked.length === 1, 'the job ran');
      expect(worked).toEqual([rung.id]);
      await until(async () => (await queues.gone([rung])).length === 1, 'it is gone');
      expect(await queues.counts('payouts')).toEqual({ waiting: 0, active: 0, delayed: 0, failed: 0 });
    });

    test('a thousand single rings travel in a few batches, each to its own queue', async () => {
      const backend = openBackend(store.config);
      const bulks = vi.spyOn(Queue.prototype, 'addBulk');
      const bells = [...Array(1000).keys()].map((n) => bell(n % 2 ? 'collections' : 'webhooks'));
      for (const one of bells) queues.ring([one]);
      await until(async () => {
        const [collections, webhooks] = [await queues.counts('collections'), await queues.counts('webhooks')];
        return collections.waiting === 500 && webhooks.waiting === 500;
      }, 'all of them wait');
      // In Redis all jobs of one command have its time, and nothing else tells who came with whom.
      const times = async (name: QueueName) =>
        (await (await backend.queue(name)).getWaiting()).map((job) => job.timestamp);
      const commands = new Set([...(await times('collections')), ...(await times('webhooks')).map((at) => -at)]);
      expect(name === 'Redis' ? commands.size : bulks.mock.calls.length).toBeGreaterThanOrEqual(2);
      expect(name === 'Redis' ? commands.size : bulks.mock.calls.length).toBeLessThanOrEqual(6);
      bulks.mockRestore();
      await backend.close();
    });

    test('what may be with the provider goes before whatever waits, in its own order', async () => {
      const [one, two, three, four] = [...Array(4)].map(() => bell()) as [Bell, Bell, Bell, Bell];
      await queues.ringNow([one]);
      await queues.ringNow([two, { ...three, ahead: true }, { ...four, ahead: true }]);
      const hand = await workers.worker('payouts', async () => undefined, { autorun: false });
      working.push(hand);
      const taken: unknown[] = [];
      for (let n = 0; n < 4; n += 1) taken.push((await hand.getNextJob('hand'))?.data.id);
      expect(taken).toEqual([three, four, one, two].map((of) => of.id));
    });

    test('the same bell again adds nothing; the next generation always does', async () => {
      const first = bell();
      await queues.ringNow([first, first]);
      await queues.ringNow([first]);
      expect((await queues.counts('payouts')).waiting).toBe(1);
      await queues.ringNow([{ ...first, generation: 2 }]);
      expect((await queues.counts('payouts')).waiting).toBe(2);
    });

    test('waiting, running, delayed and prioritized jobs hang; failed, finished, removed and unknown ones are gone', async () => {
      const backend = openBackend(store.config);
      const queue = await backend.queue('payouts');
      const [waiting, delayed, prioritized, failed, finished, removed, unknown] = [...Array(7)].map(() => bell());
      const all = [waiting, delayed, prioritized, failed, finished, removed, unknown] as Bell[];
      const running = bell();
      const options = { removeOnComplete: false, removeOnFail: false };
      const add = (of: Bell | undefined, more: object) =>
        queue.add('advance', { id: of?.id ?? '' }, { ...options, jobId: jobId(of as Bell), ...more });
      await add(failed, {});
      await add(finished, {});
      await queues.ringNow([running]);
      // Taken one by one, by hand, as a worker would.
      const hand = await workers.worker('payouts', async () => undefined, { autorun: false });
      working.push(hand);
      await (await hand.getNextJob('hand'))?.moveToFailed(new Error('infrastructure'), 'hand');
      await (await hand.getNextJob('hand'))?.moveToCompleted(undefined, 'hand', false);
      expect((await hand.getNextJob('hand'))?.data.id).toBe(running.id);
      await add(removed, {});
      await queue.remove(jobId(removed as Bell));
      await queues.ringNow([waiting as Bell]);
      await add(delayed, { delay: 60_000 });
      await add(prioritized, { priority: 5 });

      const gone = await queues.gone([running, ...all]);
      expect(gone.map((one) => one.id).sort()).toEqual(
        [failed, finished, removed, unknown].map((one) => one?.id).sort(),
      );
      // Run again from the board, a failed job hangs again.
      await (await queue.getJob(jobId(failed as Bell)))?.retry();
      expect(await queues.gone([failed as Bell])).toEqual([]);
      await backend.close();
    });

    test('a job whose infrastructure fails is tried three times and then counts as gone', async () => {
      const rung = bell();
      const runs: number[] = [];
      await queues.ringNow([rung]);
      await work('payouts', async () => {
        runs.push(performance.now());
        throw new Error('the database is away');
      });
      await until(async () => (await queues.counts('payouts')).failed === 1, 'it failed for good');
      expect(runs).toHaveLength(3);
      expect(await queues.gone([rung])).toEqual([rung]);
    });

    test('obliterate leaves a queue that takes jobs again', async () => {
      const before = bell();
      await queues.ringNow([before, bell(), bell()]);
      await queues.obliterate('payouts');
      expect(await queues.counts('payouts')).toEqual({ waiting: 0, active: 0, delayed: 0, failed: 0 });
      const worked: string[] = [];
      await work('payouts', async (id) => void worked.push(id));
      await queues.ringNow([before]);
      await until(() => worked.includes(before.id), 'it ran');
    });

    test('the board is given the queues themselves', async () => {
      await queues.ringNow([bell('webhooks')]);
      const board = await openQueuesForBoard(store.config);
      expect(board.queues.map((queue) => queue.name)).toEqual([...QUEUE_NAMES]);
      expect(await board.queues[QUEUE_NAMES.indexOf('webhooks')]?.getWaitingCount()).toBe(1);
      await board.close();
      expect(await queues.ping()).toBe(true);
      expect(await queues.problem()).toBeNull();
    });

    test('a job whose worker vanished is taken over by another', async () => {
      const rung = bell();
      await queues.ringNow([rung]);
      const vanishing = await workers.worker('payouts', async () => undefined, { autorun: false });
      expect((await vanishing.getNextJob('token'))?.data).toEqual({ id: rung.id });
      expect(await queues.gone([rung])).toEqual([]);
      const worker = await work('payouts', async () => undefined);
      await once(worker, 'completed');
      await vanishing.close(true);
    });
  });

describeWithRedis('adding many jobs by one command', () => {
  test('leaves in Redis exactly what BullMQ leaves itself, of jobs behind and ahead of others and of ids that are known', async () => {
    const redis = await startRedis();
    const config = queueConfig({ redisUrl: redis.url });
    const client = new Redis(redis.url);
    const [urgent, ...bells] = [...Array(5)].map(() => bell()) as [Bell, ...Bell[]];
    const [backend, queues] = [openBackend(config), openQueues({ config, log })];
    const queue = await backend.queue('payouts');
    const theirs = (of: readonly Bell[], more: object = {}) =>
      queue.addBulk(
        of.map((one) => ({
          name: JOB_NAME,
          data: { id: one.id },
          opts: { ...JOB_OPTIONS, ...more, jobId: jobId(one) },
        })),
      );
    await theirs(bells);
    await theirs(bells.slice(0, 1));
    await theirs([urgent], { lifo: true });
    const expected = await everythingIn(client);
    await client.flushall();
    await queues.ringNow(bells);
    await queues.ringNow(bells.slice(0, 1));
    await queues.ringNow([{ ...urgent, ahead: true }]);
    expect(await everythingIn(client)).toEqual(expected);
    await queues.close();
    await backend.close();
    client.disconnect();
    await redis.close();
  });

  /** Every key with what it holds, without what differs by its nature: times, and the id that options repeat. */
  async function everythingIn(client: Redis): Promise<Record<string, unknown>> {
    const all: Record<string, unknown> = {};
    for (const key of (await client.keys('*')).sort()) {
      const type = await client.type(key);
      if (type === 'hash') {
        const { timestamp, opts = '{}', ...rest } = await client.hgetall(key);
        const { jobId: _, ...options } = JSON.parse(opts);
        all[key] = {
          ...rest,
          options,
          timed: timestamp !== undefined && Math.abs(Number(timestamp) - Date.now()) < 60_000,
        };
      } else if (type === 'list') all[key] = await client.lrange(key, 0, -1);
      else if (type === 'zset') all[key] = await client.zrange(key, '0', '-1', 'WITHSCORES');
      else if (type === 'stream') all[key] = (await client.xrange(key, '-', '+')).map(([, fields]) => fields);
      else all[key] = await client.get(key);
    }
    return all;
  }
});

test('processes that start at once on an empty database all find the tables made', async () => {
  const database = await createEmptyDatabase();
  const config = queueConfig({ databaseUrl: database.url });
  const processes = [...Array(4)].map(() => openQueues({ config, log }));
  const added = await Promise.all(processes.map((queues) => queues.ringNow([bell()])));
  expect(added.map((one) => one.added)).toEqual([1, 1, 1, 1]);
  const workers = await Promise.all([1, 2].map(() => openWorkerBackend(config, () => undefined)));
  expect((await processes[0]?.counts('payouts'))?.waiting).toBe(4);
  await Promise.all([...processes, ...workers].map((one) => one.close()));
  await database.close();
});

test('workers and bells outlive a database that drops every connection', async () => {
  const database = await createEmptyDatabase();
  const config = queueConfig({ databaseUrl: database.url });
  const queues = openQueues({ config, log });
  const workers = await openWorkerBackend(config, () => undefined);
  const worked: string[] = [];
  const worker = await workers.worker('payouts', async (job) => void worked.push(job.data.id));
  await queues.ringNow([bell()]);
  await until(() => worked.length === 1, 'the worker works');
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  await client.query(
    'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()',
  );
  await client.end();
  const next = bell();
  await until(async () => (await queues.ringNow([next])).added === 1, 'a bell can be rung again', 5000);
  await until(() => worked.includes(next.id), 'the worker hears it', 10_000);
  await worker.close();
  await workers.close();
  await queues.close();
  await database.close();
});

test('a database that is away costs seconds at most, and nothing is raised where nothing may be', async () => {
  const config = queueConfig({ databaseUrl: 'postgres://nobody@127.0.0.1:1/none' });
  const queues = openQueues({ config, log });
  queues.ring([bell()]);
  expect(await queues.ringNow([bell(), bell('webhooks')])).toEqual({ added: 0, failed: 2 });
  expect(await queues.ping()).toBe(false);
  await expect(queues.gone([bell()])).rejects.toThrow();
  await expect(openWorkerBackend(config, () => undefined)).rejects.toThrow();
  await expect(openQueuesForBoard(config)).rejects.toThrow();
  await queues.close();
});
