// Prepares the rig's database through the product's own functions: merchants with keys, and wallets with money in them.
import { inTransaction, openDatabase } from '../../../src/db/knex.ts';
import { newId } from '../../../src/ids.ts';
import { entry } from '../../../src/ledger/journal.ts';
import { availableAccount, systemAccount } from '../../../src/ledger/ledger-account.ts';
import { post } from '../../../src/ledger/post.ts';
import { createApiKey } from '../../../src/merchants/api-key.ts';
import { createMerchant } from '../../../src/merchants/merchant.ts';
import { openWallet } from '../../../src/merchants/wallet.ts';

export interface Merchant {
  readonly id: string;
  readonly apiKey: string;
  /** In the order they were asked for. */
  readonly walletIds: readonly string[];
}

/** Enough that no payout of a run is ever refused for want of money. */
const FUNDED_MINOR = 1_000_000_000_000n;

/** One merchant with a key of every scope, and a wallet with `fundedMinor` in it for each of `wallets`. */
export async function setUpMerchant(
  url: string,
  wallets: readonly { readonly owner: string; readonly currency: string }[],
  fundedMinor = FUNDED_MINOR,
): Promise<Merchant> {
  const db = openDatabase({ url, poolSize: 1, onError: () => {} });
  try {
    const { id } = await createMerchant(db, { name: 'Chaos' });
    const { secret } = await createApiKey(db, { merchantId: id, name: 'chaos', environment: 'test' });
    const walletIds: string[] = [];
    await inTransaction(db, async (trx) => {
      const entries = [];
      for (const { owner, currency } of wallets) {
        const walletId = await openWallet(trx, { merchantId: id, owner, currency });
        walletIds.push(walletId);
        const from = systemAccount('capital', currency);
        const moves = [{ from, to: availableAccount(walletId), amountMinor: fundedMinor }];
        entries.push(
          entry({ reference: `fund:${newId('journalEntry')}`, kind: 'fund', currency, actor: 'operator:chaos', moves }),
        );
      }
      await post(trx, entries);
    });
    return { id, apiKey: secret, walletIds };
  } finally {
    await db.destroy();
  }
}
