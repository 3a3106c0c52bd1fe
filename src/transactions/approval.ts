// Approvals: a payout above its merchant's limit waits for somebody else's word, and not for ever.
import { type Actor, audit } from '../audit/audit.ts';
import type { Context } from '../context.ts';
import { inTransaction, run } from '../db/knex.ts';
import type { Ending, Ring } from './advance.ts';
import type { Flow } from './flow.ts';
import { LOCK } from './recheck.ts';
import { isSendingDisabled } from './sending.ts';
import { type Cause, checkPath, type Step, take, writeSteps } from './step.ts';
import type { Loaded, TransactionRow } from './transaction.ts';

export const APPROVAL_EXPIRED = 'approval_expired';

/** Nobody approved it in time: cancelled, and what was held is available again. Not while a recovery is open: it may have been paid. */
export async function expireApproval(
  ctx: Context,
  flow: Flow,
  { transaction }: Loaded,
  { cause, actor }: Ring,
): Promise<Ending> {
  if (await isSendingDisabled(ctx.db)) return 'waiting';
  const moved = await take(ctx, {
    id: transaction.id,
    from: 'awaiting_approval',
    attemptNo: transaction.attemptNo,
    path: ['cancelled'],
    cause,
    actor,
    note: APPROVAL_EXPIRED,
    dueInMs: null,
    set: { failure: { code: APPROVAL_EXPIRED, message: 'Nobody approved it in time.' } },
    entries: flow.release(transaction, 'cancel', actor),
  });
  return moved ? 'moved' : 'stale';
}

/** Who decides about a payout, and how that is told: `cause` in its history, the rest in the audit log. */
export interface Decider extends Actor {
  readonly cause: Extract<Cause, 'api' | 'operator'>;
  readonly reason: string | null;
  /** Who typed it, when that is somebody else. */
  readonly via?: string;
}

type Decision = Pick<Step, 'path' | 'dueInMs' | 'entries'> & { readonly action: string };

/** Writes a decision about a payout with its audit row, in one commit. False, and nothing written, when the row had moved on. */
export async function decide(ctx: Context, transaction: TransactionRow, by: Decider, of: Decision): Promise<boolean> {
  return (await decideMany(ctx, [transaction], by, () => of)).length > 0;
}

/** The same about several, given in the order of their ids, all in one commit. Gives those whose rows had not moved on. */
export async function decideMany<Row extends TransactionRow>(
  ctx: Context,
  rows: readonly Row[],
  by: Decider,
  decisionOf: (row: Row) => Decision,
): Promise<readonly Row[]> {
  const { actor, clientAddress, cause, reason, via } = by;
  const detail = via === undefined ? {} : { via };
  const note = reason === null ? {} : { note: reason };
  const steps = rows.map((row) => {
    const { action, ...writes } = decisionOf(row);
    const step: Step = { id: row.id, from: row.state, attemptNo: row.attemptNo, cause, actor, ...note, ...writes };
    checkPath(step);
    return { row, action, step };
  });
  return inTransaction(ctx.db, async (trx) => {
    for (const { row } of steps) await run(trx, LOCK, [row.id]);
    const written = await writeSteps(
      trx,
      steps.map(({ step }) => step),
    );
    const decided = steps.filter(({ row }) => written.has(row.id));
    for (const { row, action } of decided)
      await audit(trx, { actor, clientAddress, action, subject: row.id, reason, detail });
    return decided.map(({ row }) => row);
  });
}
