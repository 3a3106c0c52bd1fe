// The panels of operations: cases, the audit log, and the people of the console.
import { CASE_KINDS, type CaseKind } from '../../transactions/case.ts';
import { ROLES, type Role } from '../administrator.ts';
import { type Cell, code, json, link, money, status, text, time } from './cell.ts';
import { CASES } from './meaning.ts';
import { panel } from './panel.ts';
import { actor, byCurrency, byId, bySubject, ID, subject, words } from './vocabulary.ts';

interface CaseOnPanel {
  readonly id: string;
  readonly kind: CaseKind;
  readonly subject: string;
  readonly transactionId: string | null;
  readonly owner: string;
  readonly currency: string | null;
  readonly amountMinor: bigint | null;
  readonly evidence: unknown;
  readonly openedAt: Date;
  readonly updatedAt: Date;
  readonly resolvedAt: Date | null;
  readonly resolvedBy: string | null;
  readonly resolution: string | null;
}

const openOr = (at: Date | null) => (at === null ? status('open', 'warn') : status('resolved', 'good'));

export const cases = panel<CaseOnPanel>({
  path: 'cases',
  title: 'Cases',
  one: 'Case',
  group: 'Payments',
  about: 'Questions that only a person can answer. The money stays where it is until somebody does.',
  empty: 'No case is like that. None open is how it should be.',
  permission: 'look',
  table: 'cases',
  key: [{ sql: 't.id', type: 'text' }],
  select: `t.id, t.kind, t.subject, t.transaction_id AS "transactionId", t.owner, t.currency, t.amount_minor AS "amountMinor", t.evidence,
    t.opened_at AS "openedAt", t.updated_at AS "updatedAt", t.resolved_at AS "resolvedAt", t.resolved_by AS "resolvedBy", t.resolution`,
  filters: [
    {
      kind: 'choice',
      name: 'status',
      label: 'Status',
      otherwise: 'open',
      options: {
        open: { label: 'open', when: { sql: 't.resolved_at IS NULL', indexed: true } },
        resolved: { label: 'resolved', when: { sql: 't.resolved_at IS NOT NULL' } },
        all: { label: 'open and resolved', when: null },
      },
    },
    words({ name: 'kind', label: 'Question', column: 't.kind' }, CASE_KINDS),
    byCurrency(),
    { kind: 'days', name: 'opened', label: 'Opened', column: 't.opened_at', idPrefix: 'ca' },
    byId({ name: 'transaction', label: 'Transaction', column: 't.transaction_id', prefix: '(po|co)', indexed: true }),
  ],
  columns: [
    { name: 'Opened', of: (row) => time(row.openedAt), sort: true },
    {
      name: 'Case',
      of: (row) => link('cases', row.id, row.kind.replaceAll('_', ' ')),
      sort: {
        key: [
          { sql: 't.kind COLLATE "C"', type: 'text' },
          { sql: 't.id', type: 'text' },
        ],
        ascending: true,
      },
    },
    { name: 'Status', of: (row) => openOr(row.resolvedAt) },
    {
      name: 'Amount',
      of: (row) => money(row.amountMinor, row.currency),
      right: true,
      sort: {
        key: [
          { sql: 'coalesce(t.amount_minor, 0)', type: 'bigint' },
          { sql: 't.id', type: 'text' },
        ],
      },
    },
    { name: 'About', of: (row) => subject(row.transactionId ?? row.subject) },
    { name: 'Owner', of: (row) => text(row.owner), wide: true },
    { name: 'Resolution', of: (row) => text(row.resolution), wide: true },
  ],
  id: (row) => row.id,
  byId: { form: ID('ca'), sql: 't.id = ?' },
  heading: (row) => ({ title: `Case: ${row.kind.replaceAll('_', ' ')}`, badge: openOr(row.resolvedAt) }),
  meaning: ({ kind, resolvedAt }) => {
    const { question, advice } = CASES[kind];
    const said = `${question.charAt(0).toUpperCase()}${question.slice(1)}.`;
    return resolvedAt === null
      ? `${said} ${advice} Before anything is written, “Decide” shows what it would do.`
      : said;
  },
  sections: [
    {
      title: 'Question',
      facts: (row) => [
        ['About', subject(row.subject)],
        ['Transaction', row.transactionId === row.subject ? null : link('transactions', row.transactionId)],
        ['Amount', money(row.amountMinor, row.currency)],
        ['Owner', text(row.owner)],
        ['Opened', time(row.openedAt)],
        ['Evidence', json(row.evidence)],
      ],
    },
    {
      title: 'Answer',
      facts: (row) => [
        ['Resolved', time(row.resolvedAt)],
        ['By', actor(row.resolvedBy)],
        ['Resolution', text(row.resolution)],
      ],
    },
  ],
  related: (row) => [
    { title: 'Proposed', panel: 'proposals', filters: { subject: row.id, status: 'all' } },
    { title: 'Done about it', panel: 'audit', filters: { subject: row.id } },
  ],
});

interface DeedOnPanel {
  readonly id: bigint;
  readonly at: Date;
  readonly actor: string;
  readonly email: string | null;
  readonly action: string;
  readonly subject: string | null;
  readonly reason: string | null;
  readonly clientAddress: string | null;
  readonly detail: Readonly<Record<string, unknown>>;
}

const doer = (row: DeedOnPanel): Cell =>
  row.email === null ? actor(row.actor) : link('administrators', row.actor.slice(6), row.email);

