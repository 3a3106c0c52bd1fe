// The panels of the rules payments follow: what we charge, and above what somebody else has to approve.
import { CURRENCIES } from '../../money.ts';
import { formatPercent } from '../../pricing/percent.ts';
import { type Cell, link, money, status, text, time } from './cell.ts';
import { panel } from './panel.ts';
import { actor, byCurrency, byId, ID, merchant, words } from './vocabulary.ts';

interface ScheduleOnPanel {
  readonly id: string;
  readonly type: string;
  readonly merchantId: string | null;
  readonly merchantName: string | null;
  readonly method: string | null;
  readonly country: string | null;
  readonly currency: string | null;
  readonly version: number;
  readonly basis: 'own' | 'cost_plus';
  readonly percentPpm: number;
  readonly flatMinor: bigint;
  readonly minimumMinor: bigint;
  readonly maximumMinor: bigint | null;
  readonly ceilingMinor: bigint | null;
  readonly commissionPpm: number;
  readonly createdAt: Date;
  readonly createdBy: string;
  readonly isCurrent: boolean;
}

const percent = (ppm: number) => `${formatPercent(ppm)} %`;
const any = (word: string | null): Cell => text(word ?? 'any');
const inForce = (row: ScheduleOnPanel) => (row.isCurrent ? status('in force', 'good') : status('superseded', 'quiet'));

export const fees = panel<ScheduleOnPanel>({
  path: 'fees',
  title: 'Fee schedules',
  one: 'Fee schedule',
  group: 'Merchants',
  about: 'What we charge. A version is never changed; transactions keep the one they were accepted under.',
  empty: 'There is no such fee schedule. Without one of its own a merchant pays what everybody pays.',
  permission: 'look',
  table: 'fee_schedules',
  key: [{ sql: 't.id', type: 'text' }],
  joins: 'LEFT JOIN merchants m ON m.id = t.merchant_id',
  select: `t.id, t.type, t.merchant_id AS "merchantId", m.name AS "merchantName", t.method, t.country, t.currency, t.version, t.basis,
    t.percent_ppm AS "percentPpm", t.flat_minor AS "flatMinor", t.minimum_minor AS "minimumMinor", t.maximum_minor AS "maximumMinor",
    t.ceiling_minor AS "ceilingMinor", t.commission_ppm AS "commissionPpm", t.created_at AS "createdAt", t.created_by AS "createdBy",
    NOT EXISTS (SELECT 1 FROM fee_schedules n WHERE n.type = t.type AND n.merchant_id IS NOT DISTINCT FROM t.merchant_id
      AND n.method IS NOT DISTINCT FROM t.method AND n.country IS NOT DISTINCT FROM t.country
      AND n.currency IS NOT DISTINCT FROM t.currency AND n.version > t.version) AS "isCurrent"`,
  filters: [
    words({ name: 'type', label: 'Type', column: 't.type' }, ['payout', 'collection']),
    byCurrency(),
    byId({ name: 'merchant', label: 'Merchant', column: 't.merchant_id', prefix: 'me' }),
  ],
  columns: [
    { name: 'Schedule', of: (row) => link('fees', row.id), sort: true },
    { name: 'Type', of: (row) => text(row.type) },
    {
      name: 'Merchant',
      of: (row) => (row.merchantId === null ? any(null) : merchant(row.merchantId, row.merchantName)),
    },
    { name: 'Scope', of: (row) => text([row.method, row.country, row.currency].filter(Boolean).join(' ') || 'any') },
    { name: 'Percent', of: (row) => text(percent(row.percentPpm)), right: true },
    { name: 'Flat', of: (row) => money(row.flatMinor, row.currency), right: true },
    { name: 'Version', of: (row) => text(row.version), right: true, wide: true },
    { name: 'Status', of: inForce },
  ],
  id: (row) => row.id,
  byId: { form: ID('fs'), sql: 't.id = ?' },
  heading: (row) => ({ title: `Fee schedule for ${row.type}s, version ${row.version}`, badge: inForce(row) }),
  sections: [
    {
      title: 'Whom and what it covers',
      facts: (row) => [
        ['Merchant', row.merchantId === null ? any(null) : merchant(row.merchantId, row.merchantName)],
        ['Method', any(row.method)],
        ['Country', any(row.country)],
        ['Currency', any(row.currency)],
      ],
    },
    {
      title: 'What it charges',
      facts: (row) => [
        ['Basis', text(row.basis === 'own' ? 'our own tariff' : "the provider's charge and our part")],
        ['Percent', text(percent(row.percentPpm))],
        ['Flat', money(row.flatMinor, row.currency)],
        ['At least', money(row.minimumMinor, row.currency)],
        ['At most', money(row.maximumMinor, row.currency)],
        ['Ceiling', money(row.ceilingMinor, row.currency)],
        ["Partner's share of it", text(percent(row.commissionPpm))],
        ['Since', time(row.createdAt)],
        ['By', actor(row.createdBy)],
      ],
    },
  ],
});

