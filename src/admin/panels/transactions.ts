// The panel of transactions: collections and payouts of every merchant.
import { IN_VAIN } from '../../activity/now.ts';
import type { Context } from '../../context.ts';
import { maskAccount } from '../../merchants/mask.ts';
import { accountOf, openPerson } from '../../merchants/person.ts';
import { STATE_NAMES, STATES } from '../../transactions/states.ts';
import type { TransactionRow } from '../../transactions/transaction.ts';
import { timelineOf } from '../pages/timeline.ts';
import { code, json, link, money, text, time } from './cell.ts';
import { meaningOf } from './meaning.ts';
import { type Condition, type Filter, panel } from './panel.ts';
import { actor, byCurrency, byId, byMethod, merchant, stateOf, words } from './vocabulary.ts';

export interface TransactionOnPanel extends TransactionRow {
  readonly owner: string;
  readonly merchantName: string;
  readonly sealed: Buffer | null;
  /** Masked; null once erased. */
  readonly account: string | null;
  readonly openCases: number;
}

const COLUMNS = `t.id, t.type, t.merchant_id AS "merchantId", t.wallet_id AS "walletId", t.state, t.currency, t.amount_minor AS "amountMinor",
  t.max_amount_minor AS "maxAmountMinor", t.destination_currency AS "destinationCurrency",
  t.destination_amount_minor AS "destinationAmountMinor", t.country, t.method, t.fee_schedule_id AS "feeScheduleId",
  t.fee_minor AS "feeMinor", t.fee_ceiling_minor AS "feeCeilingMinor", t.held_minor AS "heldMinor", t.charge_minor AS "chargeMinor",
  t.provider_transaction_id AS "providerTransactionId", t.failure_code AS "failureCode", t.failure_message AS "failureMessage",
  t.reference, t.metadata, t.beneficiary_id AS "beneficiaryId", t.scheduled_at AS "scheduledAt",
  t.approved_at AS "approvedAt", t.refund_of AS "refundOf", t.actor,
  t.client_address AS "clientAddress", t.attempt_no AS "attemptNo", t.due_at AS "dueAt", t.tries, t.created_at AS "createdAt",
  t.updated_at AS "updatedAt", t.settled_at AS "settledAt", w.owner, m.name AS "merchantName", p.sealed,
  (SELECT count(*)::int FROM cases c WHERE c.transaction_id = t.id AND c.resolved_at IS NULL) AS "openCases"`;

/** What the overview counts as one: accepted, and not ended yet. */
const UNDER_WAY = 'under_way';
const ASIDE = new Set(['awaiting_approval', 'in_review', 'failed', 'cancelled', 'reversed']);

/** Rare states have an index of their own; what is on its way has a date, and the index of these; settled is nearly everything. */
function inState(state: string): Condition {
  const isDue = 't.due_at IS NOT NULL';
  if (state === UNDER_WAY)
    return { sql: `t.state IN ('accepted', 'submitting', 'submitted') AND ${isDue}`, among: isDue };
  const sql = `t.state = '${state}'`;
  if (ASIDE.has(state)) return { sql, indexed: true };
  return STATES[state as keyof typeof STATES].final ? { sql } : { sql: `${sql} AND ${isDue}`, among: isDue };
}

/** A digest in an address: what was looked for is personal, and addresses are written down in many places. */
const byDigest = (name: string, label: string, column: string): Filter => ({
  kind: 'text',
  name,
  label,
  hidden: true,
  form: /^[A-Za-z0-9_-]{43}(\.[A-Za-z0-9_-]{43}){0,20}$/,
  hint: 'Search for it again.',
  when: (digests: string) => ({
    sql: `t.id = ANY(ARRAY(SELECT subject_id FROM personal_data WHERE ${column} = ANY(?::bytea[]) LIMIT 10000))`,
    values: [digests.split('.').map((digest) => Buffer.from(digest, 'base64url'))],
    indexed: true,
  }),
});

