// The step that a person's decision about a transaction amounts to: the machine's own moves and bookings, on another's word.
import type { Config } from '../config.ts';
import { Refused } from '../errors.ts';
import type { NewEntry } from '../ledger/journal.ts';
import type { Tariff } from '../pricing/fee-schedule.ts';
import type { ProviderTransaction } from '../provider/provider.ts';
import { type CaseKind, caseOf, type NewCase } from './case.ts';
import type { Decision, Word } from './decisions.ts';
import { mustNotBeKnown } from './decisions.ts';
import type { Booking, Flow } from './flow.ts';
import type { Step } from './step.ts';
import { suspendStranger } from './stranger.ts';
import type { Loaded, TransactionRow } from './transaction.ts';

export interface Matter {
  readonly config: Config;
  readonly flow: Flow;
  readonly loaded: Loaded;
  readonly tariff: Tariff;
  readonly caseId: string;
  readonly kind: CaseKind;
  readonly said: Word;
  readonly found: ProviderTransaction | null;
  /** What the provider moved when it moved another amount than asked. */
  readonly moved: { readonly currency: string; readonly amountMinor: bigint } | null;
  /** The entry that keeps that amount in suspense, turned round; null when there is none. */
  readonly unsuspend: NewEntry | null;
  /** What the wallet has available: locked when it is written, as it is now when it is only shown. */
  readonly availableMinor: bigint;
  readonly actor: string;
}

/** These are answered by any end of their transaction. */
const ANSWERED_BY_AN_END: readonly CaseKind[] = ['outcome_unknown', 'no_final_answer', 'stuck', 'not_executable'];

/** Raises Refused where the decision cannot be written as things are. */
export function stepOf(matter: Matter, decision: Decision): Step {
  const { loaded, kind, actor, caseId, said, found } = matter;
  const { transaction, attempt } = loaded;
  const base = {
    id: transaction.id,
    from: transaction.state,
    attemptNo: transaction.attemptNo,
    cause: 'operator',
    actor,
    note: `${kind}: decided ${decision} (${caseId})`,
    forgetOtp: loaded.otpSealed !== null,
    resolves: {
      kinds: ANSWERED_BY_AN_END.filter((one) => one !== kind),
      resolution: `decided ${decision} in ${caseId}`,
    },
  } as const;
  const id = found?.providerTransactionId ?? transaction.providerTransactionId;
  const known = id === null ? {} : { providerTransactionId: id };
  const close = (verdict: 'accepted' | 'refused') =>
    attempt === null
      ? {}
      : { attempt: { kind: 'close', verdict, evidence: { decidedIn: caseId, provider: said } } as const };
  switch (decision) {
    case 'accepted':
      mustNotBeKnown(said, attempt !== null || transaction.providerTransactionId !== null);
      return { ...base, path: ['accepted'], dueInMs: 0 };
    case 'failed': {
      const failure = {
        code: 'decided_failed',
        message: 'The provider gave no final answer; it was closed as failed.',
      };
      const left = strangerOf(matter);
      const entries = [...matter.flow.release(transaction, 'fail', actor), ...left.entries];
      return {
        ...base,
        ...close('refused'),
        path: ['failed'],
        dueInMs: null,
        set: { ...known, failure },
        entries,
        cases: left.cases,
      };
    }
    case 'settled': {
      const booking = transaction.state === 'failed' ? late(matter) : settled(matter);
      const set = { ...known, ...booking.set, ...(transaction.state === 'failed' ? { failure: null } : {}) };
      return { ...base, ...close('accepted'), path: ['settled'], dueInMs: null, ...booking, set };
    }
    case 'reversed': {
      const booked = inputOf(matter, asBooked(matter));
      const booking = matter.flow.reverse({ ...booked, availableMinor: matter.availableMinor });
      // Whoever decided it need not be told of it; what the wallet did not cover is another matter.
      const cases = booking.cases.filter((one) => one.kind !== 'returned');
      return { ...base, path: ['reversed'], dueInMs: null, ...booking, cases };
    }
    default:
      throw new Refused('not_a_move', `${decision} moves no transaction.`);
  }
}

/** The provider's transaction where it has one; else the row as if the provider had confirmed it. */
function asBooked({ loaded: { transaction }, found }: Matter): ProviderTransaction {
  const amountMinor = transaction.amountMinor ?? found?.amountMinor;
  if (amountMinor === undefined)
    throw new Refused('amount_unknown', 'Neither we nor the provider can say the amount, so it cannot be booked.');
  return { ...(found ?? blank(transaction)), currency: transaction.currency, amountMinor };
}

