// The panels around merchants: merchants, their API keys, and whom they pay.
import { maskAccount } from '../../merchants/mask.ts';
import { accountOf, openPerson } from '../../merchants/person.ts';
import type { Verification } from '../../merchants/verification.ts';
import { type Cell, code, link, status, type Tone, text, time } from './cell.ts';
import { panel } from './panel.ts';
import { byId, byMethod, ID, merchant, words } from './vocabulary.ts';

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
    {
      name: 'Merchant',
      of: (row) => link('merchants', row.id, row.name),
      sort: {
        key: [
          { sql: 't.name COLLATE "C"', type: 'name' },
          { sql: 't.id', type: 'text' },
        ],
        ascending: true,
      },
    },
    { name: 'Id', of: (row) => code(row.id), wide: true },
    { name: 'Since', of: (row) => time(row.createdAt), sort: true },
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
    { title: 'Approval limits', panel: 'approval-limits', filters: { merchant: row.id } },
    { title: 'Beneficiaries', panel: 'beneficiaries', filters: { merchant: row.id } },
    { title: 'Bulks', panel: 'bulks', filters: { merchant: row.id } },
    { title: 'Webhook endpoints', panel: 'endpoints', filters: { merchant: row.id } },
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
  readonly rotatedFrom: string | null;
  readonly lastUsedAt: Date | null;
  readonly lastUsedAddress: string | null;
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
    t.revoked_at AS "revokedAt", coalesce(t.expires_at <= now(), false) AS expired,
    t.rotated_from AS "rotatedFrom", t.last_used_at AS "lastUsedAt", host(t.last_used_address) AS "lastUsedAddress"`,
  filters: [
    byId({ name: 'merchant', label: 'Merchant', column: 't.merchant_id', prefix: 'me', indexed: true }),
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
    { name: 'Last used', of: (row) => time(row.lastUsedAt), wide: true },
    { name: 'Made', of: (row) => time(row.createdAt), wide: true, sort: true },
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
        ['Last used', time(row.lastUsedAt)],
        ['From address', code(row.lastUsedAddress)],
        ['In the place of', link('keys', row.rotatedFrom)],
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
  readonly reference: string | null;
  readonly verification: Verification | null;
  readonly verifiedAt: Date | null;
  readonly deletedAt: Date | null;
}

const VERIFIED: Readonly<Record<Verification, Tone>> = {
  verified: 'good',
  exists: 'quiet',
  name_mismatch: 'warn',
  not_found: 'bad',
};
const verification = (said: Verification | null): Cell =>
  said === null ? null : status(said.replaceAll('_', ' '), VERIFIED[said]);

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
    t.updated_at AS "updatedAt", t.reference, t.verification, t.verified_at AS "verifiedAt", t.deleted_at AS "deletedAt", p.sealed`,
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
    { name: 'Verified', of: (row) => verification(row.verification), wide: true },
    { name: 'Saved', of: (row) => time(row.createdAt), wide: true, sort: true },
  ],
  id: (row) => row.id,
  byId: { form: ID('be'), sql: 't.id = ?' },
  heading: (row) => ({
    title: 'Beneficiary',
    ...(row.deletedAt !== null
      ? { badge: status('deleted', 'quiet') }
      : row.sealed === null
        ? { badge: status('erased', 'quiet') }
        : {}),
  }),
  sections: [
    {
      title: 'Beneficiary',
      facts: (row) => [
        ['Account', code(row.account)],
        ['Method', text([row.method, row.country].filter(Boolean).join(' '))],
        ['Merchant', merchant(row.merchantId, row.merchantName)],
        ["Merchant's reference", code(row.reference)],
        ['The provider says', verification(row.verification)],
        ['Asked', time(row.verifiedAt)],
        ['Saved', time(row.createdAt)],
        ['Deleted', time(row.deletedAt)],
      ],
    },
  ],
});
