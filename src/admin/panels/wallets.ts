// The panel of wallets: whose money it is, and how much of it.
import { code, link, money, status, text, time } from './cell.ts';
import { panel } from './panel.ts';
import { byCurrency, byId, ID, merchant, words } from './vocabulary.ts';

interface WalletOnPanel {
  readonly id: string;
  readonly merchantId: string;
  readonly merchantName: string;
  readonly owner: string;
  readonly currency: string;
  readonly frozenAt: Date | null;
  readonly createdAt: Date;
  readonly available: bigint;
  readonly held: bigint;
}

const frozen = (at: Date | null) => (at === null ? status('active', 'good') : status('frozen', 'bad'));

export const wallets = panel<WalletOnPanel>({
  path: 'wallets',
  title: 'Wallets',
  one: 'Wallet',
  group: 'Book',
  about:
    "Whose money it is, per owner and currency. A wallet's owner is the merchant itself, or a customer of the merchant's.",
  empty: 'No wallet is like that. Wallets open by themselves with the first payment in their currency.',
  permission: 'look',
  table: 'wallets',
  key: [{ sql: 't.id', type: 'text' }],
  joins: `JOIN merchants m ON m.id = t.merchant_id JOIN ledger_accounts a ON a.id = t.id || ':available'
    JOIN ledger_accounts h ON h.id = t.id || ':held'`,
  select: `t.id, t.merchant_id AS "merchantId", m.name AS "merchantName", t.owner, t.currency, t.frozen_at AS "frozenAt",
    t.created_at AS "createdAt", a.balance AS available, h.balance AS held`,
  filters: [
    byId({ name: 'merchant', label: 'Merchant', column: 't.merchant_id', prefix: 'me', indexed: true }),
    {
      kind: 'text',
      name: 'owner',
      label: 'Owner',
      form: /^[\x21-\x7e]{1,64}$/,
      hint: "Give the owner's reference whole.",
      when: (owner) => ({ sql: 't.owner = ?', values: [owner] }),
    },
    byCurrency(),
    words({ name: 'status', label: 'Status', column: '' }, ['active', 'frozen'], (value) => ({
      sql: `t.frozen_at IS ${value === 'frozen' ? 'NOT ' : ''}NULL`,
    })),
  ],
  columns: [
    { name: 'Wallet', of: (row) => link('wallets', row.id) },
    { name: 'Merchant', of: (row) => merchant(row.merchantId, row.merchantName) },
    {
      name: 'Owner',
      of: (row) => (row.owner === '' ? text('the merchant') : code(row.owner)),
      // Within each merchant.
      sort: {
        key: [
          { sql: 't.merchant_id', type: 'text' },
          { sql: 't.owner', type: 'text' },
          { sql: 't.currency', type: 'text' },
        ],
        ascending: true,
        serves: ['merchant'],
      },
    },
    { name: 'Available', of: (row) => money(row.available, row.currency), right: true },
    { name: 'Held', of: (row) => money(row.held, row.currency), right: true },
    { name: 'Status', of: (row) => frozen(row.frozenAt) },
    { name: 'Opened', of: (row) => time(row.createdAt), wide: true, sort: true },
  ],
  id: (row) => row.id,
  byId: { form: ID('wa'), sql: 't.id = ?' },
  heading: (row) => ({ title: `Wallet in ${row.currency}`, badge: frozen(row.frozenAt) }),
  sections: [
    {
      title: 'Balance',
      facts: (row) => [
        ['Available', money(row.available, row.currency)],
        ['Held', money(row.held, row.currency)],
        ['Frozen', time(row.frozenAt)],
      ],
    },
    {
      title: 'Whose',
      facts: (row) => [
        ['Merchant', merchant(row.merchantId, row.merchantName)],
        ['Owner', row.owner === '' ? text('the merchant itself') : code(row.owner)],
        ['Ledger accounts', link('accounts', `${row.id}:available`)],
        ['', link('accounts', `${row.id}:held`)],
        ['Opened', time(row.createdAt)],
      ],
    },
  ],
  related: (row) => [
    { title: 'Latest transactions', panel: 'transactions', filters: { wallet: row.id } },
    { title: 'Proposed', panel: 'proposals', filters: { subject: row.id, status: 'all' } },
    { title: 'Done to it', panel: 'audit', filters: { subject: row.id } },
  ],
});
