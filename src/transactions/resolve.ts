// Writes a person's decision: the machine's step, the entries, the answered case and the audit row, in one commit.
import { audit } from '../audit/audit.ts';
import type { Context } from '../context.ts';
import { inTransaction, run, type Trx } from '../db/knex.ts';
import { Refused, StaleState } from '../errors.ts';
import { lockAvailable } from '../ledger/balances.ts';
import type { NewEntry } from '../ledger/journal.ts';
import { post } from '../ledger/post.ts';
import { Case, openCases } from './case.ts';
import type { Proposal } from './propose.ts';
import { LOCK } from './recheck.ts';
import { checkPath, writeSteps } from './step.ts';
import { Transaction } from './transaction.ts';

const LOCK_CASE = { name: 'lock_case', text: 'SELECT resolved_at FROM cases WHERE id = $1 FOR UPDATE' };
const ANSWER = {
  name: 'answer_case',
  text: `
    UPDATE cases SET resolved_at = now(), resolved_by = $2, resolution = $3, updated_at = now()
    WHERE id = $1 AND resolved_at IS NULL RETURNING id`,
};

export interface Reasons {
  /** For somebody who was not there. */
  readonly reason: string;
  /** Says that the provider's word is known, and wrong. */
  readonly againstTheProvider: boolean;
  readonly clientAddress: string | null;
  /** Who typed it, when that is somebody else than who decided. */
  readonly via?: string;
  /** What else is written in the commit; what it gives goes into the audit row. */
  readonly beside?: (trx: Trx) => Promise<Readonly<Record<string, unknown>>>;
}

/**
 * Carries a proposal out, once: of two people who decide at the same time one wins, and the other gets StaleState with what is the
 * case now. Raises Refused `against_the_provider` when its word is against it and nobody said that it is wrong, and what `post` raises.
 */
export async function resolve(ctx: Context, proposal: Proposal, of: Reasons): Promise<readonly NewEntry[]> {
  const { question, against } = proposal;
  if (against !== null && !of.againstTheProvider)
    throw new Refused(
      'against_the_provider',
      `${against}. Decide ${question.decision} only with --against-the-provider, and say why it is wrong.`,
    );
  try {
    return await inTransaction(ctx.db, (trx) => write(trx, proposal, of));
  } catch (error) {
    if (!(error instanceof StaleState)) throw error;
    throw new StaleState(await asItIs(ctx, proposal));
  }
}

/** What must not change between showing a proposal and writing it. */
export function outlineOf({ said, against, from, to, entries, opens }: Proposal): string {
  return JSON.stringify([said, against, from, to, linesOf(entries), opens.map((one) => one.kind)]);
}

const linesOf = (entries: readonly NewEntry[]): string =>
  JSON.stringify(entries.map((one) => [one.reference, one.postings.map(([account, minor]) => `${account} ${minor}`)]));

/** Locks in the machine's own order: the row, then its case, then the wallet. */
async function write(trx: Trx, proposal: Proposal, of: Reasons): Promise<readonly NewEntry[]> {
  const { question, transaction, said, against } = proposal;
  const { caseId, actor, decision } = question;
  if (transaction !== null) await run(trx, LOCK, [transaction.id]);
  const [open] = await run<{ resolved_at: Date | null }>(trx, LOCK_CASE, [caseId]);
  if (open === undefined || open.resolved_at !== null) throw new StaleState();
  const availableMinor = transaction === null ? 0n : await lockAvailable(trx, transaction.walletId);
  const { step, entries } = proposal.write(availableMinor);
  const posted = step?.entries ?? entries;
  // What the wallet covers decides what goes where: if that has changed since, somebody looks at it again.
  if (linesOf(posted) !== linesOf(proposal.entries)) throw new StaleState();
  await run(trx, ANSWER, [caseId, actor, `${decision}: ${of.reason}`]);
  if (step !== null) {
    checkPath(step);
    if (!(await writeSteps(trx, [step])).has(step.id)) throw new StaleState();
  } else {
    await openCases(trx, proposal.opens);
    await post(trx, entries);
  }
  const more = await of.beside?.(trx);
  await audit(trx, {
    actor,
    clientAddress: of.clientAddress,
    action: 'cases.resolve',
    subject: caseId,
    reason: of.reason,
    detail: {
      kind: proposal.kind,
      decision,
      transactionId: transaction?.id ?? null,
      provider: said,
      against: against !== null,
      entries: posted.map((one) => one.reference),
      ...(of.via === undefined ? {} : { via: of.via }),
      ...more,
    },
  });
  return posted;
}

async function asItIs(ctx: Context, { question, transaction }: Proposal): Promise<string> {
  const now = await Case.query(ctx.db).findById(question.caseId);
  const row = transaction === null ? undefined : await Transaction.query(ctx.db).findById(transaction.id);
  const answered = now?.resolvedAt ? `It was resolved by ${now.resolvedBy}: ${now.resolution}.` : 'It is still open.';
  const state = row === undefined ? '' : ` ${row.id} is ${row.state} now.`;
  return `Another was first, and nothing of yours was written. ${answered}${state}`;
}
