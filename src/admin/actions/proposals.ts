// The second person: confirming what somebody else proposed, rejecting it, or withdrawing one's own.
import { audit } from '../../audit/audit.ts';
import type { Context } from '../../context.ts';
import { inTransaction } from '../../db/knex.ts';
import { Forbidden, PaymentsError, StaleState } from '../../errors.ts';
import { panelOf } from '../panels/all.ts';
import { link, text, time } from '../panels/cell.ts';
import type { ProposalOnPanel } from '../panels/proposals.ts';
import { readRow } from '../panels/read.ts';
import { checkSecond, endUndone } from '../proposals/proposal.ts';
import type { Action, Carried, Effect, Ordered } from './action.ts';
import { changes } from './pinned.ts';

type Find = (panel: string, name: string) => Action | null;
const proposalOf = ({ row }: Pick<Ordered, 'row'>) => row as unknown as ProposalOnPanel;
const idOf = ({ actor }: Ordered) => actor.actor.slice('admin:'.length);
const isOpen = (row: Record<string, unknown>) => row['state'] === 'open' && row['late'] === false;

interface Reworked {
  readonly action: Action;
  readonly order: Ordered;
  readonly effect: Effect;
}

/** Works the proposed action out anew, in its proposer's name. Raises StaleState that says what is not as it was shown. */
async function rework(ctx: Context, find: Find, of: ProposalOnPanel): Promise<Reworked> {
  const [panel, action] = [panelOf(of.panel), find(of.panel, of.action)];
  if (panel === null || action === null) throw new StaleState('This release does not know what was proposed.');
  const row = await readRow(ctx, panel, of.subject);
  if (row === null || !action.fits(row)) throw new StaleState('There is nothing like that to do any more. Reject it.');
  const actor = { actor: `admin:${of.proposedBy}`, clientAddress: of.proposedFrom };
  const order = { row, input: of.input, actor };
  try {
    const effect = await action.preview(ctx, order);
    const changed = changes(of.outline, effect.outline);
    if (changed.length === 0) return { action, order, effect };
    throw new StaleState(
      `It is not what was proposed any more. ${changed.join(' ')} Reject it, and have it proposed anew.`,
    );
  } catch (error) {
    if (!(error instanceof PaymentsError) || error.status === 500 || error instanceof StaleState) throw error;
    throw new StaleState(`It cannot be done as it was proposed. ${error.message}`);
  }
}

const confirm = (find: Find): Action => ({
  name: 'confirm',
  panel: 'proposals',
  label: 'Confirm',
  permission: 'proposals.confirm',
  isGrave: true,
  fits: isOpen,
  isFor: (row, administratorId) => row['proposedBy'] !== administratorId,
  async preview(ctx, of) {
    const proposal = proposalOf(of);
    const permission = find(proposal.panel, proposal.action)?.permission ?? 'proposals.confirm';
    await checkSecond(ctx, { id: proposal.id, administratorId: idOf(of), permission });
    const { action, effect } = await rework(ctx, find, proposal);
    const known = proposal.nevertheless && effect.against ? [`${effect.against}. Whoever proposed it knows.`] : [];
    return {
      ...effect,
      sentences: [
        `${proposal.email} proposes: ${action.label.toLowerCase()}. With your word it is done, now.`,
        ...effect.sentences,
        ...known,
      ],
      facts: [
        ['Proposed by', link('administrators', proposal.proposedBy, proposal.email)],
        ['Why', text(proposal.reason)],
        ['Proposed', time(proposal.createdAt)],
        ['To', link(proposal.panel, proposal.subject)],
        ...(effect.facts ?? []),
      ],
      against: null,
      moves: new Map(),
      takesTwo: false,
    };
  },
  async carryOut(ctx, of) {
    const proposal = proposalOf(of);
    const { action, order, effect } = await rework(ctx, find, proposal);
    const second = { proposalId: proposal.id, by: of.actor, reason: of.reason };
    const { reason, nevertheless } = proposal;
    const carried: Carried = {
      ...order,
      reason,
      nevertheless,
      outline: effect.outline,
      moves: effect.moves ?? new Map(),
      second,
    };
    const done = await action.carryOut(ctx, carried);
    return { sentence: `Confirmed. ${done.sentence}` };
  },
});

const end = (of: { name: string; label: string; sentence: string; isOwn: boolean }): Action => ({
  name: of.name,
  panel: 'proposals',
  label: of.label,
  permission: of.isOwn ? 'proposals.withdraw' : 'proposals.confirm',
  fits: isOpen,
  isFor: (row, administratorId) => (row['proposedBy'] === administratorId) === of.isOwn,
  async preview(_ctx, ordered) {
    mustFit(ordered, of.isOwn);
    return { sentences: [of.sentence], outline: { State: 'open' } };
  },
  async carryOut(ctx, carried) {
    mustFit(carried, of.isOwn);
    const { id, proposedBy, panel, subject, action } = proposalOf(carried);
    const { actor, reason } = carried;
    await inTransaction(ctx.db, async (trx) => {
      await endUndone(trx, { id, administratorId: idOf(carried), reason });
      const detail = { proposedBy: `admin:${proposedBy}`, panel, subject, action };
      await audit(trx, { ...actor, action: `proposals.${of.name}`, subject: id, reason, detail });
    });
    return { sentence: 'The proposal has ended, and nothing was done.' };
  },
});

function mustFit(of: Ordered, isOwn: boolean): void {
  if ((proposalOf(of).proposedBy === idOf(of)) === isOwn) return;
  throw new Forbidden(
    isOwn ? 'Only whoever proposed it can withdraw it.' : 'It is your own: withdraw it.',
    'second_person',
  );
}

/** They reach every other action through `find`. */
export const proposalActions = (find: Find): readonly Action[] => [
  confirm(find),
  end({ name: 'reject', label: 'Reject', sentence: 'It ends here, and nothing is done.', isOwn: false }),
  end({ name: 'withdraw', label: 'Withdraw', sentence: 'It ends here, and nothing is done.', isOwn: true }),
];
