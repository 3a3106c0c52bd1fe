// The shared cache on Postgres, where there is no Redis: one table, one statement per operation, the database's clock.
import { randomUUID } from 'node:crypto';
import type { Db } from '../db/knex.ts';
import type { Cache } from './cache.ts';

const SWEEP_EVERY_MS = 60_000;

const SET = `
  INSERT INTO cache_entries (key, value, expires_at) VALUES (?, ?, clock_timestamp() + ? * interval '1 millisecond')
  ON CONFLICT (key) DO UPDATE SET value = excluded.value, expires_at = excluded.expires_at`;

const LOCK = `
  INSERT INTO cache_entries AS entry (key, value, expires_at)
  VALUES (?, ?, clock_timestamp() + ? * interval '1 millisecond')
  ON CONFLICT (key) DO UPDATE SET value = excluded.value, expires_at = excluded.expires_at
    WHERE entry.expires_at < clock_timestamp()
  RETURNING key`;

// The row lock of the upsert puts the takers in line; each reads the clock only once it is its turn.
const TAKE = `
  INSERT INTO cache_entries AS entry (key, next_at, expires_at)
  VALUES (:key, clock_timestamp() + :interval * interval '1 microsecond', clock_timestamp() + interval '1 minute')
  ON CONFLICT (key) DO UPDATE SET
    next_at = greatest(entry.next_at, clock_timestamp()) + :interval * interval '1 microsecond',
    expires_at = greatest(entry.next_at, clock_timestamp()) + interval '1 minute'
    WHERE :most::bigint IS NULL OR entry.next_at - clock_timestamp() <= :most * interval '1 millisecond'
  RETURNING ceil(greatest(0, extract(epoch FROM
    next_at - :interval * interval '1 microsecond' - clock_timestamp()) * 1000))::int AS wait_ms`;

const WAIT = `
  SELECT ceil(extract(epoch FROM next_at - clock_timestamp()) * 1000)::int AS wait_ms FROM cache_entries WHERE key = ?`;

// `next_at` is when the quota will be whole again; the number granted goes through `value`, since it is decided under the row lock.
const LEFT = `floor((:window::float8 - extract(epoch FROM greatest(entry.next_at - clock_timestamp(), interval '0')) * 1000000) / :interval::float8)`;
const MICROSECONDS = `:interval::float8 * interval '1 microsecond'`;
const DRAW = `
  INSERT INTO cache_entries AS entry (key, value, next_at, expires_at)
  VALUES (:key, :first::int, clock_timestamp() + :first::int * ${MICROSECONDS}, clock_timestamp() + :window::float8 * interval '2 microseconds')
  ON CONFLICT (key) DO UPDATE SET
    value = least(:most::int, ${LEFT})::int,
    next_at = greatest(entry.next_at, clock_timestamp()) + least(:most::int, ${LEFT}) * ${MICROSECONDS},
    expires_at = excluded.expires_at
    WHERE ${LEFT} >= 1
  RETURNING value::int AS granted, ${LEFT}::int AS remaining`;
const UNTIL_ONE = `
  SELECT ceil((:interval::float8 - :window::float8 + extract(epoch FROM next_at - clock_timestamp()) * 1000000) / 1000)::int AS wait_ms
  FROM cache_entries WHERE key = :key`;

/** Needs the table `cache_entries` (migrations). Raises whatever the database raises; `close` leaves the pool to its owner. */
export function openPostgresCache(db: Db): Cache {
  let nextSweepAt = 0;
  let sweeping: Promise<unknown> = Promise.resolve();

  function sweep() {
    if (performance.now() < nextSweepAt) return;
    nextSweepAt = performance.now() + SWEEP_EVERY_MS;
    sweeping = db.raw('DELETE FROM cache_entries WHERE expires_at < clock_timestamp()').catch(() => undefined);
  }

  return {
    async get(key) {
      const { rows } = await db.raw<{ rows: { value: string }[] }>(
        'SELECT value FROM cache_entries WHERE key = ? AND expires_at > clock_timestamp()',
        [key],
      );
      return rows[0]?.value ?? null;
    },
    async set(key, value, ttlMs) {
      sweep();
      await db.raw(SET, [key, value, ttlMs]);
    },
    async delete(key) {
      await db.raw('DELETE FROM cache_entries WHERE key = ?', [key]);
    },
    async lock(name, ttlMs) {
      const key = `lock:${name}`;
      const mine = randomUUID();
      const { rows } = await db.raw<{ rows: unknown[] }>(LOCK, [key, mine, ttlMs]);
      if (rows.length === 0) return null;
      return {
        async release() {
          await db.raw('DELETE FROM cache_entries WHERE key = ? AND value = ?', [key, mine]);
        },
      };
    },
    async take(name, perSecond, mostMs) {
      sweep();
      const { rows } = await db.raw<{ rows: { wait_ms: number }[] }>(TAKE, {
        key: `take:${name}`,
        interval: Math.round(1_000_000 / perSecond),
        most: mostMs ?? null,
      });
      if (rows[0] !== undefined) return rows[0].wait_ms;
      const { rows: waiting } = await db.raw<{ rows: { wait_ms: number }[] }>(WAIT, [`take:${name}`]);
      return Math.max(waiting[0]?.wait_ms ?? 0, (mostMs ?? 0) + 1);
    },
    async draw(name, quota, most) {
      sweep();
      const window = quota.windowMs * 1000;
      const of = { key: `draw:${name}`, window, interval: window / quota.units };
      const first = Math.min(most, quota.units);
      const { rows } = await db.raw<{ rows: { granted: number; remaining: number }[] }>(DRAW, { ...of, most, first });
      if (rows[0] !== undefined) return { ...rows[0], waitMs: 0 };
      const { rows: waiting } = await db.raw<{ rows: { wait_ms: number }[] }>(UNTIL_ONE, of);
      return { granted: 0, remaining: 0, waitMs: Math.max(1, waiting[0]?.wait_ms ?? 1) };
    },
    async ping() {
      await db.raw('SELECT 1');
      return true;
    },
    async close() {
      await sweeping;
    },
  };
}
