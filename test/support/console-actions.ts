// Every action of the console on a row of the filled world that it fits, and what its form then asks for.
import type { Action } from '../../src/admin/actions/action.ts';
import { newId } from '../../src/ids.ts';
import type { Filled } from './console-data.ts';
import type { World } from './world.ts';

/** Beside what the world was filled with: somebody to be acted on, and a proposal of whoever acts. */
export interface Subjects {
  readonly data: Filled;
  readonly world: World;
  readonly other: string;
  readonly own: string;
}

/** The row that an action is tried on. */
export function subjectOf({ panel, name }: Action, { data, world, other, own }: Subjects): string {
  const rows: Readonly<Record<string, string>> = {
    transactions: name === 'approve' ? data.awaiting : data.waiting,
    beneficiaries: data.beneficiary,
    cases: data.openCase,
    'webhook-events': data.event,
    wallets: name === 'reopen' ? data.frozenWallet : data.wallet,
    keys: data.key,
    fees: data.fees,
    administrators: other,
    accounts: `${data.wallet}:available`,
    proposals: name === 'withdraw' ? own : data.proposal,
    bulks: data.bulk,
    deliveries: data.delivery,
    endpoints: name === 'enable' ? data.disabledEndpoint : data.endpoint,
    merchants: world.merchantId,
    'approval-limits': `${world.merchantId}.UGX`,
    'dual-control': 'UGX',
  };
  return rows[panel] ?? '';
}

const INPUTS: ReadonlyMap<string, Readonly<Record<string, string>>> = new Map([
  ['cases/resolve', { as: 'failed' }],
  ['fees/next-version', { percent: '1.5', flat: '200', minimum: '0', commission: '10' }],
  ['administrators/change-role', { role: 'operator' }],
  ['wallets/fund', { entry: newId('journalEntry'), amount: '2000' }],
  ['accounts/adjust', { entry: newId('journalEntry'), to: 'capital:UGX', amount: '10' }],
  ['keys/rotate', { overlap: '24' }],
  ['endpoints/rotate', { overlap: '0' }],
  ['endpoints/replay', { from: '2026-01-01T00:00', to: '2036-01-01T00:00' }],
  ['approval-limits/change', { above: '7000', daily: '90000' }],
  ['merchants/limit-payouts', { currency: 'KES', above: '1000' }],
  ['dual-control/change', { above: '0' }],
]);

/** What an action asks for before it shows its effect; empty for one that asks for nothing. */
export const inputOf = ({ panel, name }: Action): Readonly<Record<string, string>> =>
  INPUTS.get(`${panel}/${name}`) ?? {};

/** Where it is looked at and sent to, below the console. */
export const placeOf = (action: Action, of: Subjects): string =>
  `${action.panel}/${subjectOf(action, of)}/do/${action.name}`;
