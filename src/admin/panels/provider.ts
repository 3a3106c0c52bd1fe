// The panels of what went to the provider and came from it: attempts, and webhook events.
import { VERDICTS } from '../../transactions/attempt.ts';
import { ERROR_OF } from '../overview/health.ts';
import { type Cell, code, json, link, money, status, type Tone, text, time } from './cell.ts';
import { type Filter, panel } from './panel.ts';
import { byId, ID, subject, words } from './vocabulary.ts';

interface AttemptOnPanel {
  readonly transactionId: string;
  readonly number: number;
  readonly openedAt: Date;
  readonly quotationExpiresAt: Date | null;
  readonly quotedAmountMinor: bigint | null;
  readonly quotedChargeMinor: bigint | null;
  readonly fenceAt: Date | null;
  readonly hint: string | null;
  readonly lookUps: number;
  readonly negatives: number;
  readonly firstNegativeAt: Date | null;
  readonly lastNegativeAt: Date | null;
  readonly verdict: string | null;
  readonly evidence: unknown;
  readonly closedAt: Date | null;
  readonly currency: string;
}

const VERDICT_TONES: ReadonlyMap<string, Tone> = new Map([
  ['accepted', 'good'],
  ['refused', 'bad'],
  ['not_sent', 'quiet'],
  ['not_executed', 'warn'],
]);
export const verdictOf = (verdict: string | null): Cell =>
  verdict === null
    ? status('open: perhaps sent', 'busy')
    : status(verdict.replaceAll('_', ' '), VERDICT_TONES.get(verdict) ?? 'quiet');

/** Set by links of the overview: the first letters of an id are its payment's type and time. */
const since = (name: string, label: string, than: '>=' | '<'): Filter => ({
  kind: 'text',
  name,
  label,
  hidden: true,
  form: /^(po|co)[0-9A-Z]{10}$/,
  hint: 'Follow the link of the overview again.',
  when: (id) => ({ sql: `t.transaction_id ${than} ?`, values: [id], indexed: true }),
});

export const attempts = panel<AttemptOnPanel>({
  path: 'attempts',
  title: 'Attempts',
  one: 'Attempt',
  group: 'Payments',
  about:
    'Each permission to send one transaction to the provider, once, and what became of it. Listed by their transactions, newest first.',
  empty: 'There is no such attempt. One is written before each transaction is sent.',
  permission: 'look',
  table: 'attempts',
  key: [
    { sql: 't.transaction_id', type: 'text' },
    { sql: 't.number', type: 'bigint' },
  ],
  joins: 'JOIN transactions x ON x.id = t.transaction_id',
  select: `t.transaction_id AS "transactionId", t.number, t.opened_at AS "openedAt", t.quotation_expires_at AS "quotationExpiresAt",
    t.quoted_amount_minor AS "quotedAmountMinor", t.quoted_charge_minor AS "quotedChargeMinor", t.fence_at AS "fenceAt", t.hint,
    t.look_ups AS "lookUps", t.negatives, t.first_negative_at AS "firstNegativeAt", t.last_negative_at AS "lastNegativeAt", t.verdict,
    t.evidence, t.closed_at AS "closedAt", x.currency`,
  filters: [
    {
      kind: 'choice',
      name: 'type',
      label: 'Of',
      otherwise: 'payouts',
      // Their order is that of the transactions' ids, which is that of time within each type.
      options: {
        payouts: {
          label: 'payouts',
          when: { sql: "t.transaction_id >= 'po' AND t.transaction_id < 'pp'", indexed: true },
        },
        collections: {
          label: 'collections',
          when: { sql: "t.transaction_id >= 'co' AND t.transaction_id < 'cp'", indexed: true },
        },
      },
    },
    {
      kind: 'choice',
      name: 'verdict',
      label: 'Verdict',
      options: Object.fromEntries([
        ['open', { label: 'open', when: { sql: 't.verdict IS NULL', indexed: true } }],
        ...VERDICTS.map((one) => [one, { label: one.replaceAll('_', ' '), when: { sql: `t.verdict = '${one}'` } }]),
      ]),
    },
    byId({ name: 'transaction', label: 'Transaction', column: 't.transaction_id', prefix: '(po|co)', indexed: true }),
    {
      kind: 'text',
      name: 'error',
      label: 'Error',
      form: /^[a-z0-9_]{1,64}$/,
      hint: 'Give its code, such as timeout.',
      when: (code) => ({ sql: `${ERROR_OF} = ?`, values: [code] }),
    },
    since('since', 'payments from then on', '>='),
    since('before', 'payments before then', '<'),
  ],
  columns: [
    { name: 'Opened', of: (row) => time(row.openedAt) },
    { name: 'Transaction', of: (row) => link('transactions', row.transactionId), sort: true },
    { name: 'Attempt', of: (row) => link('attempts', `${row.transactionId}.${row.number}`, `no. ${row.number}`) },
    { name: 'Verdict', of: (row) => verdictOf(row.verdict) },
    { name: 'Look-ups', of: (row) => text(row.lookUps), right: true },
    { name: 'Hint', of: (row) => text(row.hint), wide: true },
    { name: 'Closed', of: (row) => time(row.closedAt), wide: true },
  ],
  id: (row) => `${row.transactionId}.${row.number}`,
  byId: {
    form: /^(po|co)[0-9A-Z]{26}\.[0-9]{1,5}$/,
    sql: 't.transaction_id = ? AND t.number = ?::int',
    values: (id) => id.split('.'),
  },
  heading: (row) => ({ title: `Attempt no. ${row.number}`, badge: verdictOf(row.verdict) }),
  sections: [
    {
      title: 'Sending',
      facts: (row) => [
        ['Transaction', link('transactions', row.transactionId)],
        ['Opened', time(row.openedAt)],
        ['Quoted amount', money(row.quotedAmountMinor, row.currency)],
        ['Quoted charge', money(row.quotedChargeMinor, row.currency)],
        ['Quotation ended', time(row.quotationExpiresAt)],
        ['Closed', time(row.closedAt)],
      ],
    },
    {
      title: 'Evidence',
      facts: (row) => [
        ['Look-ups', text(row.lookUps)],
        ['Found nothing after the fence', text(row.negatives)],
        ['Silence counts from', row.fenceAt === null ? text('never') : time(row.fenceAt)],
        ['First silence', time(row.firstNegativeAt)],
        ['Last silence', time(row.lastNegativeAt)],
        ['Hint', text(row.hint)],
        ['Evidence', json(row.evidence)],
      ],
    },
  ],
});

