// What a person's decision about a case would do: asked of the provider, held against the row, and shown before anything is written.
import type { Context } from '../context.ts';
import { InvalidRequest, NotFound, Refused, StaleState } from '../errors.ts';
import { walletBalances } from '../ledger/balances.ts';
import type { NewEntry } from '../ledger/journal.ts';
import { Wallet } from '../merchants/wallet.ts';
import { scheduleById } from '../pricing/fee-schedule.ts';
import { Case, type CaseKind, type NewCase } from './case.ts';
import { type Matter, stepOf } from './decided.ts';
import { ANSWERS, type Decision, kindOf, objection, type Word, wordOf } from './decisions.ts';
import type { Flow } from './flow.ts';
import { isFinal, type State } from './states.ts';
import type { Step } from './step.ts';
import { suspendReference, suspendStranger } from './stranger.ts';
import { endShortfall, endSuspense, inSuspense, postedUnder, turnedRound } from './suspense.ts';
import { load, type TransactionRow, type TransactionType } from './transaction.ts';

export type Flows = Record<TransactionType, Flow>;

export interface Question {
  readonly caseId: string;
  readonly decision: Decision;
  /** Whose the money is, for `credited` and `charged`. */
  readonly walletId?: string;
  /** Such as `operator:jane`. */
  readonly actor: string;
}

export interface Proposal {
  readonly question: Question;
  readonly kind: CaseKind;
  readonly case: Case;
  /** Null for cases that are not about a row of ours. */
  readonly transaction: TransactionRow | null;
  /** The provider's word, asked just now; null where it has no say. */
  readonly said: Word | null;
  /** Why the provider's word is against it; null when it is not. */
  readonly against: string | null;
  readonly from: State | null;
  readonly to: State | null;
  readonly opens: readonly NewCase[];
  /** What would be posted, with the wallet as it is now. */
  readonly entries: readonly NewEntry[];
  /** The same under the wallet's lock, when it is written. A step where a row moves. */
  readonly write: (availableMinor: bigint) => { readonly step: Step | null; readonly entries: readonly NewEntry[] };
}

const OF_THE_ROW: readonly CaseKind[] = [
  'outcome_unknown',
  'no_final_answer',
  'not_executable',
  'stuck',
  'amount_mismatch',
];

/**
 * Works a decision out; writes nothing. The provider is asked first, outside of any database transaction. Raises NotFound,
 * InvalidRequest for a decision that this kind of case does not know, StaleState when case or row have ended meanwhile, and Refused
 * where it cannot be written as things are.
 */
export async function propose(ctx: Context, flows: Flows, question: Question): Promise<Proposal> {
  const { caseId, decision } = question;
  const of = await Case.query(ctx.db).findById(caseId);
  if (of === undefined) throw new NotFound(`There is no case ${caseId}.`);
  const kind = kindOf(of.kind);
  if (kind === null) throw new Refused('unknown_kind', `This release does not know cases of the kind ${of.kind}.`);
  const answers: readonly Decision[] = OF_THE_ROW.includes(kind) ? [...ANSWERS[kind], 'acknowledged'] : ANSWERS[kind];
  if (!answers.includes(decision))
    throw InvalidRequest.field('as', 'unknown_decision', `A case of the kind ${kind} takes ${answers.join(', ')}.`);
  if (of.resolvedAt !== null) throw new StaleState(`It was resolved by ${of.resolvedBy} already: ${of.resolution}.`);
  if (of.transactionId === null) return aboutProvider(ctx, question, of, kind);
  if (decision === 'acknowledged' || kind === 'shortfall')
    return aboutTheBook(ctx, question, of, kind, of.transactionId);
  return aboutRow(ctx, flows, question, of, kind, of.transactionId);
}

async function aboutRow(
  ctx: Context,
  flows: Flows,
  question: Question,
  of: Case,
  kind: CaseKind,
  transactionId: string,
): Promise<Proposal> {
  const { decision, actor } = question;
  const loaded = await load(ctx, transactionId);
  const { transaction } = loaded;
  const from: State = kind === 'contradiction' ? (decision === 'settled' ? 'failed' : 'settled') : 'in_review';
  if (transaction.state !== from)
    throw new StaleState(`${transactionId} is ${transaction.state} now: ${decision} does not apply.`);
  const answer = await ctx.provider.lookUp({
    reference: transactionId,
    providerTransactionId: transaction.providerTransactionId,
  });
  const { said, found } = wordOf(answer);
  const suspended = await postedUnder(ctx.db, `${transactionId}:suspend`);
  const turned = { reference: `${transactionId}:unsuspend`, transactionId, actor };
  const matter: Omit<Matter, 'availableMinor'> = {
    config: ctx.config,
    flow: flows[transaction.type],
    loaded,
    tariff: await scheduleById(ctx, transaction.feeScheduleId),
    caseId: of.id,
    kind,
    said,
    found,
    moved: said === 'successful' && found !== null ? found : movedBy(of),
    unsuspend: suspended === null ? null : turnedRound(suspended, turned),
    actor,
  };
  const write = (availableMinor: bigint) => ({ step: stepOf({ ...matter, availableMinor }, decision), entries: [] });
  const balance = (await walletBalances(ctx.db, [transaction.walletId])).get(transaction.walletId);
  const { step } = write(balance?.availableMinor ?? 0n);
  return {
    question,
    kind,
    case: of,
    transaction,
    said,
    against: objection(decision, said),
    from,
    to: step.path.at(-1) ?? from,
    opens: step.cases ?? [],
    entries: step.entries ?? [],
    write,
  };
}

