// The trace of every action, in the commit of the deed: its audit row; and where money moves, that one person may, or that two did.
import { audit } from '../../audit/audit.ts';
import type { Trx } from '../../db/knex.ts';
import type { Action, Carried } from '../actions/action.ts';
import { insistOnLimit } from './limit.ts';
import { endExecuted } from './proposal.ts';

type Detail = Readonly<Record<string, unknown>>;

/**
 * What has to happen beside a deed in its commit; gives what its audit row names besides. Alone: the limit of the currency, counted
 * under its lock. By two: the proposal's one end, with the audit row of whoever confirmed. Raises StaleState and Forbidden.
 */
export async function beside(
  trx: Trx,
  action: Pick<Action, 'permission' | 'needsLimit'>,
  of: Carried,
): Promise<Detail> {
  const { second, moves, actor } = of;
  if (second === null) {
    await insistOnLimit(trx, { actor: actor.actor, moves, needsLimit: action.needsLimit });
    if (moves.size === 0) return {};
    return { alone: Object.fromEntries([...moves].map(([currency, minor]) => [currency, minor.toString()])) };
  }
  const { proposalId, by, reason } = second;
  const ending = { id: proposalId, administratorId: by.actor.slice('admin:'.length), reason };
  await endExecuted(trx, { ...ending, permission: action.permission });
  const detail = { proposedBy: actor.actor };
  await audit(trx, { ...by, action: 'proposals.confirm', subject: proposalId, reason, detail });
  return { proposal: proposalId, confirmedBy: by.actor };
}

/** Writes the audit row of an action with what belongs beside it. */
export async function record(
  trx: Trx,
  action: Pick<Action, 'permission' | 'needsLimit'>,
  of: Carried,
  deed: { readonly action: string; readonly subject: string; readonly detail?: Detail },
): Promise<void> {
  const detail = { ...deed.detail, ...(await beside(trx, action, of)) };
  await audit(trx, { ...of.actor, ...deed, reason: of.reason, detail });
}
