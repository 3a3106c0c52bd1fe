// The trial balance as operators read it: one currency after the other, its accounts, and the sum that must be zero.
import type { TrialBalanceRow } from '../ledger/balances.ts';
import { formatAmount, parseWireDecimal } from '../money.ts';
import { readable, table } from './table.ts';

export interface CurrencyBalance {
  readonly currency: string;
  /** Decimal strings by account kind; accounts of zero are left out. */
  readonly accounts: Readonly<Record<string, string>>;
  readonly sum: string;
}

/** Only currencies in which something was ever booked. */
export function trialBalanceView(rows: readonly TrialBalanceRow[]): CurrencyBalance[] {
  return [...Map.groupBy(rows, (row) => row.currency)].flatMap(([currency, all]) => {
    const moved = all.filter((row) => row.balanceMinor !== 0n);
    if (moved.length === 0) return [];
    const sum = all.reduce((total, row) => total + row.balanceMinor, 0n);
    const accounts = Object.fromEntries(moved.map((row) => [row.account, formatAmount(row.balanceMinor)]));
    return [{ currency, accounts, sum: formatAmount(sum) }];
  });
}

const ORDER = [
  'provider',
  'capital',
  'wallet_available',
  'wallet_held',
  'fee_income',
  'commissions_payable',
  'provider_charges',
  'receivable',
  'suspense',
];

/** Accounts down, currencies across, zeros as a dash. */
export function trialBalanceTable(balances: readonly CurrencyBalance[]): string {
  const currencies = balances.map((one) => one.currency);
  const cell = (text: string | undefined) => (text === undefined ? null : readable(parseWireDecimal(text) ?? 0n));
  const used = ORDER.filter((account) => balances.some((one) => one.accounts[account] !== undefined));
  return table(
    ['account', ...currencies],
    [
      ...used.map((account) => [account.replaceAll('_', ' '), ...balances.map((one) => cell(one.accounts[account]))]),
      ...(balances.length === 0 ? [] : [['sum', ...balances.map((one) => cell(one.sum))]]),
    ],
    { right: currencies, none: 'Nothing has been booked yet.' },
  );
}
