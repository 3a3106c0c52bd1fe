// The panels around merchants: merchants, their API keys, whom they pay, and what we charge them.
import { maskAccount } from '../../merchants/mask.ts';
import { accountOf, openPerson } from '../../merchants/person.ts';
import { formatPercent } from '../../pricing/percent.ts';
import { type Cell, code, link, money, status, text, time } from './cell.ts';
import { panel } from './panel.ts';
import { actor, byCurrency, byId, byMethod, ID, merchant, words } from './vocabulary.ts';

interface MerchantOnPanel {
  readonly id: string;
  readonly name: string;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

export const merchants = panel<MerchantOnPanel>({
  path: 'merchants',
  title: 'Merchants',
  one: 'Merchant',
  group: 'Merchants',
  about: 'Whoever calls our API.',
  empty: 'There is no such merchant. Make one with: cli merchants create --name …',
  permission: 'look',
  table: 'merchants',
  key: [{ sql: 't.id', type: 'text' }],
  select: `t.id, t.name, t.created_at AS "createdAt", t.updated_at AS "updatedAt"`,
  filters: [
    {
      kind: 'text',
      name: 'name',
      label: 'Name contains',
      form: /^[^\p{Cc}\p{Cs}]{1,100}$/u,
      hint: 'Give up to 100 characters.',
      when: (part) => ({ sql: 'strpos(lower(t.name), lower(?)) > 0', values: [part] }),
    },
  ],
  columns: [
    { name: 'Merchant', of: (row) => link('merchants', row.id, row.name) },
    { name: 'Id', of: (row) => code(row.id), wide: true },
    { name: 'Since', of: (row) => time(row.createdAt) },
  ],
  id: (row) => row.id,
  byId: { form: ID('me'), sql: 't.id = ?' },
  heading: (row) => ({ title: row.name }),
  sections: [
    {
      title: 'Merchant',
      facts: (row) => [
        ['Name', text(row.name)],
        ['Since', time(row.createdAt)],
        ['Changed', time(row.updatedAt)],
      ],
    },
  ],
  related: (row) => [
    { title: 'Latest transactions', panel: 'transactions', filters: { merchant: row.id } },
    { title: 'Wallets', panel: 'wallets', filters: { merchant: row.id } },
    { title: 'API keys', panel: 'keys', filters: { merchant: row.id } },
    { title: 'Fee schedules of its own', panel: 'fees', filters: { merchant: row.id } },
    { title: 'Beneficiaries', panel: 'beneficiaries', filters: { merchant: row.id } },
  ],
});

interface KeyOnPanel {
  readonly id: string;
  readonly merchantId: string;
  readonly merchantName: string;
  readonly name: string;
  readonly environment: string;
  readonly lastFour: string;
  readonly scopes: readonly string[];
  readonly allowedAddresses: readonly string[];
  readonly createdAt: Date;
  readonly expiresAt: Date | null;
  readonly revokedAt: Date | null;
  readonly expired: boolean;
}

function usable(row: KeyOnPanel): Cell {
  if (row.revokedAt !== null) return status('revoked', 'bad');
  return row.expired ? status('expired', 'quiet') : status('usable', 'good');
}

export const keys = panel<KeyOnPanel>({
  path: 'keys',
  title: 'API keys',
  one: 'API key',
  group: 'Merchants',
  about: "How merchants' programs are known. A key itself is shown once, when it is made, and kept nowhere.",
  empty: 'There is no such key. Make one with: cli keys create --merchant …',
  permission: 'look',
  table: 'api_keys',
  key: [{ sql: 't.id', type: 'text' }],
  joins: 'JOIN merchants m ON m.id = t.merchant_id',
  select: `t.id, t.merchant_id AS "merchantId", m.name AS "merchantName", t.name, t.environment, t.last_four AS "lastFour", t.scopes,
    t.allowed_addresses::text[] AS "allowedAddresses", t.created_at AS "createdAt", t.expires_at AS "expiresAt",
    t.revoked_at AS "revokedAt", coalesce(t.expires_at <= now(), false) AS expired`,
  filters: [
    byId({ name: 'merchant', label: 'Merchant', column: 't.merchant_id', prefix: 'me' }),
    words({ name: 'status', label: 'Status', column: '' }, ['usable', 'revoked'], (value) => ({
      sql:
        value === 'revoked'
          ? 't.revoked_at IS NOT NULL'
          : 't.revoked_at IS NULL AND (t.expires_at IS NULL OR t.expires_at > now())',
    })),
    {
      kind: 'text',
      name: 'ending',
      label: 'Ends in',
      form: /^[0-9A-Za-z]{4}$/,
      hint: 'Give its last four characters.',
      when: (ending) => ({ sql: 't.last_four = ?', values: [ending] }),
    },
  ],
  columns: [
    { name: 'Key', of: (row) => link('keys', row.id, row.name) },
    { name: 'Ends in', of: (row) => code(row.lastFour) },
    { name: 'Merchant', of: (row) => merchant(row.merchantId, row.merchantName) },
    { name: 'Status', of: usable },
    { name: 'Scopes', of: (row) => text(row.scopes.join(', ')), wide: true },
    { name: 'Made', of: (row) => time(row.createdAt), wide: true },
  ],
  id: (row) => row.id,
  byId: { form: ID('ak'), sql: 't.id = ?' },
  heading: (row) => ({ title: row.name, badge: usable(row) }),
  sections: [
    {
      title: 'API key',
      facts: (row) => [
        ['Merchant', merchant(row.merchantId, row.merchantName)],
        ['Ends in', code(row.lastFour)],
        ['Environment', text(row.environment)],
        ['Scopes', text(row.scopes.join(', '))],
        ['May be used from', text(row.allowedAddresses.join(', ') || 'anywhere')],
        ['Made', time(row.createdAt)],
        ['Expires', row.expiresAt === null ? text('never') : time(row.expiresAt)],
        ['Revoked', time(row.revokedAt)],
      ],
    },
  ],
  related: (row) => [{ title: 'Done to it', panel: 'audit', filters: { subject: row.id } }],
});

interface BeneficiaryOnPanel {
  readonly id: string;
  readonly merchantId: string;
  readonly merchantName: string;
  readonly method: string;
  readonly country: string | null;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  readonly sealed: Buffer | null;
  readonly account: string | null;
}

export const beneficiaries = panel<BeneficiaryOnPanel>({
  path: 'beneficiaries',
  title: 'Beneficiaries',
  one: 'Beneficiary',
  group: 'Merchants',
  about: 'Whom merchants pay, saved once. Accounts are masked, names are not shown.',
  empty: 'There is no such beneficiary. Merchants save them through the API.',
  permission: 'look',
  table: 'beneficiaries',
  key: [{ sql: 't.id', type: 'text' }],
  joins: 'JOIN merchants m ON m.id = t.merchant_id LEFT JOIN personal_data p ON p.subject_id = t.id',
  select: `t.id, t.merchant_id AS "merchantId", m.name AS "merchantName", t.method, t.country, t.created_at AS "createdAt",
    t.updated_at AS "updatedAt", p.sealed`,
  complete: (ctx, row) => {
    const person = openPerson(ctx.vault, row.sealed);
    const account = person === null ? null : accountOf(person);
    return { ...row, account: account === null ? null : maskAccount(account) };
  },
  filters: [
    byId({ name: 'merchant', label: 'Merchant', column: 't.merchant_id', prefix: 'me', indexed: true }),
    byMethod,
    { kind: 'days', name: 'created', label: 'Saved', column: 't.created_at', idPrefix: 'be' },
  ],
  columns: [
    { name: 'Beneficiary', of: (row) => link('beneficiaries', row.id) },
    { name: 'Account', of: (row) => code(row.account) },
    { name: 'Method', of: (row) => text([row.method, row.country].filter(Boolean).join(' ')) },
    { name: 'Merchant', of: (row) => merchant(row.merchantId, row.merchantName) },
    { name: 'Saved', of: (row) => time(row.createdAt), wide: true },
  ],
  id: (row) => row.id,
  byId: { form: ID('be'), sql: 't.id = ?' },
  heading: (row) => ({
    title: 'Beneficiary',
    ...(row.sealed === null ? { badge: status('erased', 'quiet') } : {}),
  }),
  sections: [
    {
      title: 'Beneficiary',
      facts: (row) => [
        ['Account', code(row.account)],
        ['Method', text([row.method, row.country].filter(Boolean).join(' '))],
        ['Merchant', merchant(row.merchantId, row.merchantName)],
        ['Saved', time(row.createdAt)],
        ['Changed', time(row.updatedAt)],
      ],
    },
  ],
});

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
    { name: 'Schedule', of: (row) => link('fees', row.id) },
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
