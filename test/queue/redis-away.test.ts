// The queues while Redis is away, frozen, or has lost everything: requests never wait for it, and it is found again.
import { expect, test } from 'vitest';
import { openCache } from '../../src/cache/open-cache.ts';
import { readConfig } from '../../src/config.ts';
import type { Db } from '../../src/db/knex.ts';
import { newId } from '../../src/ids.ts';
import { createLogger } from '../../src/logger.ts';
import { openWorkerBackend } from '../../src/queue/backend.ts';
import { openQueues } from '../../src/queue/bullmq.ts';
import type { Bell } from '../../src/queue/queues.ts';
import { describeWithRedis, startRedis } from '../support/redis.ts';
import { until } from '../support/until.ts';

const bell = (): Bell => ({ queue: 'payouts', id: newId('payout'), generation: 1 });

function open(redisUrl: string) {
  const lines: string[] = [];
  const log = createLogger('info', { write: (line) => void lines.push(line) });
  const config = readConfig({
    DATABASE_URL: 'postgres://unused',
    REDIS_URL: redisUrl,
    DATA_ENCRYPTION_KEY: Buffer.alloc(32, 7).toString('base64'),
    EVERSEND_WEBHOOK_SECRET: 'unused',
    EVERSEND_API_KEY: 'unused',
    API_ENVIRONMENT: 'test',
  });
  return { config, lines, queues: openQueues({ config, log }) };
}

describeWithRedis('Redis', () => {
  test('away: ringing returns at once and says so once, asking raises, and afterwards all of it works again', async () => {
    const redis = await startRedis();
    const { queues, lines } = open(redis.url);
    expect(await queues.ringNow([bell()])).toEqual({ added: 1, failed: 0 });
    await redis.kill();
    await until(async () => !(await queues.ping()), 'it is noticed');

    const startedAt = performance.now();
    for (let n = 0; n < 1000; n += 1) queues.ring([bell()]);
    expect(performance.now() - startedAt).toBeLessThan(100);
    expect(await queues.ringNow([bell(), bell()])).toEqual({ added: 0, failed: 2 });
    await expect(queues.gone([bell()])).rejects.toThrow();
    await expect(queues.counts('payouts')).rejects.toThrow();
    expect(await queues.problem()).toBeNull();
    expect(performance.now() - startedAt).toBeLessThan(1000);

    await redis.start();
    await until(async () => (await queues.ringNow([bell()])).added === 1, 'it is found again', 5000);
    expect(lines.filter((line) => line.includes('queues_away'))).toHaveLength(1);
    expect(lines.filter((line) => line.includes('queues_back'))).toHaveLength(1);
    await queues.close();
    await redis.close();
  });

  test('frozen: a request that rings is not held, and whoever waits is told within three seconds', async () => {
    const redis = await startRedis();
    const { queues } = open(redis.url);
    await queues.ringNow([bell()]);
    redis.freeze();
    const startedAt = performance.now();
    queues.ring([bell()]);
    expect(performance.now() - startedAt).toBeLessThan(50);
    expect(await queues.ringNow([bell()])).toEqual({ added: 0, failed: 1 });
    expect(performance.now() - startedAt).toBeLessThan(3000);
    redis.thaw();
    await until(async () => (await queues.ringNow([bell()])).added === 1, 'it is found again', 8000);
    await queues.close();
    await redis.close();
  });

  test('not there yet when a process starts: it is found when it comes', async () => {
    const redis = await startRedis();
    await redis.kill();
    const { queues, config } = open(redis.url);
    expect(await queues.ringNow([bell()])).toEqual({ added: 0, failed: 1 });
    const heard: Error[] = [];
    const workers = await openWorkerBackend(config, (error) => void heard.push(error));
    const worked: string[] = [];
    const worker = await workers.worker('payouts', async (job) => void worked.push(job.data.id));
    expect(await workers.ping()).toBe(false);
    await until(() => heard.length > 0, 'the operator hears of it');
    await redis.start();
    const rung = bell();
    await until(async () => (await queues.ringNow([rung])).added === 1, 'it is found', 5000);
    await until(() => worked.includes(rung.id), 'the worker found it too', 10_000);
    expect(heard).toHaveLength(1);
    await worker.close();
    await workers.close();
    await queues.close();
    await redis.close();
  });

  test('emptied or restarted empty: every bell is gone, and a worker goes on with what is rung next', async () => {
    const redis = await startRedis();
    const { queues, config } = open(redis.url);
    const bells = [...Array(50)].map(bell);
    await queues.ringNow(bells);
    expect(await queues.gone(bells)).toEqual([]);
    await redis.flush();
    expect(await queues.gone(bells)).toEqual(bells);

    const workers = await openWorkerBackend(config, () => undefined);
    const worked: string[] = [];
    const worker = await workers.worker('payouts', async (job) => void worked.push(job.data.id));
    await queues.ringNow(bells.slice(0, 1));
    await until(() => worked.length === 1, 'the worker works');
    await redis.kill();
    await redis.start();
    const next = bell();
    await until(async () => (await queues.ringNow([next])).added === 1, 'it is found again', 5000);
    await until(() => worked.includes(next.id), 'the worker found it again', 10_000);
    // While it still reconnects BullMQ would wait for the end of a blocking read that nobody answers any more.
    await worker.close(true);
    await workers.close();
    await queues.close();
    await redis.close();
  });

  test('as a Cluster serves queues, workers and cache alike', async () => {
    const redis = await startRedis(['--cluster-enabled', 'yes', '--cluster-announce-ip', '127.0.0.1']);
    await redis.command('CLUSTER', 'ADDSLOTSRANGE', '0', '16383');
    await until(async () => (await redis.command('CLUSTER', 'INFO')).includes('state:ok'), 'the Cluster is formed');
    const url = `${redis.url},127.0.0.1:${redis.port}`;
    const { queues, config } = open(url);
    const workers = await openWorkerBackend(config, () => undefined);
    const worked: string[] = [];
    const worker = await workers.worker('payouts', async (job) => void worked.push(job.data.id));
    const bells = [...Array(20)].map(bell);
    expect(await queues.ringNow(bells)).toEqual({ added: 20, failed: 0 });
    await until(async () => (await queues.gone(bells)).length === 20 && worked.length === 20, 'all of them ran');
    const cache = openCache({ redisUrl: url, db: undefined as unknown as Db, log: createLogger('silent') });
    await cache.set('token', 'a', 10_000);
    expect([await cache.get('token'), await cache.take('provider', 5)]).toEqual(['a', 0]);
    await cache.close();
    await worker.close();
    await workers.close();
    await queues.close();
    await redis.close();
  });

  test('set up to evict keys is reported', async () => {
    const redis = await startRedis();
    const { queues } = open(redis.url);
    expect(await queues.problem()).toBeNull();
    await redis.command('CONFIG', 'SET', 'maxmemory-policy', 'allkeys-lru');
    expect(await queues.problem()).toContain('allkeys-lru');
    await queues.close();
    await redis.close();
  });
});