/** What the case itself says was moved: another amount than asked. */
function movedBy(of: Case): Matter['moved'] {
  const { moved } = of.evidence as { moved?: { currency?: unknown; amountMinor?: unknown } };
  return typeof moved?.currency === 'string' && typeof moved.amountMinor === 'string'
    ? { currency: moved.currency, amountMinor: BigInt(moved.amountMinor) }
    : null;
}

/** The row has ended; what is left is a note, a shortfall, or suspense that its end has made superfluous. */
async function aboutTheBook(
  ctx: Context,
  question: Question,
  of: Case,
  kind: CaseKind,
  transactionId: string,
): Promise<Proposal> {
  const { decision, actor } = question;
  const { transaction } = await load(ctx, transactionId);
  if (!isFinal(transaction.state))
    throw new StaleState(`${transactionId} is ${transaction.state}: there is something to decide, not to acknowledge.`);
  const entries: NewEntry[] = [];
  if (kind === 'shortfall') {
    const { amountMinor, currency } = of;
    if (amountMinor === null || currency === null) throw new Refused('amount_unknown', 'The case names no amount.');
    const ending = { reference: `${of.id}:resolve`, currency, actor, reason: `decided ${decision}` };
    entries.push(endShortfall(decision, amountMinor, { ...ending, walletId: transaction.walletId }));
  }
  if (kind === 'amount_mismatch') {
    const suspended = await postedUnder(ctx.db, `${transactionId}:suspend`);
    const reference = `${transactionId}:unsuspend`;
    if (suspended !== null && (await postedUnder(ctx.db, reference)) === null)
      entries.push(turnedRound(suspended, { reference, transactionId, actor }));
  }
  const { state } = transaction;
  const rest = { said: null, against: null, opens: [], entries, write: () => ({ step: null, entries }) };
  return { question, kind, case: of, transaction, from: state, to: state, ...rest };
}

/** Money at the provider that no row explains. */
async function aboutProvider(ctx: Context, question: Question, of: Case, kind: CaseKind): Promise<Proposal> {
  const { decision, actor, walletId = null } = question;
  const { providerTransactionId, reference } = of.evidence as {
    providerTransactionId?: string;
    reference?: string | null;
  };
  if (providerTransactionId === undefined)
    throw new Refused('unknown_subject', 'The case names no transaction of the provider.');
  const { said, found } = wordOf(await ctx.provider.lookUp({ reference: reference ?? '', providerTransactionId }));
  const posted = await postedUnder(ctx.db, suspendReference(providerTransactionId));
  const late = posted === null && found !== null ? suspendStranger(ctx, found, actor) : null;
  const amountMinor = posted !== null ? inSuspense(posted) : late !== null ? inSuspense(late) : 0n;
  const currency = posted?.currency ?? late?.currency ?? null;
  const entries: NewEntry[] = late === null ? [] : [late];
  if (decision === 'acknowledged') {
    if (amountMinor !== 0n) throw new Refused('money_in_suspense', 'Its money waits in suspense: decide whose it is.');
  } else if (amountMinor === 0n || currency === null) {
    throw new Refused(
      'nothing_in_suspense',
      `Nothing of it is in suspense (the provider: ${said}): there is nothing to book.`,
    );
  } else {
    await mustFit(ctx, walletId, currency);
    const ending = { reference: `${of.id}:resolve`, currency, actor, reason: `decided ${decision}`, walletId };
    entries.push(endSuspense(decision, amountMinor, ending));
  }
  const isPending = decision === 'acknowledged' && said !== 'failed' && said !== 'returned';
  const against = isPending ? `The provider's word is ${said}, not that nothing moved` : objection(decision, said);
  const rest = { opens: [], entries, write: () => ({ step: null, entries }) };
  return { question, kind, case: of, transaction: null, from: null, to: null, said, against, ...rest };
}

async function mustFit(ctx: Context, walletId: string | null, currency: string): Promise<void> {
  if (walletId === null) return;
  const wallet = await Wallet.query(ctx.db).findById(walletId);
  if (wallet === undefined) throw new NotFound(`There is no wallet ${walletId}.`);
  if (wallet.currency !== currency)
    throw InvalidRequest.field('wallet', 'other_currency', `The money is ${currency}, the wallet ${wallet.currency}.`);
}
