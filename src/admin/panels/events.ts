// The panels of what merchants are told: events, and their deliveries with every try.
import { DELIVERY_STATES, type DeliveryState } from '../../notifications/delivery.ts';
import { triesOf } from '../pages/tries.ts';
import { code, json, link, status, type Tone, text, time } from './cell.ts';
import { URL_SHOWN } from './endpoints.ts';
import { panel } from './panel.ts';
import { byId, ID, merchant, subject, words } from './vocabulary.ts';

interface EventOnPanel {
  readonly place: bigint;
  readonly id: string;
  readonly merchantId: string;
  readonly merchantName: string;
  readonly type: string;
  readonly transactionId: string | null;
  readonly sequence: number | null;
  readonly data: unknown;
  readonly createdAt: Date;
}

export const events = panel<EventOnPanel>({
  path: 'events',
  title: 'Events',
  one: 'Event',
  group: 'Events',
  about:
    'What merchants are told, in the order in which they may read it. What an event is about is joined when it is sent.',
  empty: 'Nothing of that kind was told. Events come with the first move of a payment.',
  permission: 'look',
  table: 'events',
  key: [{ sql: 't.position', type: 'bigint' }],
  joins: 'JOIN merchants m ON m.id = t.merchant_id',
  select: `t.position AS place, t.id, t.merchant_id AS "merchantId", m.name AS "merchantName", t.type, t.transaction_id AS "transactionId", t.sequence,
    t.data, t.created_at AS "createdAt"`,
  filters: [
    {
      kind: 'text',
      name: 'type',
      label: 'Type',
      form: /^[a-z_]{1,30}\.[a-z_]{1,30}$/,
      hint: 'Give it whole, such as payout.settled.',
      when: (type) => ({ sql: 't.type = ?', values: [type] }),
    },
    byId({ name: 'merchant', label: 'Merchant', column: 't.merchant_id', prefix: 'me', indexed: true }),
    byId({ name: 'transaction', label: 'Transaction', column: 't.transaction_id', prefix: '(po|co)', indexed: true }),
  ],
  columns: [
    { name: 'Told', of: (row) => time(row.createdAt), sort: true },
    { name: 'Event', of: (row) => link('events', String(row.place), row.type) },
    { name: 'Merchant', of: (row) => merchant(row.merchantId, row.merchantName) },
    { name: 'Transaction', of: (row) => link('transactions', row.transactionId) },
    { name: 'Id', of: (row) => code(row.id), wide: true },
  ],
  id: (row) => String(row.place),
  byId: { form: /^[1-9][0-9]{0,17}$/, sql: 't.position = ?::bigint' },
  heading: (row) => ({ title: row.type }),
  sections: [
    {
      title: 'Event',
      facts: (row) => [
        ['Id', code(row.id)],
        ['Merchant', merchant(row.merchantId, row.merchantName)],
        ['Transaction', subject(row.transactionId)],
        ['Number of its transaction', text(row.sequence)],
        ['Told', time(row.createdAt)],
        ['Data of its own', json(row.data)],
      ],
    },
  ],
  related: (row) => [{ title: 'Deliveries', panel: 'deliveries', filters: { event: String(row.place) } }],
});

interface DeliveryOnPanel {
  readonly id: string;
  readonly endpointId: string;
  readonly endpointStatus: string;
  readonly url: string;
  readonly merchantId: string;
  readonly merchantName: string;
  readonly place: bigint;
  readonly eventId: string;
  readonly type: string;
  readonly transactionId: string | null;
  readonly state: DeliveryState;
  readonly dueAt: Date | null;
  readonly attempts: number;
  readonly firstTriedAt: Date | null;
  readonly createdAt: Date;
  readonly doneAt: Date | null;
}

const TONES: Readonly<Record<DeliveryState, Tone>> = { pending: 'busy', delivered: 'good', failed: 'bad' };

export const deliveries = panel<DeliveryOnPanel>({
  path: 'deliveries',
  title: 'Deliveries',
  one: 'Delivery',
  group: 'Events',
  about: 'Each event on its way to one endpoint, newest event first.',
  empty: 'No delivery is like that. There are none until a merchant has an endpoint.',
  permission: 'look',
  table: 'deliveries',
  key: [
    { sql: 't.event_position', type: 'bigint' },
    { sql: 't.endpoint_id', type: 'text' },
  ],
  joins: `JOIN webhook_endpoints p ON p.id = t.endpoint_id JOIN events e ON e.position = t.event_position
    JOIN merchants m ON m.id = p.merchant_id`,
  select: `t.id, t.endpoint_id AS "endpointId", p.status AS "endpointStatus", (${URL_SHOWN('p')}) AS url, p.merchant_id AS "merchantId",
    m.name AS "merchantName", t.event_position AS place, e.id AS "eventId", e.type, t.transaction_id AS "transactionId", t.state,
    t.due_at AS "dueAt", t.attempts, t.first_tried_at AS "firstTriedAt", t.created_at AS "createdAt", t.done_at AS "doneAt"`,
  filters: [
    words({ name: 'status', label: 'Status', column: 't.state' }, DELIVERY_STATES),
    byId({ name: 'endpoint', label: 'Endpoint', column: 't.endpoint_id', prefix: 'ep', indexed: true }),
    {
      kind: 'text',
      name: 'transaction',
      label: 'Transaction',
      form: ID('(po|co)'),
      hint: 'Give an id such as po01J….',
      when: (id) => ({
        sql: 't.event_position = ANY(ARRAY(SELECT position FROM events WHERE transaction_id = ?))',
        values: [id],
        indexed: true,
      }),
    },
    {
      kind: 'text',
      name: 'event',
      label: 'the event',
      hidden: true,
      form: /^[1-9][0-9]{0,17}$/,
      hint: 'Come here from an event.',
      when: (position) => ({ sql: 't.event_position = ?::bigint', values: [position], indexed: true }),
    },
  ],
  columns: [
    { name: 'Begun', of: (row) => time(row.createdAt), sort: true },
    { name: 'Delivery', of: (row) => link('deliveries', row.id, row.type) },
    { name: 'Status', of: (row) => status(row.state, TONES[row.state]) },
    { name: 'Tries', of: (row) => text(row.attempts), right: true },
    { name: 'To', of: (row) => link('endpoints', row.endpointId, row.url) },
    { name: 'Transaction', of: (row) => link('transactions', row.transactionId) },
    { name: 'Ended', of: (row) => time(row.doneAt), wide: true },
  ],
  id: (row) => row.id,
  byId: { form: ID('de'), sql: 't.id = ?' },
  heading: (row) => ({ title: `Delivery: ${row.type}`, badge: status(row.state, TONES[row.state]) }),
  sections: [
    {
      title: 'What and where',
      facts: (row) => [
        ['Event', link('events', String(row.place), row.eventId)],
        ['Transaction', subject(row.transactionId)],
        ['Endpoint', link('endpoints', row.endpointId)],
        ['Address', code(row.url)],
        ['Merchant', merchant(row.merchantId, row.merchantName)],
      ],
    },
    {
      title: 'Course',
      facts: (row) => [
        ['Begun', time(row.createdAt)],
        ['Tries', text(row.attempts)],
        ['First try', time(row.firstTriedAt)],
        ['Next try', time(row.dueAt)],
        ['Ended', time(row.doneAt)],
      ],
    },
  ],
  extra: (ctx, base, row) => triesOf(ctx, base, row.id),
});
