// The panels of dual control: what awaits a second person, and above which amounts one is needed.
import { CURRENCIES } from '../../money.ts';
import { outlineHtml } from '../pages/outline.ts';
import { PROPOSAL_STATES, type ProposalState } from '../proposals/proposal.ts';
import { type Cell, code, link, money, status, type Tone, text, time } from './cell.ts';
import { panel } from './panel.ts';
import { actor, byId, bySubject, ID, words } from './vocabulary.ts';

export interface ProposalOnPanel {
  readonly id: string;
  readonly panel: string;
  readonly subject: string;
  readonly action: string;
  readonly input: Readonly<Record<string, string>>;
  readonly nevertheless: boolean;
  readonly reason: string;
  readonly outline: Readonly<Record<string, string>>;
  readonly shown: { readonly sentences: readonly string[] };
  readonly moves: Readonly<Record<string, string>>;
  readonly proposedBy: string;
  readonly email: string;
  readonly proposedFrom: string | null;
  readonly createdAt: Date;
  readonly expiresAt: Date;
  readonly state: ProposalState;
  /** Its time has passed, though nobody has written that down yet. */
  readonly late: boolean;
  readonly decidedBy: string | null;
  readonly decidedByEmail: string | null;
  readonly decidedAt: Date | null;
  readonly decisionReason: string | null;
}

const TONES: Readonly<Record<ProposalState, Tone>> = {
  open: 'warn',
  executed: 'good',
  rejected: 'bad',
  withdrawn: 'quiet',
  expired: 'quiet',
};
function standing({ state, late }: ProposalOnPanel): Cell {
  const now = state === 'open' && late ? 'expired' : state;
  return status(now, TONES[now]);
}

const said = (word: string) => word.replaceAll('-', ' ');
const amounts = (row: ProposalOnPanel): readonly (readonly [string, Cell])[] =>
  Object.entries(row.moves).map(([currency, minor]) => [`Moves in ${currency}`, money(BigInt(minor), currency)]);
function amount(row: ProposalOnPanel): Cell {
  const [first, ...others] = Object.entries(row.moves);
  if (first === undefined || others.length > 0) return text(others.length > 0 ? 'several currencies' : null);
  return money(BigInt(first[1]), first[0]);
}

export const proposals = panel<ProposalOnPanel>({
  path: 'proposals',
  title: 'Proposals',
  one: 'Proposal',
  group: 'Payments',
  about:
    'What one person asks for and a second one has to confirm. Nothing of it is done before, and never by the same person.',
  empty:
    'Nothing is proposed like that. What moves more than one person may is listed here until a second one has confirmed it.',
  permission: 'look',
  table: 'proposals',
  key: [{ sql: 't.id', type: 'text' }],
  joins: 'JOIN administrators a ON a.id = t.proposed_by LEFT JOIN administrators d ON d.id = t.decided_by',
  select: `t.id, t.panel, t.subject, t.action, t.input, t.nevertheless, t.reason, t.outline, t.shown, t.moves, t.proposed_by AS "proposedBy",
    a.email, host(t.proposed_from) AS "proposedFrom", t.created_at AS "createdAt", t.expires_at AS "expiresAt", t.state,
    t.expires_at <= now() AS late, t.decided_by AS "decidedBy", d.email AS "decidedByEmail", t.decided_at AS "decidedAt",
    t.decision_reason AS "decisionReason"`,
  filters: [
    {
      kind: 'choice',
      name: 'status',
      label: 'Status',
      otherwise: 'open',
      options: {
        open: { label: 'open', when: { sql: `t.state = 'open' AND t.expires_at > now()`, indexed: true } },
        ...Object.fromEntries(
          PROPOSAL_STATES.filter((one) => one !== 'open').map((one) => [
            one,
            {
              label: one,
              when: {
                sql:
                  one === 'expired'
                    ? `t.state IN ('open', 'expired') AND coalesce(t.decided_at, t.expires_at) <= now()`
                    : `t.state = '${one}'`,
              },
            },
          ]),
        ),
        all: { label: 'all', when: null },
      },
    },
    bySubject,
    byId({ name: 'by', label: 'Proposed by', column: 't.proposed_by', prefix: 'ad' }),
  ],
  columns: [
    { name: 'Proposed', of: (row) => time(row.createdAt), sort: true },
    { name: 'Proposal', of: (row) => link('proposals', row.id, `${said(row.action)}: ${said(row.panel)}`) },
    { name: 'Status', of: standing },
    { name: 'Moves', of: amount, right: true },
    { name: 'By', of: (row) => link('administrators', row.proposedBy, row.email) },
    { name: 'To', of: (row) => link(row.panel, row.subject), wide: true },
    { name: 'Expires', of: (row) => time(row.expiresAt), wide: true },
  ],
  id: (row) => row.id,
  byId: { form: ID('pr'), sql: 't.id = ?' },
  heading: (row) => ({ title: `Proposal: ${said(row.action)}`, badge: standing(row) }),
  sections: [
    {
      title: 'What is proposed',
      facts: (row) => [
        ['To', link(row.panel, row.subject)],
        ...amounts(row),
        ['Says', text(row.shown.sentences.join(' '))],
        ['What spoke against it', row.nevertheless ? text('known, and wrong') : null],
      ],
    },
    {
      title: 'Who asks, and why',
      facts: (row) => [
        ['By', link('administrators', row.proposedBy, row.email)],
        ['From address', code(row.proposedFrom)],
        ['Why', text(row.reason)],
        ['Proposed', time(row.createdAt)],
        ['Expires', time(row.expiresAt)],
      ],
    },
    {
      title: 'How it ended',
      facts: (row) => [
        ['Ended', time(row.decidedAt)],
        ['By', link('administrators', row.decidedBy, row.decidedByEmail)],
        ['Why', text(row.decisionReason)],
      ],
    },
  ],
  related: (row) => [{ title: 'Done about it', panel: 'audit', filters: { subject: row.id } }],
  extra: async (_ctx, _base, row) => outlineHtml(row.outline),
});

