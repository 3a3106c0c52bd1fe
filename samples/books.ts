// The books after a run: the trial balance, and the ledger's provider account beside the provider's own wallets.
import { setTimeout as wait } from 'node:timers/promises';
import { readable, table } from '../src/cli/table.ts';
import { trialBalanceTable, trialBalanceView } from '../src/cli/trial-balance.ts';
import { compose } from '../src/compose.ts';
import type { Config } from '../src/config.ts';
import { trialBalance } from '../src/ledger/balances.ts';
import { createLogger } from '../src/logger.ts';
import { type FloatRow, floatRows } from '../src/reconciliation/float.ts';

export interface Books {
  readonly trialBalance: string;
  readonly wallets: string;
  /** One sentence per thing that does not agree; empty when all does. */
  readonly problems: readonly string[];
}

const isEqual = (row: FloatRow) => row.differenceMinor === 0n;

/**
 * Reads both books of the system behind `config`. What changes after its end (a return, a late success) may still be on its way, so
 * the comparison is repeated for up to `patienceMs` until it agrees.
 */
export async function readBooks(config: Config, patienceMs: number): Promise<Books> {
  const ctx = compose({ ...config, DATABASE_POOL_SIZE: 2 }, createLogger('silent'));
  try {
    const rows = await untilEqual(() => floatRows(ctx), patienceMs);
    const balances = trialBalanceView(await trialBalance(ctx.db));
    const uneven = balances.filter((one) => one.sum !== '0');
    const apart = rows.filter((row) => !isEqual(row));
    return {
      trialBalance: trialBalanceTable(balances),
      wallets: walletTable(rows),
      problems: [
        ...uneven.map((one) => `the trial balance of ${one.currency} is ${one.sum}, not 0`),
        ...apart.map((row) => {
          const onTheirWay = row.onTheirWay === 0 ? '' : ` (${row.onTheirWay} still on their way)`;
          return `the provider's ${row.currency} wallet holds ${readable(row.differenceMinor)} more than the book says${onTheirWay}`;
        }),
      ],
    };
  } finally {
    await ctx.close();
  }
}

async function untilEqual(read: () => Promise<FloatRow[]>, patienceMs: number): Promise<FloatRow[]> {
  const until = performance.now() + patienceMs;
  for (;;) {
    try {
      const rows = await read();
      if (rows.every(isEqual) || performance.now() > until) return rows;
    } catch (error) {
      // The database or the provider may be restarting.
      if (performance.now() > until) throw error;
    }
    await wait(1_000);
  }
}

function walletTable(rows: readonly FloatRow[]): string {
  return table(
    ['currency', "provider's wallet", "ledger's provider account", 'difference'],
    rows.map((row) => [
      row.currency,
      readable(row.walletMinor),
      readable(0n - row.bookMinor),
      readable(row.differenceMinor),
    ]),
    { right: ["provider's wallet", "ledger's provider account", 'difference'] },
  );
}
