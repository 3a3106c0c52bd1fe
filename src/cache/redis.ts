// The shared cache on Redis: values and locks with an expiry, and an evenly paced rate for all processes together.
import { randomUUID } from 'node:crypto';
import { connectRedis, FAIL_FAST, firstAttempt } from '../redis.ts';
import type { Cache } from './cache.ts';

const PREFIX = 'eversend-payments:';

const RELEASE = `
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0`;

// GCRA without a burst: the key holds the microsecond at which the next permit is due. Redis' own clock, so that no
// two processes disagree about now.
const TAKE = `
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local interval = tonumber(ARGV[1])
local due = tonumber(redis.call('GET', KEYS[1]) or '0')
if due < now then due = now end
local most = tonumber(ARGV[2])
if most >= 0 and due - now > most * 1000 then return math.ceil((due - now) / 1000) end
local after = due + interval
redis.call('SET', KEYS[1], string.format('%.0f', after), 'PX', math.ceil((after - now) / 1000) + 1000)
return math.ceil((due - now) / 1000)`;

// GCRA with a burst: the key holds the microsecond at which the quota will be whole again.
const DRAW = `
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local units, window, most = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local interval = window / units
local whole = tonumber(redis.call('GET', KEYS[1]) or '0')
if whole < now then whole = now end
local left = math.floor((window - (whole - now)) / interval)
if left < 1 then return {0, 0, math.ceil((interval - (window - (whole - now))) / 1000)} end
local granted = math.min(most, left)
whole = whole + granted * interval
redis.call('SET', KEYS[1], string.format('%.0f', whole), 'PX', math.ceil((whole - now) / 1000) + 1000)
return {granted, left - granted, 0}`;

/** Raises whatever Redis or the connection to it raises, at once while disconnected and after 2 s otherwise. */
export function openRedisCache(url: string, onError: (error: Error) => void): Cache {
  const redis = connectRedis(url, FAIL_FAST, onError);
  const attempted = firstAttempt(redis);
  return {
    async get(key) {
      await attempted;
      return redis.get(PREFIX + key);
    },
    async set(key, value, ttlMs) {
      await attempted;
      await redis.set(PREFIX + key, value, 'PX', Math.max(1, Math.round(ttlMs)));
    },
    async delete(key) {
      await attempted;
      await redis.del(PREFIX + key);
    },
    async lock(name, ttlMs) {
      await attempted;
      const key = `${PREFIX}lock:${name}`;
      // A random value, so that nobody releases a lock that expired and was taken by another.
      const mine = randomUUID();
      if ((await redis.set(key, mine, 'PX', Math.max(1, Math.round(ttlMs)), 'NX')) !== 'OK') return null;
      return {
        async release() {
          await redis.eval(RELEASE, 1, key, mine);
        },
      };
    },
    async take(name, perSecond, mostMs = -1) {
      await attempted;
      const interval = Math.round(1_000_000 / perSecond);
      return Number(await redis.eval(TAKE, 1, `${PREFIX}take:${name}`, interval, mostMs));
    },
    async draw(name, quota, most) {
      await attempted;
      const args = [quota.units, quota.windowMs * 1000, most];
      const answer = (await redis.eval(DRAW, 1, `${PREFIX}draw:${name}`, ...args)) as number[];
      const [granted = 0, remaining = 0, waitMs = 0] = answer;
      return { granted, remaining, waitMs };
    },
    async ping() {
      await attempted;
      return (await redis.ping()) === 'PONG';
    },
    async close() {
      redis.disconnect();
    },
  };
}
