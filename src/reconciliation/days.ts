// Days as the provider's list counts them (UTC). Which day it is, the database says: a host whose clock is wrong must not miss any.
import { type Db, runAlone } from '../db/knex.ts';

export const DAY_MS = 86_400_000;

const NOW = { name: 'now', text: 'SELECT now() AS now' };

export async function databaseNow(db: Db): Promise<number> {
  const [row] = await runAlone<{ now: Date }>(db, NOW, []);
  return (row as { now: Date }).now.getTime();
}

export const dayOf = (at: number): string => new Date(at).toISOString().slice(0, 10);
