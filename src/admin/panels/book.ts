// The panels of the book: ledger accounts, journal entries and earnings. All of it is only looked at.
import { postingsOf } from '../pages/postings.ts';
import { code, link, money, status, text, time } from './cell.ts';
import { panel } from './panel.ts';
import { actor, byCurrency, byId, ID, merchant, subject, words } from './vocabulary.ts';

interface AccountOnPanel {
  readonly id: string;
  readonly kind: string;
  readonly currency: string;
  readonly walletId: string | null;
  readonly balance: bigint | string;
  readonly createdAt: Date;
}

// A system account is summed: its roll-up and what came since. A wallet's carries its balance.
const BALANCE = `coalesce(t.balance::numeric, coalesce(r.amount, 0) + coalesce((SELECT sum(p.amount) FROM postings p
  WHERE p.account_id = t.id AND p.balance_after IS NULL AND p.xact >= coalesce(r.through_xact, '0'::xid8)), 0))::text`;

export const accounts = panel<AccountOnPanel>({
  path: 'accounts',
  title: 'Ledger accounts',
  one: 'Ledger account',
  group: 'Book',
  about:
    'The lines of the book: system accounts first, then two for every wallet. Per currency all of them add up to zero.',
  empty: 'No ledger account is like that. Choose another kind or currency.',
  permission: 'look',
  table: 'ledger_accounts',
  key: [{ sql: 't.id', type: 'text' }],
  ascending: true,
  joins: 'LEFT JOIN ledger_rollups r ON r.account_id = t.id',
  select: `t.id, t.kind, t.currency, t.wallet_id AS "walletId", ${BALANCE} AS balance, t.created_at AS "createdAt"`,
  filters: [
    words(
      { name: 'kind', label: 'Kind', column: 't.kind' },
      ['provider', 'capital', 'fee_income', 'commissions_payable', 'provider_charges', 'receivable', 'suspense'],
      (kind) => ({ sql: `t.id >= '${kind}:' AND t.id < '${kind};'`, indexed: true }),
    ),
    byCurrency(),
  ],
  columns: [
    { name: 'Account', of: (row) => link('accounts', row.id), sort: true },
    { name: 'Kind', of: (row) => text(row.kind.replaceAll('_', ' ')) },
    { name: 'Balance', of: (row) => money(BigInt(row.balance), row.currency), right: true },
    { name: 'Wallet', of: (row) => link('wallets', row.walletId), wide: true },
  ],
  id: (row) => row.id,
  byId: { form: /^[A-Za-z0-9_]{2,40}:[A-Za-z]{3,10}$/, sql: 't.id = ?' },
  heading: (row) => ({ title: row.walletId === null ? row.id : 'Ledger account' }),
  sections: [
    {
      title: 'Account',
      facts: (row) => [
        ['Balance', money(BigInt(row.balance), row.currency)],
        ['Kind', text(row.kind.replaceAll('_', ' '))],
        ['Wallet', link('wallets', row.walletId)],
        ['Opened', time(row.createdAt)],
      ],
    },
  ],
  related: (row) => [{ title: 'Proposed', panel: 'proposals', filters: { subject: row.id, status: 'all' } }],
  extra: (ctx, base, row) => postingsOf(ctx, base, { account: row.id, currency: row.currency }),
});

interface EntryOnPanel {
  readonly id: string;
  readonly reference: string;
  readonly kind: string;
  readonly currency: string;
  readonly transactionId: string | null;
  readonly reason: string | null;
  readonly actor: string;
  readonly postedAt: Date;
  readonly moved: bigint | null;
}

