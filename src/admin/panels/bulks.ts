// The panels of bulks: files of payouts, and what became of each of their rows.
import type { BulkState, Hold, RowState } from '../../payouts/bulk/bulk.ts';
import { ROW_STATUS, type RowStatus } from '../../payouts/bulk/view.ts';
import { STATES, type State } from '../../transactions/states.ts';
import { type Cell, code, json, link, money, status, type Tone, text, time } from './cell.ts';
import { panel } from './panel.ts';
import { actor, byCurrency, byId, ID, merchant, stateOf, words } from './vocabulary.ts';

interface BulkOnPanel {
  readonly id: string;
  readonly merchantId: string;
  readonly merchantName: string;
  readonly state: BulkState;
  readonly hold: Hold;
  readonly rows: number;
  readonly reference: string | null;
  readonly metadata: unknown;
  readonly cancelledBy: string | null;
  readonly dueAt: Date | null;
  readonly tries: number;
  /** Payouts of it await approval. */
  readonly awaits: boolean;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

const TONES: Readonly<Record<BulkState, Tone>> = {
  accepting: 'busy',
  cancelling: 'warn',
  processing: 'busy',
  done: 'good',
};
const standing = (row: BulkOnPanel): Cell =>
  row.awaits ? status('awaiting approval', 'warn') : status(row.state, TONES[row.state]);

// What awaits approval is rare, and found by its state first; OFFSET 0 keeps it that way.
const AWAITS = `EXISTS (SELECT FROM (SELECT x.id FROM transactions x WHERE x.merchant_id = t.merchant_id AND x.state = 'awaiting_approval' OFFSET 0) x
  JOIN bulk_rows r ON r.payout_id = x.id WHERE r.bulk_id = t.id AND r.state = 'accepted')`;

export const bulks = panel<BulkOnPanel>({
  path: 'bulks',
  title: 'Bulks',
  one: 'Bulk',
  group: 'Payments',
  about: 'Files of payouts, handed in at once.',
  empty: 'There is no such bulk. Merchants hand them in through the API.',
  permission: 'look',
  table: 'bulks',
  key: [{ sql: 't.id', type: 'text' }],
  joins: 'JOIN merchants m ON m.id = t.merchant_id',
  select: `t.id, t.merchant_id AS "merchantId", m.name AS "merchantName", t.state, t.hold, t.rows, t.reference, t.metadata,
    t.cancelled_by AS "cancelledBy", t.due_at AS "dueAt", t.tries, t.created_at AS "createdAt", t.updated_at AS "updatedAt", ${AWAITS} AS awaits`,
  filters: [
    words({ name: 'status', label: 'Status', column: 't.state' }, ['accepting', 'cancelling', 'processing', 'done']),
    byId({ name: 'merchant', label: 'Merchant', column: 't.merchant_id', prefix: 'me', indexed: true }),
    {
      kind: 'text',
      name: 'reference',
      label: 'Reference',
      form: /^[\x21-\x7e]{1,64}$/,
      hint: 'Give it whole, without spaces.',
      when: (reference) => ({ sql: 't.reference = ?', values: [reference] }),
    },
    { kind: 'days', name: 'created', label: 'Handed in', column: 't.created_at', idPrefix: 'bu' },
  ],
  columns: [
    { name: 'Handed in', of: (row) => time(row.createdAt), sort: true },
    { name: 'Bulk', of: (row) => link('bulks', row.id) },
    { name: 'Status', of: standing },
    {
      name: 'Rows',
      of: (row) => text(row.rows),
      right: true,
      sort: {
        key: [
          { sql: 't.rows', type: 'bigint' },
          { sql: 't.id', type: 'text' },
        ],
      },
    },
    { name: 'Merchant', of: (row) => merchant(row.merchantId, row.merchantName) },
    { name: 'Reference', of: (row) => code(row.reference), wide: true },
  ],
  id: (row) => row.id,
  byId: { form: ID('bu'), sql: 't.id = ?' },
  heading: (row) => ({ title: 'Bulk', badge: standing(row) }),
  sections: [
    {
      title: 'Bulk',
      facts: (row) => [
        ['Merchant', merchant(row.merchantId, row.merchantName)],
        ['Rows', text(row.rows)],
        ['Money', text(row.hold === 'each' ? 'each row takes its own' : 'all rows together, or none')],
        ["Merchant's reference", code(row.reference)],
        ['Metadata', json(row.metadata)],
      ],
    },
    {
      title: 'Course',
      facts: (row) => [
        ['Handed in', time(row.createdAt)],
        ['Changed', time(row.updatedAt)],
        ['Next look', time(row.dueAt)],
        ['Fruitless tries in a row', row.tries === 0 ? null : text(row.tries)],
        ['Cancelled by', actor(row.cancelledBy)],
      ],
    },
  ],
  related: (row) => [
    { title: 'Rows', panel: 'bulk-rows', filters: { bulk: row.id } },
    { title: 'Done to it', panel: 'audit', filters: { subject: row.id } },
  ],
});

interface RowOnPanel {
  readonly bulkId: string;
  readonly number: number;
  readonly round: number;
  readonly status: RowStatus | 'retried';
  readonly state: RowState;
  readonly payoutId: string | null;
  readonly payout: string | null;
  readonly currency: string | null;
  readonly amountMinor: bigint | null;
  readonly heldMinor: bigint | null;
  readonly maxFeeMinor: bigint | null;
  readonly walletId: string | null;
  readonly reference: string | null;
  readonly errors: unknown;
  readonly erasureAskedAt: Date | null;
}

const ROW_TONES: Readonly<Record<string, Tone>> = {
  waiting: 'busy',
  refused: 'bad',
  cancelled: 'quiet',
  retried: 'quiet',
};
const became = ({ status: now }: RowOnPanel): Cell =>
  Object.hasOwn(STATES, now) ? stateOf(now as State) : status(now, ROW_TONES[now] ?? 'quiet');
const rowId = (row: RowOnPanel) => `${row.bulkId}.${row.number}.${row.round}`;

export const bulkRows = panel<RowOnPanel>({
  path: 'bulk-rows',
  title: 'Rows of bulks',
  one: 'Row of a bulk',
  group: 'Payments',
  about:
    'What became of each row of a file, once for every round it was tried in. Whom it pays stands with its payout.',
  empty: 'There is no such row.',
  permission: 'look',
  table: 'bulk_rows',
  key: [
    { sql: 't.bulk_id', type: 'text' },
    { sql: 't.number', type: 'bigint' },
    { sql: 't.round', type: 'bigint' },
  ],
  ascending: true,
  joins: 'LEFT JOIN transactions x ON x.id = t.payout_id',
  select: `t.bulk_id AS "bulkId", t.number, t.round, ${ROW_STATUS.replaceAll('t.state', 'x.state').replaceAll('r.state', 't.state')} AS status,
    t.state, t.payout_id AS "payoutId", x.id AS payout, t.currency, coalesce(x.amount_minor, t.amount_minor) AS "amountMinor",
    t.held_minor AS "heldMinor", t.max_fee_minor AS "maxFeeMinor", t.wallet_id AS "walletId", t.reference, t.errors,
    t.erasure_asked_at AS "erasureAskedAt"`,
  filters: [
    byId({ name: 'bulk', label: 'Bulk', column: 't.bulk_id', prefix: 'bu', indexed: true }),
    words({ name: 'status', label: 'Status', column: 't.state' }, [
      'waiting',
      'accepted',
      'refused',
      'cancelled',
      'retried',
    ]),
    byCurrency(),
    byId({ name: 'payout', label: 'Payout', column: 't.payout_id', prefix: 'po', indexed: true }),
  ],
  columns: [
    { name: 'Row', of: (row) => link('bulk-rows', rowId(row), `no. ${row.number}`) },
    { name: 'Bulk', of: (row) => link('bulks', row.bulkId), sort: true },
    { name: 'Status', of: became },
    { name: 'Amount', of: (row) => money(row.amountMinor, row.currency), right: true },
    { name: 'Payout', of: (row) => link('transactions', row.payout) },
    { name: 'Reference', of: (row) => code(row.reference), wide: true },
    { name: 'Round', of: (row) => text(row.round), right: true, wide: true },
  ],
  id: rowId,
  byId: {
    form: /^bu[0-9A-Z]{26}\.[1-9][0-9]{0,4}\.[1-9][0-9]{0,4}$/,
    sql: 't.bulk_id = ? AND t.number = ?::int AND t.round = ?::int',
    values: (id) => id.split('.'),
  },
  heading: (row) => ({ title: `Row no. ${row.number}`, badge: became(row) }),
  sections: [
    {
      title: 'Row',
      facts: (row) => [
        ['Bulk', link('bulks', row.bulkId)],
        ['Payout', row.payout === null ? code(row.payoutId) : link('transactions', row.payout)],
        ['Amount', money(row.amountMinor, row.currency)],
        ['Set aside for it', money(row.heldMinor, row.currency)],
        ['Fee at most', money(row.maxFeeMinor, row.currency)],
        ['Wallet of the common hold', link('wallets', row.walletId)],
        ["Merchant's reference", code(row.reference)],
        ['Round', text(row.round)],
        ['What is wrong with it', json(row.errors)],
        ['Erasure asked for', time(row.erasureAskedAt)],
      ],
    },
  ],
});
