// What the provider says about a transaction it may know, and the step that follows: the only way to settle or to fail one.
import type { Context } from '../context.ts';
import { StaleState } from '../errors.ts';
import { entry, isPosted, type NewEntry } from '../ledger/journal.ts';
import { systemAccount } from '../ledger/ledger-account.ts';
import { scheduleById } from '../pricing/fee-schedule.ts';
import type { LookUpEnding, ProviderTransaction } from '../provider/provider.ts';
import type { Ending, Ring } from './advance.ts';
import { silenceProves } from './attempt.ts';
import { backoffMs, scheduledMs } from './backoff.ts';
import { type CaseKind, caseOf } from './case.ts';
import { discreetAnswer } from './discreet.ts';
import type { Flow } from './flow.ts';
import { recheck } from './recheck.ts';
import type { State } from './states.ts';
import { type Step, take } from './step.ts';
import { type Loaded, load, type TransactionRow } from './transaction.ts';

/** How often an answer is held against the row anew, when others keep moving it meanwhile. */
const MAX_ROUNDS = 3;

/**
 * Looks the transaction up and writes the step that the answer allows; from submitting, submitted or in_review. When the row
 * moves on under it (a webhook often comes before our own answer is written), the same answer is held against the row as it is now.
 */
export async function look(ctx: Context, flow: Flow, first: Loaded, ring: Ring): Promise<Ending> {
  const { id: reference, providerTransactionId } = first.transaction;
  const answer = discreetAnswer(ctx, first, await ctx.provider.lookUp({ reference, providerTransactionId }));
  let loaded = first;
  for (let round = 1; round <= MAX_ROUNDS; round += 1) {
    const step = await decide(ctx, flow, loaded, ring, answer);
    // An entry that exists already was written by another who saw the same: that is a lost race like any other.
    const taken = await take(ctx, step).catch((error: unknown) => {
      if (error instanceof StaleState) return false;
      throw error;
    });
    if (taken) return await after(ctx, flow, loaded, ring, step, answer);
    loaded = await load(ctx, reference);
    const { state, attemptNo } = loaded.transaction;
    // An answer about one attempt says nothing about a later one.
    if (attemptNo !== first.transaction.attemptNo) return 'stale';
    if (state !== 'submitting' && state !== 'submitted' && state !== 'in_review') return 'stale';
  }
  return 'stale';
}

async function after(
  ctx: Context,
  flow: Flow,
  loaded: Loaded,
  ring: Ring,
  step: Step,
  answer: LookUpEnding,
): Promise<Ending> {
  if (step.path.length === 0) return 'waiting';
  // Settled, and already returned: both steps belong to the book, one after the other.
  if (step.path.at(-1) === 'settled' && answer.kind === 'found' && answer.transaction.isRefunded) {
    return recheck(ctx, flow, await load(ctx, loaded.transaction.id), ring);
  }
  return 'moved';
}

async function decide(ctx: Context, flow: Flow, loaded: Loaded, ring: Ring, answer: LookUpEnding): Promise<Step> {
  switch (answer.kind) {
    case 'unavailable':
      return unavailable(ctx, flow, loaded, ring, answer);
    case 'not_found':
      return notFound(ctx, flow, loaded, ring);
    case 'found':
      return found(ctx, flow, loaded, ring, answer.transaction);
  }
}

function baseOf(loaded: Loaded, ring: Ring) {
  const { transaction } = loaded;
  return {
    id: transaction.id,
    from: transaction.state,
    attemptNo: transaction.attemptNo,
    cause: ring.cause,
    actor: ring.actor,
  };
}

/** Not knowing is no evidence: only the date moves, and after patience a person is asked. */
function unavailable(
  ctx: Context,
  flow: Flow,
  loaded: Loaded,
  ring: Ring,
  answer: Extract<LookUpEnding, { kind: 'unavailable' }>,
): Step {
  const { transaction } = loaded;
  if (isPatienceSpent(ctx, flow, loaded))
    return review(ctx, loaded, ring, { lookUp: answer.code, message: answer.message });
  const wait = backoffMs(transaction.tries, { baseMs: ctx.config.RETRY_BASE_MS, maxMs: ctx.config.RETRY_MAX_MS });
  return { ...baseOf(loaded, ring), path: [], dueInMs: Math.max(wait, answer.retryAfterMs ?? 0), tries: 'count' };
}

