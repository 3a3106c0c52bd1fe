// I6: nothing in the journal is updated or deleted. A sealed part of it must give the same digest whenever it is read again.
import type pg from 'pg';
import type { Violation } from './violation.ts';

/** Everything older than every database transaction that ran when the seal was made: nothing can still come to it. */
export interface JournalSeal {
  readonly horizon: string;
  readonly digests: Readonly<Record<string, string>>;
}

const TABLES = ['postings', 'journal_entries'] as const;

export async function sealJournal(client: pg.ClientBase): Promise<JournalSeal> {
  const { rows } = await client.query<{ horizon: string }>(
    'SELECT pg_snapshot_xmin(pg_current_snapshot())::text AS horizon',
  );
  const horizon = rows[0]?.horizon ?? '0';
  return { horizon, digests: await digests(client, horizon) };
}

/** Raises nothing; a seal that is broken is a violation for each table that differs. */
export async function checkSeal(client: pg.ClientBase, seal: JournalSeal): Promise<Violation[]> {
  const now = await digests(client, seal.horizon);
  return TABLES.filter((table) => now[table] !== seal.digests[table]).map((table) => ({
    invariant: 'I6',
    sentence: `${table} older than database transaction ${seal.horizon} were ${seal.digests[table]} and are now ${now[table]}`,
  }));
}

async function digests(client: pg.ClientBase, horizon: string): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const table of TABLES) {
    const { rows } = await client.query<{ digest: string }>(
      `SELECT count(*) || ' rows of digest ' || coalesce(sum(hashtextextended(t::text, 0)::numeric), 0) AS digest
       FROM ${table} t WHERE xact < $1::xid8`,
      [horizon],
    );
    found[table] = rows[0]?.digest ?? '';
  }
  return found;
}
