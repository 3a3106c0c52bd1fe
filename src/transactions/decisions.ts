// What a person may decide about each kind of case, and when the provider's own word is against it.
import { Refused } from '../errors.ts';
import type { LookUpEnding, ProviderTransaction } from '../provider/provider.ts';
import { CASE_KINDS, type CaseKind } from './case.ts';

/** Each decision and what it does to the money. */
export const DECISIONS = {
  settled: 'the money moved: booked as settled, by the amount that moved',
  failed: 'the money did not move: what was held goes back',
  accepted: 'it was never sent: it is sent (again)',
  reversed: 'settled money came back: booked as returned',
  acknowledged: 'nothing is left to book: noted',
  collected: "what was short is taken from the wallet's available money",
  written_off: 'borne by us (capital)',
  credited: 'the money belongs to a wallet (--wallet)',
  charged: 'a wallet bears it (--wallet)',
  returned: 'the provider gave it back, or we sent it back through the provider',
  kept: 'it is our own (capital)',
} as const;
export type Decision = keyof typeof DECISIONS;
export const DECISION_NAMES = Object.keys(DECISIONS) as readonly Decision[];

/** A case about a transaction whose row has ended by itself meanwhile may be `acknowledged` besides. */
export const ANSWERS: Readonly<Record<CaseKind, readonly Decision[]>> = {
  outcome_unknown: ['settled', 'failed'],
  no_final_answer: ['settled', 'failed'],
  not_executable: ['accepted', 'failed'],
  stuck: ['accepted', 'settled', 'failed'],
  amount_mismatch: ['settled', 'failed'],
  late_success: ['acknowledged'],
  returned: ['acknowledged'],
  charge_mismatch: ['acknowledged'],
  contradiction: ['settled', 'reversed', 'acknowledged'],
  shortfall: ['collected', 'written_off'],
  unexpected_money: ['credited', 'returned', 'kept'],
  unknown_operation: ['credited', 'charged', 'returned', 'kept', 'written_off', 'acknowledged'],
};

/** What kind a stored case is of; an older release may have known others. */
export function kindOf(text: string): CaseKind | null {
  return CASE_KINDS.find((kind) => kind === text) ?? null;
}

/** The provider's fresh word on the matter. */
export type Word = 'successful' | 'failed' | 'pending' | 'returned' | 'not_found' | 'unavailable';

export function wordOf(answer: LookUpEnding): { readonly said: Word; readonly found: ProviderTransaction | null } {
  if (answer.kind !== 'found') return { said: answer.kind, found: null };
  const found = answer.transaction;
  return { said: found.isRefunded ? 'returned' : found.status, found };
}

/** Which words go with a decision. Where there is no entry the provider has no say. */
const GOES_WITH: Partial<Record<Decision, readonly Word[]>> = {
  settled: ['successful'],
  failed: ['failed', 'not_found'],
  reversed: ['returned', 'failed'],
  credited: ['successful'],
  charged: ['successful'],
  kept: ['successful'],
  written_off: ['successful'],
  returned: ['returned'],
};

/** A sentence when the provider says otherwise, or cannot be asked; null when it agrees, or has no say. */
export function objection(decision: Decision, said: Word): string | null {
  const words = GOES_WITH[decision];
  if (words === undefined || words.includes(said)) return null;
  if (said === 'unavailable') return 'The provider cannot be asked right now';
  if (said === 'not_found') return 'The provider does not find it';
  return `The provider calls it ${said}`;
}

/** Whatever has been sent, or may have been, is not sent again on a person's word either. Raises Refused. */
export function mustNotBeKnown(said: Word, hasOpenAttempt: boolean): void {
  if (hasOpenAttempt)
    throw new Refused('may_have_been_sent', 'An attempt is open: it may have been sent, so it cannot be sent again.');
  if (said === 'unavailable')
    throw new Refused(
      'provider_unavailable',
      'The provider cannot be asked whether it has it; nothing is sent blindly.',
    );
  if (said !== 'not_found')
    throw new Refused('provider_has_it', `The provider has it already (${said}): it cannot be sent again.`);
}
