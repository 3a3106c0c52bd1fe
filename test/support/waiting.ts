// Whoever waits for a lock in a test's database: how a race is held at its narrowest place.
import type { Db } from '../../src/db/knex.ts';
import { until } from './until.ts';

const WAITING = `
  SELECT count(*)::int AS n FROM pg_locks l JOIN pg_stat_activity a USING (pid)
  WHERE a.datname = current_database() AND NOT l.granted`;

export function untilWaiting(db: Db, howMany: number): Promise<unknown> {
  return until(async () => (await db.raw(WAITING)).rows[0].n === howMany, `${howMany} wait for a lock`);
}
