// Prepares the product's database for the benchmark through the product's own functions: merchants, keys and funded wallets.
import pg from 'pg';
import { inTransaction, openDatabase } from '../../src/db/knex.ts';
import { migrate } from '../../src/db/migrations.ts';
import { entry } from '../../src/ledger/journal.ts';
import { availableAccount, systemAccount } from '../../src/ledger/ledger-account.ts';
import { post } from '../../src/ledger/post.ts';
import { createApiKey } from '../../src/merchants/api-key.ts';
import { createMerchant } from '../../src/merchants/merchant.ts';
import { openWallet } from '../../src/merchants/wallet.ts';
import { OWNERS } from '../harness/subject.ts';

export const CURRENCY = 'UGX';
const FUNDED_MINOR = 1_000_000_000_000n;
const CHUNK = 100;

/** Migrates an empty database and gives API keys of `merchants` merchants, each with funded wallets of customer-1 to customer-1000. */
export async function setUpProduct(url: string, merchants: number): Promise<readonly string[]> {
  await migrate(url);
  const db = openDatabase({ url, poolSize: 2, onError: () => {} });
  try {
    const secrets: string[] = [];
    for (let m = 0; m < merchants; m += 1) {
      const merchant = await createMerchant(db, { name: `Benchmark ${m + 1}` });
      const { secret } = await createApiKey(db, { merchantId: merchant.id, name: 'bench', environment: 'test' });
      secrets.push(secret);
      for (let first = 1; first <= OWNERS; first += CHUNK) {
        await inTransaction(db, async (trx) => {
          const entries = [];
          for (let n = first; n < first + CHUNK; n += 1) {
            const of = { merchantId: merchant.id, owner: `customer-${n}`, currency: CURRENCY };
            const walletId = await openWallet(trx, of);
            const move = {
              from: systemAccount('capital', CURRENCY),
              to: availableAccount(walletId),
              amountMinor: FUNDED_MINOR,
            };
            const reference = `bench:${walletId}:fund`;
            entries.push(
              entry({ reference, kind: 'fund', currency: CURRENCY, actor: 'operator:bench', moves: [move] }),
            );
          }
          await post(trx, entries);
        });
      }
    }
    await analyze(url);
    return secrets;
  } finally {
    await db.destroy();
  }
}

/** A deployment has statistics of its tables; the application's role may not take them. */
async function analyze(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query('VACUUM ANALYZE');
  } finally {
    await client.end();
  }
}
