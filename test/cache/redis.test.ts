// The shared cache on Redis, and what its callers see when Redis goes away and comes back.
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import type { Cache } from '../../src/cache/cache.ts';
import { openCache } from '../../src/cache/open-cache.ts';
import type { Db } from '../../src/db/knex.ts';
import { createLogger } from '../../src/logger.ts';
import { describeWithRedis, startRedis, type TestRedis } from '../support/redis.ts';
import { sharedCacheHolds } from '../support/shared-cache.ts';

const noDb = undefined as unknown as Db;
const lines: string[] = [];
const log = createLogger('info', { write: (line) => void lines.push(line) });
const open = (redis: TestRedis) => openCache({ redisUrl: redis.url, db: noDb, log });

describeWithRedis('the cache on Redis', () => {
  let redis: TestRedis;
  let one: Cache;
  let other: Cache;

  beforeAll(async () => {
    redis = await startRedis();
    one = open(redis);
    other = open(redis);
  });
  beforeEach(() => redis.flush());
  afterAll(async () => {
    await one.close();
    await other.close();
    await redis.close();
  });

  sharedCacheHolds(() => [one, other]);

  test('every key carries our prefix, so that one Redis can serve others too', async () => {
    await one.set('token', 'a', 10_000);
    await one.lock('token', 10_000);
    await one.take('provider', 5);
    const keys = await redis.command('KEYS', '*');
    expect(keys.match(/eversend-payments:/g)).toHaveLength(3);
    expect(keys.startsWith('*3\r\n')).toBe(true);
  });
});

describeWithRedis('while Redis is away', () => {
  test('nothing is found, locks and rates hold for this process, and all of it fails fast and recovers', async () => {
    const redis = await startRedis();
    const cache = open(redis);
    await cache.set('token', 'a', 60_000);
    await redis.kill();
    await vi.waitFor(async () => expect(await cache.ping()).toBe(false), { timeout: 5000 });

    const started = performance.now();
    expect(await cache.get('token')).toBeNull();
    await cache.set('token', 'b', 60_000);
    await cache.delete('token');
    const lock = await cache.lock('refresh', 60_000);
    expect(lock).not.toBeNull();
    expect(await cache.lock('refresh', 60_000)).toBeNull();
    await lock?.release();
    expect(await cache.lock('refresh', 60_000)).not.toBeNull();
    // A minute between two permits: what the calls themselves take is less.
    expect(await cache.take('provider', 1 / 60)).toBe(0);
    expect(await cache.take('provider', 1 / 60)).toBeGreaterThan(1000);
    const quota = { units: 2, windowMs: 3_600_000 };
    expect(
      (await Promise.all([1, 1, 1].map((n) => cache.draw('key', quota, n)))).map(({ granted }) => granted),
    ).toEqual([1, 1, 0]);
    expect(performance.now() - started).toBeLessThan(500);

    await redis.start();
    await vi.waitFor(async () => expect(await cache.ping()).toBe(true), { timeout: 8000, interval: 50 });
    await cache.set('token', 'c', 60_000);
    expect(await cache.get('token')).toBe('c');
    expect(lines.filter((line) => line.includes('cache_away'))).toHaveLength(1);
    expect(lines.filter((line) => line.includes('cache_back'))).toHaveLength(1);
    await cache.close();
    await redis.close();
  });

  test('a frozen Redis costs a caller two seconds at most', async () => {
    const redis = await startRedis();
    const cache = open(redis);
    expect(await cache.ping()).toBe(true);
    redis.freeze();
    const started = performance.now();
    expect(await cache.get('token')).toBeNull();
    expect(performance.now() - started).toBeLessThan(3000);
    redis.thaw();
    await vi.waitFor(async () => expect(await cache.ping()).toBe(true), { timeout: 8000, interval: 50 });
    await cache.close();
    await redis.close();
  });

  test('a process that starts without Redis is served at once', async () => {
    const redis = await startRedis();
    await redis.kill();
    const cache = open(redis);
    expect(await cache.take('provider', 1)).toBe(0);
    await cache.close();
  });
});