function notFound(ctx: Context, flow: Flow, loaded: Loaded, ring: Ring): Step {
  const { transaction, attempt } = loaded;
  const { config } = ctx;
  const base = baseOf(loaded, ring);
  if (transaction.state !== 'submitting' || attempt === null) {
    // The provider had it, or it was never sent: that it is not found now proves nothing.
    if (isPatienceSpent(ctx, flow, loaded)) return review(ctx, loaded, ring, { lookUp: 'not_found' });
    return { ...base, path: [], dueInMs: scheduledMs(transaction.tries, config.POLL_SCHEDULE_MS), tries: 'count' };
  }
  // Only look-ups that began after the fence are evidence; the database had passed it when the row was loaded.
  const negative = attempt.isFenced === true;
  if (silenceProves(attempt, { lookUps: config.RESEND_LOOKUPS, spanMs: config.RESEND_LOOKUP_SPAN_MS })) {
    const evidence = {
      lookUps: attempt.lookUps + 1,
      negatives: attempt.negatives + 1,
      spanMs: Math.round(attempt.negativeSpanMs),
    };
    if (attempt.hint?.startsWith('payment_required')) {
      return {
        ...base,
        path: ['failed'],
        dueInMs: null,
        note: 'payment_required, and not found since',
        set: {
          failure: {
            code: 'payment_required',
            message: attempt.hint.slice('payment_required: '.length) || 'The provider refused it.',
          },
        },
        attempt: { kind: 'close', verdict: 'refused', evidence, negative },
        forgetOtp: loaded.otpSealed !== null,
        entries: flow.release(transaction, 'fail', ring.actor),
      };
    }
    return {
      ...base,
      path: ['accepted'],
      dueInMs: 0,
      note: 'silence after the fence: not executed',
      attempt: { kind: 'close', verdict: 'not_executed', evidence, negative },
    };
  }
  if (isPatienceSpent(ctx, flow, loaded)) return review(ctx, loaded, ring, { lookUp: 'not_found' });
  return {
    ...base,
    path: [],
    dueInMs: scheduledMs(attempt.lookUps + 1, config.LOOKUP_SCHEDULE_MS),
    tries: 'count',
    attempt: { kind: 'looked_up', negative },
  };
}

async function found(ctx: Context, flow: Flow, loaded: Loaded, ring: Ring, answer: ProviderTransaction): Promise<Step> {
  const { transaction, attempt } = loaded;
  const base = baseOf(loaded, ring);
  const known = {
    set: { providerTransactionId: answer.providerTransactionId },
    ...(attempt === null
      ? {}
      : { attempt: { kind: 'close', verdict: 'accepted', evidence: { lookedUp: answer.status } } as const }),
    forgetOtp: loaded.otpSealed !== null,
  };
  if (answer.status === 'pending') return pending(ctx, flow, loaded, ring, known);
  const resolves = { kinds: ANSWERED_BY_A_FINAL_WORD, resolution: `the provider says ${answer.status}` };
  if (answer.status === 'failed') {
    const message = answer.reason ?? 'The provider reports it as failed.';
    return {
      ...base,
      ...known,
      path: ['failed'],
      dueInMs: null,
      set: { ...known.set, failure: { code: 'provider_failed', message } },
      entries: flow.release(transaction, 'fail', ring.actor),
      resolves,
    };
  }
  if (answer.currency !== transaction.currency || answer.amountMinor !== transaction.amountMinor) {
    return mismatch(ctx, loaded, ring, known, answer);
  }
  const tariff = await scheduleById(ctx, transaction.feeScheduleId);
  const booking = flow.settle({
    transaction,
    found: answer,
    tariff,
    quotedChargeMinor: loaded.quotedChargeMinor,
    config: ctx.config,
  });
  return {
    ...base,
    ...known,
    path: transaction.state === 'submitting' ? ['submitted', 'settled'] : ['settled'],
    dueInMs: null,
    set: { ...known.set, ...booking.set },
    entries: booking.entries,
    earnings: booking.earnings,
    cases: booking.cases,
    resolves,
  };
}