interface LimitOnPanel {
  readonly merchantId: string;
  readonly merchantName: string;
  readonly currency: string;
  readonly aboveMinor: bigint | null;
  readonly dailyAboveMinor: bigint | null;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

const limitId = (row: LimitOnPanel) => `${row.merchantId}.${row.currency}`;

export const approvalLimits = panel<LimitOnPanel>({
  path: 'approval-limits',
  title: 'Approval limits',
  one: 'Approval limit',
  group: 'Merchants',
  about: "Above which amounts a merchant's payouts await somebody else's approval.",
  empty:
    'There is no such limit: payouts go out without a second pair of eyes. Set one with: cli merchants approval --help',
  permission: 'look',
  table: 'approval_limits',
  key: [
    { sql: 't.merchant_id', type: 'text' },
    { sql: 't.currency', type: 'text' },
  ],
  joins: 'JOIN merchants m ON m.id = t.merchant_id',
  select: `t.merchant_id AS "merchantId", m.name AS "merchantName", t.currency, t.above_minor AS "aboveMinor",
    t.daily_above_minor AS "dailyAboveMinor", t.created_at AS "createdAt", t.updated_at AS "updatedAt"`,
  filters: [
    byId({ name: 'merchant', label: 'Merchant', column: 't.merchant_id', prefix: 'me', indexed: true }),
    byCurrency(),
  ],
  columns: [
    {
      name: 'Limit',
      of: (row) => link('approval-limits', limitId(row), row.currency),
      sort: {
        key: [
          { sql: 't.currency', type: 'text' },
          { sql: 't.merchant_id', type: 'text' },
        ],
        ascending: true,
        serves: ['currency'],
      },
    },
    { name: 'Merchant', of: (row) => merchant(row.merchantId, row.merchantName), sort: true },
    { name: 'One account in 24 h', of: (row) => money(row.aboveMinor, row.currency), right: true },
    { name: 'In all in 24 h', of: (row) => money(row.dailyAboveMinor, row.currency), right: true },
    { name: 'Changed', of: (row) => time(row.updatedAt), wide: true },
  ],
  id: limitId,
  byId: {
    form: new RegExp(`^me[0-9A-Z]{26}\\.(${CURRENCIES.join('|')})$`),
    sql: 't.merchant_id = ? AND t.currency = ?',
    values: (id) => id.split('.'),
  },
  heading: (row) => ({ title: `Approval limit in ${row.currency}` }),
  sections: [
    {
      title: 'Payouts await approval',
      facts: (row) => [
        ['Merchant', merchant(row.merchantId, row.merchantName)],
        ['Above, to one account in 24 hours', money(row.aboveMinor, row.currency)],
        ['Above, in all in 24 hours', money(row.dailyAboveMinor, row.currency)],
        ['Since', time(row.createdAt)],
        ['Changed', time(row.updatedAt)],
      ],
    },
  ],
  related: (row) => [
    {
      title: 'Awaiting approval',
      panel: 'transactions',
      filters: { merchant: row.merchantId, status: 'awaiting_approval' },
    },
  ],
});