export const transactions = panel<TransactionOnPanel>({
  path: 'transactions',
  title: 'Transactions',
  one: 'Transaction',
  group: 'Payments',
  about: 'Collections and payouts of every merchant, newest first.',
  empty:
    'No transaction is like that. Take a filter away, or search for an id, a reference or the last four digits of a phone.',
  permission: 'look',
  table: 'transactions',
  key: [
    { sql: 't.created_at', type: 'timestamptz' },
    { sql: 't.id', type: 'text' },
  ],
  // An index by time over all of them would be paid by every payment.
  walk: { key: [{ sql: 't.id', type: 'text' }], woven: ['po', 'co'], serves: ['created'] },
  joins: `JOIN wallets w ON w.id = t.wallet_id JOIN merchants m ON m.id = t.merchant_id
    LEFT JOIN personal_data p ON p.subject_id = t.id`,
  select: COLUMNS,
  complete: (ctx: Context, row) => {
    const person = openPerson(ctx.vault, row.sealed);
    const account = person === null ? null : accountOf(person);
    return { ...row, account: account === null ? null : maskAccount(account) };
  },
  filters: [
    words({ name: 'type', label: 'Type', column: 't.type' }, ['payout', 'collection']),
    words({ name: 'status', label: 'Status', column: 't.state' }, [...STATE_NAMES, UNDER_WAY], inState),
    byCurrency(),
    byMethod,
    { kind: 'days', name: 'created', label: 'Created', column: 't.created_at', idPrefix: ['po', 'co'] },
    { kind: 'amount', name: 'amount', label: 'Amount', column: 't.amount_minor' },
    byId({ name: 'merchant', label: 'Merchant', column: 't.merchant_id', prefix: 'me', indexed: true }),
    byId({ name: 'wallet', label: 'Wallet', column: 't.wallet_id', prefix: 'wa', indexed: true }),
    {
      ...byId({ name: 'refundOf', label: 'the refunds of this', column: 't.refund_of', prefix: 'co', indexed: true }),
      hidden: true,
    } as Filter,
    {
      kind: 'text',
      name: 'reference',
      label: 'Reference or provider id',
      form: /^[\x21-\x7e]{1,100}$/,
      hint: 'Give it whole, without spaces.',
      when: (word) => ({
        sql: `t.id = ANY(ARRAY(SELECT id FROM transactions WHERE reference = ?
          UNION SELECT id FROM transactions WHERE provider_transaction_id = ? LIMIT 10000))`,
        values: [word, word],
        indexed: true,
      }),
    },
    {
      kind: 'text',
      name: 'failure',
      label: 'Failure',
      form: /^[a-z0-9_]{1,64}$/,
      hint: 'Give its code, such as provider_failed.',
      when: (code) => ({ sql: 't.failure_code = ?', values: [code] }),
    },
    words({ name: 'sending', label: 'Sending', column: '' }, ['in_vain'], () => ({
      sql: `t.state = 'accepted' AND t.tries >= ${IN_VAIN}`,
    })),
    byDigest('account', 'the account searched for', 'account_hash'),
    byDigest('ending', 'the last four searched for', 'last_four_hash'),
  ],
  columns: [
    { name: 'Transaction', of: (row) => link('transactions', row.id) },
    { name: 'Type', of: (row) => text(row.type), wide: true },
    { name: 'Status', of: (row) => stateOf(row.state) },
    { name: 'Amount', of: (row) => money(row.amountMinor ?? row.maxAmountMinor, row.currency), right: true },
    { name: 'Fee', of: (row) => money(row.feeMinor, row.currency), right: true, wide: true },
    { name: 'Account', of: (row) => code(row.account) },
    { name: 'Method', of: (row) => text([row.method, row.country].filter(Boolean).join(' ')), wide: true },
    { name: 'Merchant', of: (row) => merchant(row.merchantId, row.merchantName) },
    { name: 'Reference', of: (row) => code(row.reference), wide: true },
    { name: 'Created', of: (row) => time(row.createdAt), sort: true },
  ],
  id: (row) => row.id,
  byId: { form: /^(po|co)[0-9A-Z]{26}$/, sql: 't.id = ?' },
  heading: (row) => ({ title: row.type === 'payout' ? 'Payout' : 'Collection', badge: stateOf(row.state) }),
  meaning: meaningOf,
  sections: [
    {
      title: 'Money',
      facts: (row) => [
        ['Amount', money(row.amountMinor, row.currency)],
        ['At most', money(row.maxAmountMinor, row.currency)],
        ['Fee', money(row.feeMinor, row.currency)],
        ['Fee at most', money(row.feeCeilingMinor, row.currency)],
        ['Fee schedule', link('fees', row.feeScheduleId)],
        ["Provider's charge", money(row.chargeMinor, row.currency)],
        ['Set aside at acceptance', row.heldMinor === 0n ? null : money(row.heldMinor, row.currency)],
        ['Recipient gets', money(row.destinationAmountMinor, row.destinationCurrency)],
      ],
    },
    {
      title: 'Who',
      facts: (row) => [
        ['Merchant', merchant(row.merchantId, row.merchantName)],
        ['Wallet', link('wallets', row.walletId)],
        ['Owner', code(row.owner)],
        ['Account', code(row.account)],
        ['Method', text([row.method, row.country].filter(Boolean).join(' '))],
        ['Beneficiary', link('beneficiaries', row.beneficiaryId)],
        ['Pays back', link('transactions', row.refundOf)],
        ['Asked by', actor(row.actor)],
        ['From address', code(row.clientAddress)],
      ],
    },
    {
      title: 'Course',
      facts: (row) => [
        ['Failure', row.failureCode === null ? null : text(`${row.failureCode}: ${row.failureMessage}`)],
        ["Provider's id", code(row.providerTransactionId)],
        ["Merchant's reference", code(row.reference)],
        ['Attempts', text(row.attemptNo)],
        ['Next look', time(row.dueAt)],
        ['Fruitless tries in a row', row.tries === 0 ? null : text(row.tries)],
        ['Scheduled for', time(row.scheduledAt)],
        ['Approved', time(row.approvedAt)],
        ['Created', time(row.createdAt)],
        ['Changed', time(row.updatedAt)],
        ['Settled', time(row.settledAt)],
        ['Metadata', json(row.metadata)],
      ],
    },
  ],
  related: (row) =>
    row.type === 'payout' ? [] : [{ title: 'Paid back', panel: 'transactions', filters: { refundOf: row.id } }],
  extra: (ctx, base, row) =>
    timelineOf(ctx, base, {
      ...row,
      asked: [
        ['Amount', money(row.amountMinor ?? row.maxAmountMinor, row.currency)],
        ['Fee', money(row.feeMinor ?? row.feeCeilingMinor, row.currency)],
        ['Fee schedule', link('fees', row.feeScheduleId)],
        ['Set aside', row.heldMinor === 0n ? null : money(row.heldMinor, row.currency)],
        ['From address', code(row.clientAddress)],
        ['Not before', time(row.scheduledAt)],
      ],
    }),
});
