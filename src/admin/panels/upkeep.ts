// The panels of upkeep: idempotency keys, recoveries, and the keys that seal personal data.
import type { Recovery, RecoveryFound } from '../../reconciliation/recovery.ts';
import { type Cell, code, link, status, text, time } from './cell.ts';
import { panel } from './panel.ts';
import { actor, byId, merchant, subject, words } from './vocabulary.ts';

interface KeyOnPanel {
  readonly merchantId: string;
  readonly merchantName: string;
  readonly route: string;
  readonly key: string;
  readonly subjectId: string;
  readonly status: number;
  readonly createdAt: Date;
}

/** Route and key may hold anything visible; in an address they are one word. */
const wordOf = ({ merchantId, route, key }: KeyOnPanel) =>
  Buffer.from(JSON.stringify([merchantId, route, key])).toString('base64url');

function partsOf(word: string): readonly string[] {
  try {
    const parts: unknown = JSON.parse(Buffer.from(word, 'base64url').toString());
    const fits =
      Array.isArray(parts) && parts.length === 3 && parts.every((one) => /^[\x20-\x7e]{1,300}$/.test(String(one)));
    return fits ? parts.map(String) : ['', '', ''];
  } catch {
    return ['', '', ''];
  }
}

export const idempotencyKeys = panel<KeyOnPanel>({
  path: 'idempotency-keys',
  title: 'Idempotency keys',
  one: 'Idempotency key',
  group: 'Merchants',
  about: 'Which request of which merchant was taken, and what it made. Kept 30 days; the stored answers are sealed.',
  empty: 'No request was taken under such a key. Whoever had no answer may send it again under the same one.',
  permission: 'look',
  table: 'idempotency_keys',
  key: [
    { sql: 't.merchant_id', type: 'text' },
    { sql: 't.route', type: 'name' },
    { sql: 't.key', type: 'text' },
  ],
  ascending: true,
  joins: 'JOIN merchants m ON m.id = t.merchant_id',
  select: `t.merchant_id AS "merchantId", m.name AS "merchantName", t.route, t.key, t.subject_id AS "subjectId", t.status,
    t.created_at AS "createdAt"`,
  filters: [
    byId({ name: 'merchant', label: 'Merchant', column: 't.merchant_id', prefix: 'me', indexed: true }),
    {
      kind: 'text',
      name: 'key',
      label: 'Key',
      form: /^[A-Za-z0-9_.-]{16,128}$/,
      hint: 'Give it whole, and its merchant.',
      when: (key) => ({ sql: 't.key = ?', values: [key] }),
    },
  ],
  columns: [
    { name: 'Key', of: (row) => link('idempotency-keys', wordOf(row), row.key) },
    { name: 'Merchant', of: (row) => merchant(row.merchantId, row.merchantName), sort: true },
    { name: 'Request', of: (row) => text(row.route) },
    { name: 'Made', of: (row) => subject(row.subjectId) },
    { name: 'Answered', of: (row) => text(row.status), right: true, wide: true },
    { name: 'Taken', of: (row) => time(row.createdAt), wide: true },
  ],
  id: wordOf,
  byId: {
    form: /^[A-Za-z0-9_-]{40,700}$/,
    sql: 't.merchant_id = ? AND t.route = ? AND t.key = ?',
    values: partsOf,
  },
  heading: () => ({ title: 'Idempotency key' }),
  sections: [
    {
      title: 'Request',
      facts: (row) => [
        ['Key', code(row.key)],
        ['Merchant', merchant(row.merchantId, row.merchantName)],
        ['Request', text(row.route)],
        ['Made', subject(row.subjectId)],
        ['Answered', text(row.status)],
        ['Taken', time(row.createdAt)],
      ],
    },
  ],
});

interface RecoveryOnPanel extends Recovery {
  readonly finishedAt: Date | null;
  readonly finishedBy: string | null;
}

const stage = (row: RecoveryOnPanel): Cell =>
  row.finishedAt === null ? status('open: nothing is sent', 'bad') : status('finished', 'good');

const FOUND: readonly (readonly [keyof RecoveryFound, string])[] = [
  ['from', 'Listed from'],
  ['to', 'Listed until'],
  ['listed', "Operations in the provider's list"],
  ['unread', 'Not understood'],
  ['adopted', 'Adopted: sent, though the row said never'],
  ['advanced', 'Moved'],
  ['strangers', 'Explained by no row'],
  ['unsure', 'Could not be asked about'],
];

