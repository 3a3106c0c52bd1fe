// Opens the shared cache, and keeps its callers going in this process alone while it cannot be reached.
import type { Db } from '../db/knex.ts';
import type { Logger } from '../logger.ts';
import type { Cache } from './cache.ts';
import { createMemoryCache } from './memory.ts';
import { openPostgresCache } from './postgres.ts';
import { openRedisCache } from './redis.ts';

/** A request that asks whether it may pass waits no longer than this for the store, and after that nobody asks for a while. */
const DRAW_PATIENCE_MS = 250;
const ALONE_FOR_MS = 1000;

/**
 * Redis when `redisUrl` is given, else the database. The cache it returns never raises: while the store is away nothing
 * is found, nothing is kept, and locks and rates hold for this process only. `ping` tells the truth.
 */
export function openCache(of: { redisUrl?: string | undefined; db: Db; log: Logger }): Cache {
  const { redisUrl, db, log } = of;
  // Connection errors come once per attempt; the log says when the store went and when it came back instead.
  const shared = redisUrl === undefined ? openPostgresCache(db) : openRedisCache(redisUrl, () => undefined);
  const alone = createMemoryCache();
  let away = false;

  async function attempt<T>(work: () => Promise<T>, otherwise: () => T | Promise<T>): Promise<T> {
    try {
      const result = await work();
      if (away) log.info({ event: 'cache_back' }, 'The shared cache answers again.');
      away = false;
      return result;
    } catch (error) {
      if (!away)
        log.warn({ event: 'cache_away', error }, 'The shared cache does not answer; this process goes on alone.');
      away = true;
      return otherwise();
    }
  }

  let aloneUntil = 0;
  function patiently<T>(work: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const patience = setTimeout(() => reject(new Error('the store did not answer in time')), DRAW_PATIENCE_MS);
      work.then(resolve, reject).finally(() => clearTimeout(patience));
    });
  }

  return {
    get: (key) =>
      attempt<string | null>(
        () => shared.get(key),
        () => null,
      ),
    set: (key, value, ttlMs) =>
      attempt(
        () => shared.set(key, value, ttlMs),
        () => undefined,
      ),
    delete: (key) =>
      attempt(
        () => shared.delete(key),
        () => undefined,
      ),
    async lock(name, ttlMs) {
      const taken = await attempt(
        () => shared.lock(name, ttlMs),
        () => alone.lock(name, ttlMs),
      );
      if (taken === null) return null;
      // A release that fails needs no second way: the lock ends by itself.
      return { release: () => taken.release().catch(() => undefined) };
    },
    take: (name, perSecond, mostMs) =>
      attempt(
        () => shared.take(name, perSecond, mostMs),
        () => alone.take(name, perSecond, mostMs),
      ),
    async draw(name, quota, most) {
      if (performance.now() < aloneUntil) return alone.draw(name, quota, most);
      return attempt(
        () => patiently(shared.draw(name, quota, most)),
        () => {
          aloneUntil = performance.now() + ALONE_FOR_MS;
          return alone.draw(name, quota, most);
        },
      );
    },
    ping: () =>
      attempt(
        () => shared.ping(),
        () => false,
      ),
    close: () => shared.close(),
  };
}
