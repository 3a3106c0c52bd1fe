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

/** So many currencies stand side by side in a terminal of usual width. */
const ABREAST = 4;

/** Accounts down, currencies across, a few at a time; zeros as a dash. */
export function trialBalanceTable(balances: readonly CurrencyBalance[]): string {
  if (balances.length === 0) return 'Nothing has been booked yet.';
  const blocks = [];
  for (let at = 0; at < balances.length; at += ABREAST) blocks.push(block(balances.slice(at, at + ABREAST)));
  return blocks.join('\n\n');
}

function block(balances: readonly CurrencyBalance[]): string {
  const currencies = balances.map((one) => one.currency);
  const cell = (text: string | undefined) => (text === undefined ? null : readable(parseWireDecimal(text) ?? 0n));
  const used = ORDER.filter((account) => balances.some((one) => one.accounts[account] !== undefined));
  const accounts = used.map((account) => [
    account.replaceAll('_', ' '),
    ...balances.map((one) => cell(one.accounts[account])),
  ]);
  return table(['account', ...currencies], [...accounts, ['sum', ...balances.map((one) => cell(one.sum))]], {
    right: currencies,
  });
}
