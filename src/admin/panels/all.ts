// Every panel of the console, in the order of its navigation. A new model gets its panel by one description and one line here.
import { accounts, earnings, entries } from './book.ts';
import { bulkRows, bulks } from './bulks.ts';
import { endpoints, replays } from './endpoints.ts';
import { deliveries, events } from './events.ts';
import { beneficiaries, keys, merchants } from './merchants.ts';
import { administrators, auditLog, cases } from './operations.ts';
import type { AnyPanel } from './panel.ts';
import { dualControl, proposals } from './proposals.ts';
import { attempts, webhookEvents } from './provider.ts';
import { approvalLimits, fees } from './rules.ts';
import { transactions } from './transactions.ts';
import { dataKeys, idempotencyKeys, recoveries } from './upkeep.ts';
import { wallets } from './wallets.ts';

export const PANELS: readonly AnyPanel[] = [
  transactions,
  cases,
  proposals,
  attempts,
  webhookEvents,
  bulks,
  bulkRows,
  wallets,
  accounts,
  entries,
  earnings,
  merchants,
  keys,
  beneficiaries,
  fees,
  approvalLimits,
  idempotencyKeys,
  endpoints,
  events,
  deliveries,
  replays,
  auditLog,
  administrators,
  dualControl,
  recoveries,
  dataKeys,
];

/** Null for a word that is no panel. */
export function panelOf(path: string): AnyPanel | null {
  return PANELS.find((one) => one.path === path) ?? null;
}