const ANSWERED_BY_A_FINAL_WORD: readonly CaseKind[] = ['outcome_unknown', 'no_final_answer', 'stuck', 'not_executable'];

function pending(
  ctx: Context,
  flow: Flow,
  loaded: Loaded,
  ring: Ring,
  known: Pick<Step, 'attempt' | 'forgetOtp'> & { readonly set: NonNullable<Step['set']> },
): Step {
  const { transaction } = loaded;
  const base = baseOf(loaded, ring);
  const polls = ctx.config.POLL_SCHEDULE_MS;
  if (transaction.state === 'submitting')
    return { ...base, ...known, path: ['submitted'], dueInMs: scheduledMs(0, polls) };
  if (transaction.state === 'submitted' && isPatienceSpent(ctx, flow, loaded)) {
    return { ...review(ctx, loaded, ring, { lookUp: 'pending' }), ...known };
  }
  return { ...base, ...known, path: [], dueInMs: scheduledMs(transaction.tries + 1, polls), tries: 'count' };
}

/**
 * The provider moved another amount than asked: it is booked once as what it is, in its own currency, and a person decides; also
 * when a person has been asked about something else before.
 */
async function mismatch(
  ctx: Context,
  loaded: Loaded,
  ring: Ring,
  known: Pick<Step, 'attempt' | 'forgetOtp'> & { readonly set: NonNullable<Step['set']> },
  answer: ProviderTransaction,
): Promise<Step> {
  const { transaction } = loaded;
  const path: State[] = transaction.state === 'in_review' ? [] : ['in_review'];
  const suspended = suspend(transaction, answer, ring.actor);
  return {
    ...baseOf(loaded, ring),
    ...known,
    path,
    dueInMs: scheduledMs(Number.MAX_SAFE_INTEGER, ctx.config.POLL_SCHEDULE_MS),
    entries: path.length === 0 && (await isPosted(ctx.db, suspended.reference)) ? [] : [suspended],
    cases: [
      caseOf(transaction, 'amount_mismatch', answer.amountMinor, {
        asked: { currency: transaction.currency, amountMinor: String(transaction.amountMinor) },
        moved: { currency: answer.currency, amountMinor: String(answer.amountMinor) },
      }),
    ],
  };
}

function suspend(transaction: TransactionRow, answer: ProviderTransaction, actor: string): NewEntry {
  const provider = systemAccount('provider', answer.currency);
  const suspense = systemAccount('suspense', answer.currency);
  const amountMinor = answer.amountMinor;
  return entry({
    reference: `${transaction.id}:suspend`,
    kind: 'suspend',
    currency: answer.currency,
    transactionId: transaction.id,
    actor,
    moves: [
      transaction.type === 'collection'
        ? { from: provider, to: suspense, amountMinor }
        : { from: suspense, to: provider, amountMinor },
    ],
  });
}

function isPatienceSpent(ctx: Context, flow: Flow, { transaction, ageMs }: Loaded): boolean {
  return transaction.state !== 'in_review' && ageMs > flow.patienceMs(ctx.config);
}

/** Patience is spent: a case opens with what is known, the money stays where it is, and we keep looking now and then. */
function review(ctx: Context, loaded: Loaded, ring: Ring, evidence: Record<string, unknown>): Step {
  const { transaction, attempt, ageMs } = loaded;
  return {
    ...baseOf(loaded, ring),
    path: ['in_review'],
    dueInMs: scheduledMs(Number.MAX_SAFE_INTEGER, ctx.config.POLL_SCHEDULE_MS),
    note: 'patience spent',
    forgetOtp: loaded.otpSealed !== null,
    cases: [
      caseOf(
        transaction,
        transaction.state === 'submitted' ? 'no_final_answer' : 'outcome_unknown',
        transaction.amountMinor ?? transaction.maxAmountMinor,
        {
          ...evidence,
          ageMs: Math.round(ageMs),
          attempt: transaction.attemptNo,
          lookUps: attempt?.lookUps ?? 0,
          hint: attempt?.hint ?? null,
        },
      ),
    ],
  };
}