interface DualControlOnPanel {
  readonly currency: string;
  readonly aboveMinor: bigint | null;
  readonly updatedAt: Date;
  readonly updatedBy: string | null;
}

const limit = (row: DualControlOnPanel): Cell =>
  row.aboveMinor === null ? text('no limit') : money(row.aboveMinor, row.currency);

export const dualControl = panel<DualControlOnPanel>({
  path: 'dual-control',
  title: 'Dual control',
  one: 'Dual control limit',
  group: 'Operations',
  about: 'How much one person may move alone within 24 hours. What is more takes a second person.',
  empty: 'There is no such currency.',
  permission: 'look',
  table: 'dual_control_limits',
  key: [{ sql: 't.currency', type: 'text' }],
  ascending: true,
  select: `t.currency, t.above_minor AS "aboveMinor", t.updated_at AS "updatedAt", t.updated_by AS "updatedBy"`,
  filters: [
    words({ name: 'limit', label: 'Limit', column: '' }, ['some', 'none'], (value) => ({
      sql: `t.above_minor IS ${value === 'some' ? 'NOT ' : ''}NULL`,
    })),
  ],
  columns: [
    { name: 'Currency', of: (row) => link('dual-control', row.currency), sort: true },
    { name: 'One person alone, in 24 hours', of: limit, right: true },
    { name: 'Changed', of: (row) => time(row.updatedAt), wide: true },
  ],
  id: (row) => row.currency,
  byId: { form: new RegExp(`^(${CURRENCIES.join('|')})$`), sql: 't.currency = ?' },
  heading: (row) => ({ title: `Dual control in ${row.currency}` }),
  sections: [
    {
      title: 'Limit',
      facts: (row) => [
        ['One person alone, in 24 hours', limit(row)],
        ['Decisions about cases beyond it', text(row.aboveMinor === null ? 'one person' : 'two people')],
        ['Funding and adjusting', text(row.aboveMinor === null ? 'two people, always' : 'two people beyond it')],
        ['Changed', time(row.updatedAt)],
        ['By', actor(row.updatedBy)],
      ],
    },
  ],
  related: (row) => [
    { title: 'Changed', panel: 'audit', filters: { subject: row.currency } },
    { title: 'Proposed', panel: 'proposals', filters: { subject: row.currency, status: 'all' } },
  ],
});