export const recoveries = panel<RecoveryOnPanel>({
  path: 'recoveries',
  title: 'Recoveries',
  one: 'Recovery',
  group: 'Operations',
  about: "While one is open nothing is sent, in no process. It ends when the provider's list has been gone through.",
  empty: 'There was none. One is begun after a restore with: cli recovery start',
  permission: 'look',
  table: 'recoveries',
  key: [{ sql: 't.id', type: 'bigint' }],
  select: `t.id, t.begun_at AS "begunAt", t.begun_by AS "begunBy", t.newest_at AS "newestAt", t.ran_at AS "ranAt", t.found,
    t.finished_at AS "finishedAt", t.finished_by AS "finishedBy"`,
  filters: [
    words({ name: 'status', label: 'Status', column: '' }, ['open', 'finished'], (value) => ({
      sql: `t.finished_at IS ${value === 'finished' ? 'NOT ' : ''}NULL`,
    })),
  ],
  columns: [
    { name: 'Begun', of: (row) => time(row.begunAt), sort: true },
    { name: 'Recovery', of: (row) => link('recoveries', String(row.id), `no. ${row.id}`) },
    { name: 'Status', of: stage },
    { name: 'By', of: (row) => actor(row.begunBy) },
    { name: 'Last run', of: (row) => time(row.ranAt), wide: true },
    { name: 'Finished', of: (row) => time(row.finishedAt), wide: true },
  ],
  id: (row) => String(row.id),
  byId: { form: /^[1-9][0-9]{0,17}$/, sql: 't.id = ?::bigint' },
  heading: (row) => ({ title: `Recovery no. ${row.id}`, badge: stage(row) }),
  sections: [
    {
      title: 'Recovery',
      facts: (row) => [
        ['Begun', time(row.begunAt)],
        ['By', actor(row.begunBy)],
        ['Newest thing known then', time(row.newestAt)],
        ['Finished', time(row.finishedAt)],
        ['Finished by', actor(row.finishedBy)],
      ],
    },
    {
      title: 'Last complete run',
      facts: (row) => [
        ['Ran', time(row.ranAt)],
        ...FOUND.map(([name, label]) => [label, text(row.found?.[name])] as const),
      ],
    },
  ],
  related: (row) => [{ title: 'Done about it', panel: 'audit', filters: { subject: String(row.id) } }],
});

interface DataKeyOnPanel {
  readonly id: string;
  readonly firstUsedAt: Date;
  readonly retiredAt: Date | null;
}

const needed = (row: DataKeyOnPanel) =>
  row.retiredAt === null ? status('needed', 'good') : status('retired', 'quiet');

export const dataKeys = panel<DataKeyOnPanel>({
  path: 'data-keys',
  title: 'Data keys',
  one: 'Data key',
  group: 'Operations',
  about:
    'The keys that have sealed personal data, by ids that tell nothing about them. A rotation retires the older ones.',
  empty: 'No process has sealed anything yet.',
  permission: 'look',
  table: 'data_keys',
  key: [{ sql: 't.id', type: 'text' }],
  ascending: true,
  select: `t.id, t.first_used_at AS "firstUsedAt", t.retired_at AS "retiredAt"`,
  filters: [
    words({ name: 'status', label: 'Status', column: '' }, ['needed', 'retired'], (value) => ({
      sql: `t.retired_at IS ${value === 'retired' ? 'NOT ' : ''}NULL`,
    })),
  ],
  columns: [
    { name: 'Key', of: (row) => link('data-keys', row.id), sort: true },
    { name: 'Status', of: needed },
    { name: 'First used', of: (row) => time(row.firstUsedAt) },
    { name: 'Retired', of: (row) => time(row.retiredAt), wide: true },
  ],
  id: (row) => row.id,
  byId: { form: /^[0-9a-f]{8}$/, sql: 't.id = ?' },
  heading: (row) => ({ title: `Data key ${row.id}`, badge: needed(row) }),
  sections: [
    {
      title: 'Data key',
      facts: (row) => [
        ['First used', time(row.firstUsedAt)],
        ['Retired', time(row.retiredAt)],
      ],
    },
  ],
});