export const auditLog = panel<DeedOnPanel>({
  path: 'audit',
  title: 'Audit log',
  one: 'Audit row',
  group: 'Operations',
  about: 'Who did what to what, from where and why. Nobody can change it.',
  empty: 'Nothing of that kind was done.',
  permission: 'look',
  table: 'audit_log',
  key: [
    { sql: 't.at', type: 'timestamptz' },
    { sql: 't.id', type: 'bigint' },
  ],
  joins: `LEFT JOIN administrators a ON t.actor LIKE 'admin:%' AND a.id = substr(t.actor, 7)`,
  select: `t.id, t.at, t.actor, a.email, t.action, t.subject, t.reason, t.client_address AS "clientAddress", t.detail`,
  filters: [
    {
      kind: 'text',
      name: 'action',
      label: 'Action',
      form: /^[a-z_]+(\.[a-z_]+)?$/,
      hint: 'Give a thing, or a thing and a deed, such as wallets.freeze.',
      when: (action) => ({
        sql: `(t.action = ? OR t.action LIKE ?)`,
        values: [action, `${action.replaceAll('_', '\\_')}.%`],
      }),
    },
    {
      kind: 'text',
      name: 'actor',
      label: 'Actor',
      form: /^[\x21-\x7e]{1,100}$/,
      hint: 'Give it whole, such as cli:root or admin:ad01J….',
      when: (name) => ({ sql: 't.actor = ?', values: [name] }),
    },
    bySubject,
    { kind: 'days', name: 'at', label: 'Done', column: 't.at' },
  ],
  columns: [
    { name: 'When', of: (row) => time(row.at), sort: true },
    { name: 'Who', of: doer },
    { name: 'Did', of: (row) => link('audit', String(row.id), row.action) },
    { name: 'To', of: (row) => subject(row.subject) },
    { name: 'Reason', of: (row) => text(row.reason) },
    { name: 'From', of: (row) => code(row.clientAddress), wide: true },
  ],
  id: (row) => String(row.id),
  byId: { form: /^[1-9][0-9]{0,17}$/, sql: 't.id = ?::bigint' },
  heading: (row) => ({ title: row.action }),
  sections: [
    {
      title: 'Deed',
      facts: (row) => [
        ['When', time(row.at)],
        ['Who', doer(row)],
        ['To', subject(row.subject)],
        ['Reason', text(row.reason)],
        ['From address', code(row.clientAddress)],
        ['Detail', json(row.detail)],
      ],
    },
  ],
});

interface PersonOnPanel {
  readonly id: string;
  readonly email: string;
  readonly role: Role;
  readonly createdAt: Date;
  readonly disabledAt: Date | null;
  readonly totpSince: Date | null;
  readonly invitationEndsAt: Date | null;
  readonly failedLogins: number;
  readonly sessions: number;
  readonly lastSeenAt: Date | null;
}

function standing(row: PersonOnPanel): Cell {
  if (row.disabledAt !== null) return status('disabled', 'quiet');
  return row.invitationEndsAt === null ? status('active', 'good') : status('invited', 'busy');
}

export const administrators = panel<PersonOnPanel>({
  path: 'administrators',
  title: 'Administrators',
  one: 'Administrator',
  group: 'Operations',
  about: 'People who may enter this console, each with one role.',
  empty: 'There is nobody like that. Invite somebody with: cli admins invite --email … --role …',
  permission: 'administrators.look',
  table: 'administrators',
  key: [{ sql: 't.id', type: 'text' }],
  select: `t.id, t.email, t.role, t.created_at AS "createdAt", t.disabled_at AS "disabledAt", t.totp_since AS "totpSince",
    t.invitation_ends_at AS "invitationEndsAt", t.failed_logins AS "failedLogins",
    (SELECT count(*)::int FROM admin_sessions s WHERE s.administrator_id = t.id) AS sessions,
    (SELECT max(s.last_seen_at) FROM admin_sessions s WHERE s.administrator_id = t.id) AS "lastSeenAt"`,
  filters: [
    words({ name: 'role', label: 'Role', column: 't.role' }, ROLES),
    words({ name: 'factor', label: 'Second factor', column: '' }, ['none', 'on'], (factor) => ({
      sql: `t.totp_since IS ${factor === 'on' ? 'NOT ' : ''}NULL AND t.disabled_at IS NULL AND t.invitation_ends_at IS NULL`,
    })),
  ],
  columns: [
    { name: 'Person', of: (row) => link('administrators', row.id, row.email) },
    {
      name: 'Role',
      of: (row) => text(row.role),
      sort: {
        key: [
          { sql: 't.role COLLATE "C"', type: 'text' },
          { sql: 't.id', type: 'text' },
        ],
        ascending: true,
      },
    },
    { name: 'Since', of: (row) => time(row.createdAt), wide: true, sort: true },
    { name: 'Status', of: standing },
    { name: 'Second factor', of: (row) => (row.totpSince === null ? status('none', 'warn') : status('on', 'good')) },
    { name: 'Last seen', of: (row) => time(row.lastSeenAt), wide: true },
  ],
  id: (row) => row.id,
  byId: { form: ID('ad'), sql: 't.id = ?' },
  heading: (row) => ({ title: row.email, badge: standing(row) }),
  sections: [
    {
      title: 'Person',
      facts: (row) => [
        ['Role', text(row.role)],
        ['Second factor since', row.totpSince === null ? status('none', 'warn') : time(row.totpSince)],
        ['Open sessions', text(row.sessions)],
        ['Last seen', time(row.lastSeenAt)],
        ['Wrong guesses in a row', text(row.failedLogins)],
        ['Invitation ends', time(row.invitationEndsAt)],
        ['Since', time(row.createdAt)],
        ['Disabled', time(row.disabledAt)],
      ],
    },
  ],
  related: (row) => [
    { title: 'What they did', panel: 'audit', filters: { actor: `admin:${row.id}` } },
    { title: 'Done to them', panel: 'audit', filters: { subject: row.id } },
  ],
});
