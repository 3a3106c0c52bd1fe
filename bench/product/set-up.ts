// Prepares the product's database for the benchmark through the product's own functions: merchants, keys and funded wallets.
import pg from 'pg';
import { inTransaction, openDatabase, run, type Trx } from '../../src/db/knex.ts';
import { migrate } from '../../src/db/migrations.ts';
import { newId } from '../../src/ids.ts';
import { entry } from '../../src/ledger/journal.ts';
import { availableAccount, systemAccount } from '../../src/ledger/ledger-account.ts';
import { post } from '../../src/ledger/post.ts';
import { createApiKey } from '../../src/merchants/api-key.ts';
import { createMerchant } from '../../src/merchants/merchant.ts';

export const CURRENCY = 'UGX';
const FUNDED_MINOR = 1_000_000_000_000n;
const CHUNK = 100;

/**
 * Migrates an empty database and gives an API key of each of `merchants` merchants, each with funded wallets of customer-1 to
 * customer-`owners`.
 */
export async function setUpProduct(url: string, of: { merchants: number; owners: number }): Promise<readonly string[]> {
  await migrate(url);
  const db = openDatabase({ url, poolSize: 2, onError: () => {} });
  try {
    const secrets: string[] = [];
    for (let m = 1; m <= of.merchants; m += 1) {
      const merchant = await createMerchant(db, { name: `Benchmark ${m}` });
      const { secret } = await createApiKey(db, { merchantId: merchant.id, name: 'bench', environment: 'test' });
      secrets.push(secret);
      for (let first = 1; first <= of.owners; first += CHUNK) {
        const owners = Array.from(
          { length: Math.min(CHUNK, of.owners - first + 1) },
          (_, n) => `customer-${first + n}`,
        );
        await inTransaction(db, (trx) => fund(trx, merchant.id, owners));
      }
    }
    await analyze(url);
    return secrets;
  } finally {
    await db.destroy();
  }
}

const OPEN = {
  name: 'bench_open_wallets',
  text: 'SELECT open_wallet(i.id, $3, i.owner, $4) AS id FROM unnest($1::text[], $2::text[]) AS i(id, owner)',
};

/** Funded wallets in CURRENCY, one for each owner. */
export async function fund(trx: Trx, merchantId: string, owners: readonly string[]): Promise<void> {
  const ids = owners.map(() => newId('wallet'));
  const opened = await run<{ id: string }>(trx, OPEN, [ids, owners, merchantId, CURRENCY]);
  const from = systemAccount('capital', CURRENCY);
  await post(
    trx,
    opened.map(({ id }) =>
      entry({
        reference: `bench:${id}:fund`,
        kind: 'fund',
        currency: CURRENCY,
        actor: 'operator:bench',
        moves: [{ from, to: availableAccount(id), amountMinor: FUNDED_MINOR }],
      }),
    ),
  );
}

/** A deployment has statistics of the tables that have rows; the application's role may not take them. */
async function analyze(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query('VACUUM ANALYZE merchants, api_keys, wallets, ledger_accounts, journal_entries, postings');
  } finally {
    await client.end();
  }
}