interface EventOnPanel {
  readonly id: string;
  readonly reference: string | null;
  readonly providerTransactionId: string | null;
  readonly claimedStatus: string | null;
  readonly state: 'received' | 'applied' | 'unknown' | 'unreadable';
  readonly clientAddress: string | null;
  readonly receivedAt: Date;
  readonly dueAt: Date | null;
  readonly lookUps: number;
  readonly appliedAt: Date | null;
  readonly erased: boolean;
  readonly digest: string;
}

const EVENT_TONES: Readonly<Record<EventOnPanel['state'], Tone>> = {
  received: 'busy',
  applied: 'good',
  unknown: 'warn',
  unreadable: 'bad',
};

export const webhookEvents = panel<EventOnPanel>({
  path: 'webhook-events',
  title: 'Webhook events',
  one: 'Webhook event',
  group: 'Payments',
  about: "The provider's signed callbacks. None is believed: each makes us look at the provider.",
  empty:
    'No webhook is like that. If none comes at all, look whether the provider has our address, and its secret here is the right one.',
  permission: 'look',
  table: 'webhook_events',
  key: [{ sql: 't.id', type: 'text' }],
  // The body stays where it is: it holds personal data in the provider's words.
  select: `t.id, t.reference, t.provider_transaction_id AS "providerTransactionId", t.claimed_status AS "claimedStatus", t.state,
    t.client_address AS "clientAddress", t.received_at AS "receivedAt", t.due_at AS "dueAt", t.look_ups AS "lookUps",
    t.applied_at AS "appliedAt", t.body IS NULL AS erased, encode(t.digest, 'hex') AS digest`,
  filters: [
    words(
      { name: 'status', label: 'Status', column: 't.state' },
      ['received', 'applied', 'unknown', 'unreadable'],
      (state) =>
        state === 'received'
          ? { sql: `t.state = 'received' AND t.due_at IS NOT NULL`, indexed: true }
          : { sql: `t.state = '${state}'` },
    ),
    { kind: 'days', name: 'received', label: 'Received', column: 't.received_at', idPrefix: 'we' },
    byId({ name: 'transaction', label: 'Transaction', column: 't.reference', prefix: '(po|co)', indexed: true }),
  ],
  columns: [
    { name: 'Received', of: (row) => time(row.receivedAt), sort: true },
    { name: 'Event', of: (row) => link('webhook-events', row.id) },
    { name: 'Status', of: (row) => status(row.state, EVENT_TONES[row.state]) },
    { name: 'Claims', of: (row) => text(row.claimedStatus) },
    { name: 'Transaction', of: (row) => subject(row.reference) },
    { name: "Provider's id", of: (row) => code(row.providerTransactionId), wide: true },
  ],
  id: (row) => row.id,
  byId: { form: ID('we'), sql: 't.id = ?' },
  heading: (row) => ({ title: 'Webhook event', badge: status(row.state, EVENT_TONES[row.state]) }),
  sections: [
    {
      title: 'What it says',
      facts: (row) => [
        ['Claims', text(row.claimedStatus)],
        ['Transaction', subject(row.reference)],
        ["Provider's id", code(row.providerTransactionId)],
      ],
    },
    {
      title: 'What became of it',
      facts: (row) => [
        ['Received', time(row.receivedAt)],
        ['From address', code(row.clientAddress)],
        ['Looked at the provider', text(`${row.lookUps} times`)],
        ['Next look', time(row.dueAt)],
        ['Done', time(row.appliedAt)],
        ['Body', text(row.erased ? 'erased' : 'kept sealed')],
        ['SHA-256', code(row.digest)],
      ],
    },
  ],
  related: (row) => [{ title: 'Done to it', panel: 'audit', filters: { subject: row.id } }],
});
