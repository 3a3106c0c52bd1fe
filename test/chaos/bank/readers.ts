// Readers that add all wallets up, each time in one snapshot, while money moves: every sum is the one there was at the beginning.
import { setTimeout as wait } from 'node:timers/promises';
import pg from 'pg';

const PAUSE_MS = 20;

/** Per currency: the sum, the lowest balance, and how many wallets. */
const WALLETS = `SELECT currency, sum(balance)::text AS sum, min(balance) < 0 AS overdrawn
  FROM ledger_accounts WHERE wallet_id IS NOT NULL GROUP BY currency ORDER BY currency`;

/** Wallets whose balance is not what their newest posting left, asked later in the same snapshot. */
const UNEXPLAINED = `SELECT a.id, a.balance, p.balance_after FROM ledger_accounts a
  LEFT JOIN LATERAL (SELECT balance_after FROM postings WHERE account_id = a.id ORDER BY id DESC LIMIT 1) p ON true
  WHERE a.wallet_id IS NOT NULL AND a.balance <> coalesce(p.balance_after, 0)`;

export interface Reads {
  readonly count: number;
  /** Sentences about reads that saw what must never be seen. */
  readonly bad: readonly string[];
  /** One reader with a connection of its own, until the signal; it comes back when the server does. */
  reader(signal: AbortSignal): Promise<void>;
}

/** `totals`: what each currency's wallets add up to, as decimal strings. */
export function readsOf(url: string, totals: ReadonlyMap<string, string>): Reads {
  const bad: string[] = [];
  let count = 0;

  async function read(client: pg.Client): Promise<void> {
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
    const { rows } = await client.query<{ currency: string; sum: string; overdrawn: boolean }>(WALLETS);
    const unexplained = await client.query<{ id: string; balance: string; balance_after: string }>(UNEXPLAINED);
    await client.query('COMMIT');
    count += 1;
    if (rows.length !== totals.size) bad.push(`read ${count} saw ${rows.length} currencies, not ${totals.size}`);
    for (const { currency, sum, overdrawn } of rows) {
      if (sum !== totals.get(currency)) bad.push(`read ${count} saw ${sum} ${currency}, not ${totals.get(currency)}`);
      if (overdrawn) bad.push(`read ${count} saw a ${currency} wallet below zero`);
    }
    for (const row of unexplained.rows) {
      bad.push(`read ${count} saw ${row.id} at ${row.balance}, after a posting that left ${row.balance_after}`);
    }
  }

  return {
    bad,
    get count() {
      return count;
    },
    async reader(signal) {
      while (!signal.aborted) {
        const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2000 });
        client.on('error', () => undefined);
        try {
          await client.connect();
          while (!signal.aborted) await read(client);
        } catch (error) {
          // 42 and 22: a question that Postgres does not understand is our own fault, not the weather's.
          if (/^(42|22)/.test((error as { code?: string }).code ?? '')) throw error;
          await wait(PAUSE_MS);
        } finally {
          await client.end().catch(() => undefined);
        }
      }
    },
  };
}
