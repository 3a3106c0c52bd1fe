// Every panel of the console, in the order of its navigation. A new model gets its panel by one description and one line here.
import { accounts, earnings, entries } from './book.ts';
import { beneficiaries, keys, merchants } from './merchants.ts';
import { administrators, auditLog, cases } from './operations.ts';
import type { AnyPanel } from './panel.ts';
import { attempts, webhookEvents } from './provider.ts';
import { approvalLimits, fees } from './rules.ts';
import { transactions } from './transactions.ts';
import { wallets } from './wallets.ts';

export const PANELS: readonly AnyPanel[] = [
  transactions,
  cases,
  attempts,
  webhookEvents,
  wallets,
  accounts,
  entries,
  earnings,
  merchants,
  keys,
  beneficiaries,
  fees,
  approvalLimits,
  auditLog,
  administrators,
];

/** Null for a word that is no panel. */
export function panelOf(path: string): AnyPanel | null {
  return PANELS.find((one) => one.path === path) ?? null;
}