export const entries = panel<EntryOnPanel>({
  path: 'entries',
  title: 'Journal entries',
  one: 'Journal entry',
  group: 'Book',
  about: 'Every booking ever made: balanced, and never changed.',
  empty: 'No entry is like that. Choose another kind, currency or day.',
  permission: 'look',
  table: 'journal_entries',
  key: [{ sql: 't.id', type: 'text' }],
  select: `t.id, t.reference, t.kind, t.currency, t.transaction_id AS "transactionId", t.reason, t.actor, t.posted_at AS "postedAt",
    (SELECT sum(p.amount)::bigint FROM postings p WHERE p.entry_id = t.id AND p.amount > 0) AS moved`,
  filters: [
    words({ name: 'kind', label: 'Kind', column: 't.kind' }, [
      'hold',
      'settle',
      'release',
      'reverse',
      'fund',
      'float',
      'suspend',
      'unsuspend',
      'resolve',
      'bulk_hold',
      'bulk_release',
      'adjust',
    ]),
    byCurrency(),
    { kind: 'days', name: 'posted', label: 'Posted', column: 't.posted_at', idPrefix: 'je' },
    {
      kind: 'text',
      name: 'transaction',
      label: 'Transaction',
      form: ID('(po|co)'),
      hint: 'Give an id such as po01J….',
      // An entry's reference begins with its transaction, and is unique: there is an index already.
      when: (id) => ({ sql: `t.reference >= ? || ':' AND t.reference < ? || ';'`, values: [id, id], indexed: true }),
    },
    {
      kind: 'text',
      name: 'reference',
      label: 'Reference',
      form: /^[\x21-\x7e]{3,120}$/,
      hint: 'Give it whole, such as po01J…:settle.',
      when: (reference) => ({ sql: 't.reference = ?', values: [reference], indexed: true }),
    },
  ],
  columns: [
    { name: 'Posted', of: (row) => time(row.postedAt), sort: true },
    { name: 'Entry', of: (row) => link('entries', row.id) },
    { name: 'Kind', of: (row) => text(row.kind.replaceAll('_', ' ')) },
    { name: 'Moved', of: (row) => money(row.moved, row.currency), right: true },
    { name: 'Transaction', of: (row) => link('transactions', row.transactionId) },
    { name: 'Reference', of: (row) => code(row.reference), wide: true },
    { name: 'By', of: (row) => actor(row.actor), wide: true },
  ],
  id: (row) => row.id,
  byId: { form: ID('je'), sql: 't.id = ?' },
  heading: (row) => ({ title: `Entry: ${row.kind.replaceAll('_', ' ')}` }),
  sections: [
    {
      title: 'Entry',
      facts: (row) => [
        ['Posted', time(row.postedAt)],
        ['Reference', code(row.reference)],
        ['Transaction', link('transactions', row.transactionId)],
        ['By', actor(row.actor)],
        ['Reason', text(row.reason)],
      ],
    },
  ],
  extra: (ctx, base, row) => postingsOf(ctx, base, { entry: row.id, currency: row.currency }),
});

interface EarningOnPanel {
  readonly transactionId: string;
  readonly kind: string;
  readonly step: 'settle' | 'reverse';
  readonly merchantId: string;
  readonly merchantName: string;
  readonly currency: string;
  readonly amountMinor: bigint;
  readonly earnedAt: Date;
}

export const earnings = panel<EarningOnPanel>({
  path: 'earnings',
  title: 'Earnings',
  one: 'Earning',
  group: 'Book',
  about:
    'What each settled transaction earned: the fee that was kept, and the commission owed to a partner. A return takes it back.',
  empty: 'Nothing was earned like that. Earnings come with the first settled payment that has a fee.',
  permission: 'look',
  table: 'earnings',
  key: [
    { sql: 't.earned_at', type: 'timestamptz' },
    { sql: 't.transaction_id', type: 'text' },
    { sql: 't.kind', type: 'text' },
    { sql: 't.step', type: 'text' },
  ],
  joins: 'JOIN merchants m ON m.id = t.merchant_id',
  select: `t.transaction_id AS "transactionId", t.kind, t.step, t.merchant_id AS "merchantId", m.name AS "merchantName", t.currency,
    t.amount_minor AS "amountMinor", t.earned_at AS "earnedAt"`,
  filters: [
    words({ name: 'kind', label: 'Kind', column: 't.kind' }, ['service_fee', 'commission']),
    words({ name: 'step', label: 'Earned or taken back', column: 't.step' }, ['settle', 'reverse']),
    byCurrency(),
    { kind: 'days', name: 'earned', label: 'Earned', column: 't.earned_at' },
    byId({ name: 'merchant', label: 'Merchant', column: 't.merchant_id', prefix: 'me', indexed: true }),
    byId({ name: 'transaction', label: 'Transaction', column: 't.transaction_id', prefix: '(po|co)', indexed: true }),
  ],
  columns: [
    { name: 'Earned', of: (row) => time(row.earnedAt), sort: true },
    { name: 'Earning', of: (row) => link('earnings', earningId(row), row.kind.replaceAll('_', ' ')) },
    { name: 'Amount', of: (row) => money(row.amountMinor, row.currency), right: true },
    {
      name: 'Transaction',
      of: (row) => link('transactions', row.transactionId),
      sort: {
        key: [
          { sql: 't.transaction_id', type: 'text' },
          { sql: 't.kind', type: 'text' },
          { sql: 't.step', type: 'text' },
        ],
        serves: ['transaction'],
      },
    },
    { name: 'Merchant', of: (row) => merchant(row.merchantId, row.merchantName), wide: true },
  ],
  id: earningId,
  byId: {
    form: /^(po|co)[0-9A-Z]{26}\.[a-z_]{3,20}\.[a-z]{3,10}$/,
    sql: 't.transaction_id = ? AND t.kind = ? AND t.step = ?',
    values: (id) => id.split('.'),
  },
  heading: (row) => ({
    title: row.kind.replaceAll('_', ' '),
    badge: row.step === 'settle' ? status('earned', 'good') : status('taken back', 'bad'),
  }),
  sections: [
    {
      title: 'Earning',
      facts: (row) => [
        ['Amount', money(row.amountMinor, row.currency)],
        ['Transaction', subject(row.transactionId)],
        ['Merchant', merchant(row.merchantId, row.merchantName)],
        ['Earned', time(row.earnedAt)],
      ],
    },
  ],
});

function earningId(row: EarningOnPanel): string {
  return `${row.transactionId}.${row.kind}.${row.step}`;
}
