// Finding transactions as an operator, across merchants: by account, its last four digits, a reference or the provider's id.
import type { Db } from '../db/knex.ts';
import { maskAccount } from '../merchants/mask.ts';
import { accountFingerprints, accountOf, openPerson } from '../merchants/person.ts';
import type { Vault } from '../vault.ts';
import { Transaction } from './transaction.ts';
import { viewTransaction } from './view.ts';

/** What is looked for. `account` is a phone, bank account number, e-mail address or tag, whole. */
export type Wanted =
  | { readonly by: 'account'; readonly text: string }
  | { readonly by: 'last_four'; readonly text: string }
  | { readonly by: 'reference'; readonly text: string }
  | { readonly by: 'provider_id'; readonly text: string };

/** Up to `limit` transactions, newest first; accounts masked. Accounts are found by keyed fingerprint, never by reading them all. */
export async function searchTransactions(db: Db, vault: Vault, wanted: Wanted, limit: number) {
  const query = Transaction.query(db)
    .leftJoin('personal_data', 'personal_data.subject_id', 'transactions.id')
    .join('wallets', 'wallets.id', 'transactions.wallet_id')
    .select('transactions.*', 'wallets.owner', 'personal_data.sealed')
    .orderBy('transactions.created_at', 'desc')
    .orderBy('transactions.id', 'desc')
    .limit(limit);
  switch (wanted.by) {
    case 'account':
      query.whereRaw('personal_data.account_hash = ANY(?)', [[...accountFingerprints(vault, wanted.text)]]);
      break;
    case 'last_four':
      query.whereRaw('personal_data.last_four_hash = ANY(?)', [[...vault.fingerprints('last_four', wanted.text)]]);
      break;
    case 'reference':
      query.where('transactions.reference', wanted.text);
      break;
    case 'provider_id':
      query.where('transactions.provider_transaction_id', wanted.text);
      break;
  }
  const rows = await query.castTo<(Transaction & { owner: string; sealed: Buffer | null })[]>();
  return rows.map((row) => {
    const person = openPerson(vault, row.sealed);
    const account = person === null ? null : accountOf(person);
    return {
      ...viewTransaction(row, { person: null, owner: row.owner }),
      merchantId: row.merchantId,
      accountNumber: account === null ? null : maskAccount(account),
    };
  });
}