function blank(transaction: TransactionRow): ProviderTransaction {
  return {
    providerTransactionId: transaction.providerTransactionId ?? '',
    reference: transaction.id,
    type: transaction.type,
    status: 'successful',
    currency: transaction.currency,
    amountMinor: transaction.amountMinor ?? 0n,
    feesMinor: null,
    destinationAmountMinor: null,
    destinationCurrency: null,
    isRefunded: false,
    reason: null,
    redirectUrl: null,
  };
}

function inputOf({ loaded, tariff, config }: Matter, found: ProviderTransaction) {
  return { transaction: loaded.transaction, found, tariff, quotedChargeMinor: loaded.quotedChargeMinor, config };
}

function settled(matter: Matter): Booking {
  const { flow, loaded, moved, unsuspend, actor } = matter;
  const { transaction } = loaded;
  const isOther =
    moved !== null && (moved.currency !== transaction.currency || moved.amountMinor !== transaction.amountMinor);
  if (!isOther) {
    const booking = flow.settle(inputOf(matter, asBooked(matter)));
    return { ...booking, entries: [...back(unsuspend), ...booking.entries] };
  }
  if (moved.currency !== transaction.currency)
    throw new Refused(
      'other_currency',
      `The provider moved ${moved.currency}: it cannot be booked on a ${transaction.currency} wallet. Decide failed; the money then has a case of its own.`,
    );
  const feeMinor = transaction.feeMinor ?? 0n;
  if (transaction.type === 'collection' && (moved.amountMinor % 100n !== 0n || feeMinor >= moved.amountMinor))
    throw new Refused(
      'amount_does_not_fit',
      'The amount that moved does not cover our fee, or has cents. Decide failed; the money then has a case of its own.',
    );
  const input = {
    ...inputOf(matter, { ...(matter.found ?? blank(transaction)), ...moved }),
    transaction: { ...transaction, amountMinor: moved.amountMinor },
  };
  if (transaction.type === 'collection' || moved.amountMinor + feeMinor <= transaction.heldMinor) {
    const booking = flow.settle(input);
    const set = { ...booking.set, amountMinor: moved.amountMinor };
    return { ...booking, set, entries: [...back(unsuspend), ...booking.entries] };
  }
  // More than was held: the hold goes back first, and all of it is taken from what is then available, the rest being a shortfall.
  const availableMinor = matter.availableMinor + transaction.heldMinor;
  const booking = flow.settleLate({ ...input, availableMinor });
  const entries = [...back(unsuspend), ...flow.release(transaction, 'fail', actor), ...booking.entries];
  return { ...booking, entries, cases: booking.cases.filter((one) => one.kind !== 'late_success') };
}

/** A failed one that the provider calls successful by another amount: booked by what moved, as a late success. */
function late(matter: Matter): Booking {
  const { flow, loaded, found, availableMinor } = matter;
  if (found === null) throw new Refused('provider_unavailable', "A late success needs the provider's own word.");
  if (found.currency !== loaded.transaction.currency)
    throw new Refused('other_currency', `The provider moved ${found.currency}: it cannot be booked on this wallet.`);
  const transaction = { ...loaded.transaction, amountMinor: found.amountMinor };
  const booking = flow.settleLate({ ...inputOf(matter, found), transaction, availableMinor });
  return { ...booking, set: { ...booking.set, amountMinor: found.amountMinor } };
}

const back = (unsuspend: NewEntry | null) => (unsuspend === null ? [] : [unsuspend]);

/** Failed, though the provider moved something else: that money is nobody's yet, and gets a case of its own. */
function strangerOf(matter: Matter): { entries: readonly NewEntry[]; cases: readonly NewCase[] } {
  const { loaded, moved, unsuspend, actor, caseId } = matter;
  const id = loaded.transaction.providerTransactionId;
  if (unsuspend === null || moved === null || id === null) return { entries: [], cases: [] };
  const found = { ...(matter.found ?? blank(loaded.transaction)), ...moved, providerTransactionId: id };
  const suspended = suspendStranger(matter, { ...found, status: 'successful', isRefunded: false }, actor);
  return {
    entries: [unsuspend, ...(suspended === null ? [] : [suspended])],
    cases: [
      {
        ...caseOf(loaded.transaction, 'unknown_operation', moved.amountMinor, {
          providerTransactionId: id,
          reference: loaded.transaction.id,
          type: loaded.transaction.type,
          currency: moved.currency,
          decidedIn: caseId,
        }),
        subject: `provider:${id}`,
        transactionId: null,
        currency: moved.currency,
      },
    ],
  };
}
