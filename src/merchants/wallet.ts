// Wallets: one owner's money in one currency. Balances lie in the ledger; this is the row that owns the accounts.
import { BaseModel } from '../db/base-model.ts';
import { type Db, run, type Trx } from '../db/knex.ts';
import { NotFound } from '../errors.ts';
import { newId } from '../ids.ts';

export class Wallet extends BaseModel {
  static override tableName = 'wallets';
  declare id: string;
  declare merchantId: string;
  /** The merchant's own customer; '' is the merchant itself. */
  declare owner: string;
  declare currency: string;
  /** A frozen wallet refuses holds and accepts credits. */
  declare frozenAt: Date | null;
  declare createdAt: Date;
  declare updatedAt: Date;
}

const OPEN = { name: 'open_wallet', text: 'SELECT open_wallet($1, $2, $3, $4) AS id' };

/** Opens the wallet with its ledger accounts, or finds it; gives its id. `owner` '' is the merchant's own. */
export async function openWallet(
  trx: Trx,
  of: { merchantId: string; owner: string; currency: string },
): Promise<string> {
  const rows = await run<{ id: string }>(trx, OPEN, [newId('wallet'), of.merchantId, of.owner, of.currency]);
  // A function's call is always one row.
  const [{ id }] = rows as [{ id: string }];
  return id;
}

/** A merchant's wallet. Raises NotFound: what belongs to another merchant is not there. */
export async function findWallet(db: Db, merchantId: string, id: string): Promise<Wallet> {
  const wallet = await Wallet.query(db).findOne({ id, merchant_id: merchantId });
  if (wallet === undefined) throw new NotFound();
  return wallet;
}

/** Up to `limit` wallets of a merchant by owner and currency, the merchant's own first, beginning after `after`. */
export function listWallets(
  db: Db,
  of: {
    merchantId: string;
    owner?: string;
    currency?: string;
    after?: { owner: string; currency: string };
    limit: number;
  },
): Promise<Wallet[]> {
  const query = Wallet.query(db).where('merchant_id', of.merchantId).orderBy(['owner', 'currency']).limit(of.limit);
  if (of.owner !== undefined) query.where('owner', of.owner);
  if (of.currency !== undefined) query.where('currency', of.currency);
  if (of.after !== undefined) query.whereRaw('(owner, currency) > (?, ?)', [of.after.owner, of.after.currency]);
  return query.execute();
}

/** Stops new holds on the wallet. False when it was frozen already. Raises NotFound. */
export function freezeWallet(trx: Trx, id: string): Promise<boolean> {
  return setFrozen(trx, id, true);
}

/** Lets the wallet take holds again. False when it was not frozen. Raises NotFound. */
export function unfreezeWallet(trx: Trx, id: string): Promise<boolean> {
  return setFrozen(trx, id, false);
}

async function setFrozen(trx: Trx, id: string, frozen: boolean): Promise<boolean> {
  const now = trx.fn.now();
  const query = Wallet.query(trx).patch({ frozenAt: frozen ? now : null, updatedAt: now } as never);
  const moved = await query.where('id', id).where((wallet) => {
    if (frozen) wallet.whereNull('frozen_at');
    else wallet.whereNotNull('frozen_at');
  });
  if (moved > 0) return true;
  if ((await Wallet.query(trx).findById(id)) === undefined) throw new NotFound('There is no such wallet.');
  return false;
}
