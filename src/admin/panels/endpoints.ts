// The panels of where merchants are told: their webhook endpoints, and ranges of events that are sent there again.
import { type Cell, code, link, status, text, time } from './cell.ts';
import { panel } from './panel.ts';
import { byId, ID, merchant, words } from './vocabulary.ts';

interface EndpointOnPanel {
  readonly id: string;
  readonly merchantId: string;
  readonly merchantName: string;
  readonly url: string;
  readonly description: string | null;
  readonly types: readonly string[] | null;
  readonly status: 'enabled' | 'disabled' | 'deleted';
  readonly disabledReason: string | null;
  readonly disabledAt: Date | null;
  readonly previousUntil: Date | null;
  readonly dueAt: Date | null;
  readonly failures: number;
  readonly failingSince: Date | null;
  readonly blockedUntil: Date | null;
  readonly lastSuccessAt: Date | null;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

function standing({ status: now, failingSince, disabledReason }: EndpointOnPanel): Cell {
  if (now === 'disabled') return status(`disabled: ${disabledReason?.replaceAll('_', ' ')}`, 'bad');
  if (now === 'deleted') return status('deleted', 'quiet');
  return failingSince === null ? status('enabled', 'good') : status('failing', 'warn');
}

/** What stands behind the question mark may be a secret of the merchant's. */
export const URL_SHOWN = (alias: string) =>
  `split_part(${alias}.url, chr(63), 1) || CASE WHEN strpos(${alias}.url, chr(63)) > 0 THEN chr(63) || '…' ELSE '' END`;

export const endpoints = panel<EndpointOnPanel>({
  path: 'endpoints',
  title: 'Webhook endpoints',
  one: 'Webhook endpoint',
  group: 'Events',
  about: 'Where merchants want to be told of what happens. Their secrets are sealed, and shown nowhere.',
  empty: 'There is no such endpoint. Merchants make them through the API.',
  permission: 'look',
  table: 'webhook_endpoints',
  key: [{ sql: 't.id', type: 'text' }],
  joins: 'JOIN merchants m ON m.id = t.merchant_id',
  select: `t.id, t.merchant_id AS "merchantId", m.name AS "merchantName", (${URL_SHOWN('t')}) AS url, t.description, t.types, t.status,
    t.disabled_reason AS "disabledReason", t.disabled_at AS "disabledAt", t.previous_until AS "previousUntil", t.due_at AS "dueAt",
    t.failures, t.failing_since AS "failingSince", t.blocked_until AS "blockedUntil", t.last_success_at AS "lastSuccessAt",
    t.created_at AS "createdAt", t.updated_at AS "updatedAt"`,
  filters: [
    byId({ name: 'merchant', label: 'Merchant', column: 't.merchant_id', prefix: 'me' }),
    words(
      { name: 'status', label: 'Status', column: 't.status' },
      ['enabled', 'failing', 'disabled', 'deleted'],
      (value) =>
        value === 'failing'
          ? { sql: `t.status = 'enabled' AND t.failing_since IS NOT NULL` }
          : { sql: `t.status = '${value}'` },
    ),
    {
      kind: 'choice',
      name: 'reason',
      label: 'Disabled',
      options: {
        ours: { label: 'by us', when: { sql: `t.disabled_reason IN ('gone', 'no_success')` } },
        merchant: { label: 'by the merchant', when: { sql: `t.disabled_reason = 'merchant'` } },
      },
    },
  ],
  columns: [
    { name: 'Endpoint', of: (row) => link('endpoints', row.id) },
    { name: 'Address', of: (row) => code(row.url) },
    { name: 'Merchant', of: (row) => merchant(row.merchantId, row.merchantName) },
    { name: 'Status', of: standing },
    { name: 'Last success', of: (row) => time(row.lastSuccessAt), wide: true },
    { name: 'Made', of: (row) => time(row.createdAt), wide: true, sort: true },
  ],
  id: (row) => row.id,
  byId: { form: ID('ep'), sql: 't.id = ?' },
  heading: (row) => ({ title: 'Webhook endpoint', badge: standing(row) }),
  sections: [
    {
      title: 'Endpoint',
      facts: (row) => [
        ['Address', code(row.url)],
        ['Merchant', merchant(row.merchantId, row.merchantName)],
        ['Description', text(row.description)],
        ['Wants', text(row.types?.join(', ') ?? 'everything')],
        ['Secret from before signs until', time(row.previousUntil)],
        ['Made', time(row.createdAt)],
        ['Changed', time(row.updatedAt)],
      ],
    },
    {
      title: 'How it does',
      facts: (row) => [
        ['Last success', time(row.lastSuccessAt)],
        ['Failing since', time(row.failingSince)],
        ['Failed tries in a row', row.failures === 0 ? null : text(row.failures)],
        ['Left in peace until', time(row.blockedUntil)],
        ['Next look', time(row.dueAt)],
        ['Disabled', time(row.disabledAt)],
        ['Why', text(row.disabledReason?.replaceAll('_', ' '))],
      ],
    },
  ],
  related: (row) => [
    { title: 'Latest deliveries', panel: 'deliveries', filters: { endpoint: row.id } },
    { title: 'Replays', panel: 'replays', filters: { endpoint: row.id } },
    { title: 'Done to it', panel: 'audit', filters: { subject: row.id } },
  ],
});

interface ReplayOnPanel {
  readonly id: string;
  readonly endpointId: string;
  readonly url: string;
  readonly fromAt: Date;
  readonly toAt: Date;
  readonly types: readonly string[] | null;
  readonly nextPosition: bigint;
  readonly lastPosition: bigint;
  readonly createdAt: Date;
  readonly doneAt: Date | null;
}

const ended = (row: ReplayOnPanel) => (row.doneAt === null ? status('under way', 'busy') : status('done', 'good'));

export const replays = panel<ReplayOnPanel>({
  path: 'replays',
  title: 'Replays',
  one: 'Replay',
  group: 'Events',
  about: 'Ranges of events that are sent to an endpoint again.',
  empty: 'Nothing was replayed like that. Merchants ask for it through the API, operators on the page of an endpoint.',
  permission: 'look',
  table: 'replays',
  key: [{ sql: 't.id', type: 'text' }],
  joins: 'JOIN webhook_endpoints p ON p.id = t.endpoint_id',
  select: `t.id, t.endpoint_id AS "endpointId", (${URL_SHOWN('p')}) AS url, t.from_at AS "fromAt", t.to_at AS "toAt", t.types,
    t.next_position AS "nextPosition", t.last_position AS "lastPosition", t.created_at AS "createdAt", t.done_at AS "doneAt"`,
  filters: [
    words({ name: 'status', label: 'Status', column: '' }, ['under way', 'done'], (value) => ({
      sql: `t.done_at IS ${value === 'done' ? 'NOT ' : ''}NULL`,
    })),
    byId({ name: 'endpoint', label: 'Endpoint', column: 't.endpoint_id', prefix: 'ep' }),
  ],
  columns: [
    { name: 'Begun', of: (row) => time(row.createdAt), sort: true },
    { name: 'Replay', of: (row) => link('replays', row.id) },
    { name: 'Status', of: ended },
    { name: 'To', of: (row) => link('endpoints', row.endpointId, row.url) },
    { name: 'Events from', of: (row) => time(row.fromAt), wide: true },
    { name: 'Until', of: (row) => time(row.toAt), wide: true },
  ],
  id: (row) => row.id,
  byId: { form: ID('rp'), sql: 't.id = ?' },
  heading: (row) => ({ title: 'Replay', badge: ended(row) }),
  sections: [
    {
      title: 'Replay',
      facts: (row) => [
        ['To', link('endpoints', row.endpointId, row.url)],
        ['Events from', time(row.fromAt)],
        ['Until', time(row.toAt)],
        ['Types', text(row.types?.join(', ') ?? 'what the endpoint wants')],
        ['Next position', text(row.nextPosition)],
        ['Last position', text(row.lastPosition)],
        ['Begun', time(row.createdAt)],
        ['Ended', time(row.doneAt)],
      ],
    },
  ],
});
