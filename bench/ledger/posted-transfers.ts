// Transfers between wallets through the product's only writer of postings.
import { inTransaction, openDatabase } from '../../src/db/knex.ts';
import { entry } from '../../src/ledger/journal.ts';
import { availableAccount } from '../../src/ledger/ledger-account.ts';
import { post } from '../../src/ledger/post.ts';
import { CURRENCY, setUpProduct } from '../product/set-up.ts';
import type { Transfers } from './measure.ts';

/** Opens the product's ledger on an empty database, with `count` funded wallets. */
export async function openPostedTransfers(url: string, count: number, connections: number): Promise<Transfers> {
  await setUpProduct(url, { merchants: 1, owners: count });
  const db = openDatabase({ url, poolSize: connections, onError: () => {} });
  const wallets: string[] = await db('wallets').pluck('id');
  let made = 0;
  const pick = (index: number) => availableAccount(wallets[index % wallets.length] ?? '');
  const next = () => {
    made += 1;
    const source = Math.floor(Math.random() * wallets.length);
    const target = source + 1 + Math.floor(Math.random() * (wallets.length - 1));
    return entry({
      reference: `transfer-${made}`,
      kind: 'transfer',
      currency: CURRENCY,
      actor: 'operator:bench',
      moves: [{ from: pick(source), to: pick(target), amountMinor: 100n }],
    });
  };
  return {
    transfer: (count) => inTransaction(db, (trx) => post(trx, Array.from({ length: count }, next))),
    close: () => db.destroy(),
  };
}
