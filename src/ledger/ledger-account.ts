// Ledger accounts: the kinds there are, and the speaking ids under which postings name them.
import { BaseModel } from '../db/base-model.ts';

/** System accounts exist once per currency. `provider`, negated, is what the provider's wallet should hold. */
export const SYSTEM_ACCOUNTS = [
  'provider',
  'capital',
  'fee_income',
  'commissions_payable',
  'provider_charges',
  'receivable',
  'suspense',
] as const;
export type SystemAccount = (typeof SYSTEM_ACCOUNTS)[number];

export const systemAccount = (kind: SystemAccount, currency: string): string => `${kind}:${currency}`;
export const availableAccount = (walletId: string): string => `${walletId}:available`;
export const heldAccount = (walletId: string): string => `${walletId}:held`;

export class LedgerAccount extends BaseModel {
  static override tableName = 'ledger_accounts';
  declare id: string;
  declare kind: SystemAccount | 'wallet_available' | 'wallet_held';
  declare currency: string;
  declare walletId: string | null;
  declare balance: bigint | null;
}
