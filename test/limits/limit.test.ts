// One limit over several processes: exact where few are let through, nearly free where many are, and still there when the store is not.
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { Cache } from '../../src/cache/cache.ts';
import { createMemoryCache } from '../../src/cache/memory.ts';
import { openCache } from '../../src/cache/open-cache.ts';
import { type Db, openDatabase } from '../../src/db/knex.ts';
import { createLimit, type Limit } from '../../src/limits/limit.ts';
import { addressSubject } from '../../src/limits/limits.ts';
import { createLogger } from '../../src/logger.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { describeWithRedis, startRedis, type TestRedis } from '../support/redis.ts';

const HOUR = 3_600_000;
const noDb = undefined as unknown as Db;
const silent = createLogger('silent');
const limitOn = (cache: Pick<Cache, 'draw'>, units: number, windowMs: number) =>
  createLimit(cache as Cache, { name: 'test', quota: { units, windowMs }, of: 'things' });

async function allowed(limits: readonly Limit[], subject: string, times: number): Promise<number> {
  const verdicts = await Promise.all(
    Array.from({ length: times }, (_, n) => (limits[n % limits.length] as Limit).take(subject)),
  );
  return verdicts.filter((verdict) => verdict.allowed).length;
}

/** Whoever is slow to answer is done without for a while: what is asked of both must find both connected. */
const connected = (caches: readonly Cache[]) =>
  Promise.all(
    caches.map((cache) => vi.waitFor(async () => expect(await cache.ping()).toBe(true), { timeout: 10_000 })),
  );

function holdsForAll(processes: () => readonly [Cache, Cache]): void {
  test('all processes together let exactly the quota through, asked at once or one after the other', async () => {
    const limits = processes().map((cache) => limitOn(cache, 20, HOUR));
    expect(await allowed(limits, 'at once', 60)).toBe(20);
    let passed = 0;
    for (let n = 0; n < 40; n += 1) passed += await allowed([limits[n % 2] as Limit], 'in turn', 1);
    expect(passed).toBe(20);
  });

  test('nobody pays for another: each subject has the whole quota', async () => {
    const limits = processes().map((cache) => limitOn(cache, 3, HOUR));
    expect(await allowed(limits, 'one', 10)).toBe(3);
    expect(await allowed(limits, 'other', 10)).toBe(3);
  });

  test('what is left and when there is more is told with every verdict', async () => {
    const [cache] = processes();
    const limit = limitOn(cache, 2, HOUR);
    const left = [];
    for (let n = 0; n < 3; n += 1) left.push(await limit.take('told'));
    expect(left.map(({ allowed: passed, remaining }) => [passed, remaining])).toEqual([
      [true, 1],
      [true, 0],
      [false, 0],
    ]);
    expect(left[2]?.moreInMs).toBeGreaterThan(HOUR / 4);
    expect(left[2]?.moreInMs).toBeLessThanOrEqual(HOUR / 2);
    expect(limit.look('told').remaining).toBe(0);
    expect(limit.look('unheard of').remaining).toBe(2);
  });
}

describe('on Postgres', () => {
  let database: TestDatabase;
  let otherDb: Db;
  let caches: readonly [Cache, Cache];
  beforeAll(async () => {
    database = await createDatabase();
    otherDb = openDatabase({ url: database.url, poolSize: 5, onError: () => {} });
    caches = [openCache({ db: database.db, log: silent }), openCache({ db: otherDb, log: silent })];
    await connected(caches);
  });
  afterAll(async () => {
    for (const cache of caches) await cache.close();
    await otherDb.destroy();
    await database.close();
  });
  holdsForAll(() => caches);
});

describeWithRedis('on Redis', () => {
  let redis: TestRedis;
  let caches: readonly [Cache, Cache];
  beforeAll(async () => {
    redis = await startRedis();
    const open = () => openCache({ redisUrl: redis.url, db: noDb, log: silent });
    caches = [open(), open()];
    await connected(caches);
  });
  afterAll(async () => {
    for (const cache of caches) await cache.close();
    await redis.close();
  });
  holdsForAll(() => caches);

  test('while Redis is away every process holds the limit for itself, and one line of the log says so', async () => {
    const own = await startRedis();
    const lines: string[] = [];
    const log = createLogger('info', { write: (line) => void lines.push(line) });
    const cache = openCache({ redisUrl: own.url, db: noDb, log });
    const limit = limitOn(cache, 20, HOUR);
    expect(await allowed([limit], 'before', 5)).toBe(5);
    await own.kill();
    await vi.waitFor(async () => expect(await cache.ping()).toBe(false), { timeout: 5000 });
    expect(await allowed([limit], 'during', 50)).toBe(20);
    expect(lines.filter((line) => line.includes('cache_away'))).toHaveLength(1);
    await cache.close();
    await own.close();
  });

  test('a Redis that answers nothing is not waited for: what it does not say, this process decides', async () => {
    const own = await startRedis();
    const cache = openCache({ redisUrl: own.url, db: noDb, log: silent });
    expect(await cache.ping()).toBe(true);
    own.freeze();
    const started = performance.now();
    expect(await allowed([limitOn(cache, 20, HOUR)], 'frozen', 30)).toBe(20);
    // A command would give up after two seconds; the bound is generous for a machine that does other things as well.
    expect(performance.now() - started).toBeLessThan(1500);
    own.thaw();
    await cache.close();
    await own.close();
  });
});

describe('the store', () => {
  const counting = () => {
    let asked = 0;
    const { draw } = createMemoryCache();
    const cache: Pick<Cache, 'draw'> = {
      draw: (...args) => {
        asked += 1;
        return draw(...args);
      },
    };
    return { cache, asked: () => asked };
  };

  test('is asked rarely by who sends much: an allowance is taken in blocks that double', async () => {
    const { cache, asked } = counting();
    const limit = limitOn(cache, 100_000, 1000);
    for (let n = 0; n < 5000; n += 1) expect((await limit.take('busy')).allowed).toBe(true);
    expect(asked()).toBeLessThan(50);
  });

  test('is asked once for all who wait for its answer', async () => {
    const { cache, asked } = counting();
    expect(await allowed([limitOn(cache, 1000, HOUR)], 'crowd', 500)).toBe(500);
    expect(asked()).toBeLessThan(5);
  });

  test('is not asked again on behalf of somebody who has nothing left', async () => {
    const { cache, asked } = counting();
    const limit = limitOn(cache, 1, HOUR);
    expect(await allowed([limit], 'spent', 2)).toBe(1);
    const before = asked();
    expect(await allowed([limit], 'spent', 1000)).toBe(0);
    expect(asked()).toBe(before);
  });

  test('keeps count of everybody, however many a process can remember', async () => {
    const { cache } = counting();
    const limit = limitOn(cache, 1, HOUR);
    for (let n = 0; n < 25_000; n += 1) expect((await limit.take(`address ${n}`)).allowed).toBe(true);
    for (const n of [0, 12_000, 24_999]) expect((await limit.take(`address ${n}`)).allowed).toBe(false);
  });
});

test.each([
  ['198.51.100.7', '198.51.100.7'],
  [null, 'unknown'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
  ['2001:db8:1:2::6', '2001:db8:1:2'],
  ['2001:db8::1', '2001:db8:0:0'],
  ['::1', '0:0:0:0'],
  ['fe80::', 'fe80:0:0:0'],
])('a client at %s is counted as %s: of IPv6, the rest is its own to choose', (address, subject) => {
  expect(addressSubject(address)).toBe(subject);
});
