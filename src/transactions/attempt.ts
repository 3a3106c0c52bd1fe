// Attempts: one permission each to send one transaction to the provider, and what silence may prove about them.
import { BaseModel } from '../db/base-model.ts';

export const VERDICTS = ['accepted', 'refused', 'not_sent', 'not_executed'] as const;
/** `not_sent`: provably never received. `not_executed`: silence after the fence, with look-ups as evidence. */
export type Verdict = (typeof VERDICTS)[number];

/** The open attempt's part of a loaded transaction. All comparisons with the clock were made by the database. */
export interface OpenAttempt {
  readonly number: number;
  readonly openedAt: Date;
  readonly quotedAmountMinor: bigint | null;
  readonly quotedChargeMinor: bigint | null;
  /** From when on look-ups that find nothing count; null: silence never permits sending again. */
  readonly fenceAt: Date | null;
  readonly isFenced: boolean | null;
  /** What the provider's own answer hinted at (`payment_required`, `already_exists`, …). */
  readonly hint: string | null;
  readonly lookUps: number;
  /** Look-ups after the fence that found nothing. */
  readonly negatives: number;
  readonly negativeSpanMs: number;
}

export class Attempt extends BaseModel {
  static override tableName = 'attempts';
  static override idColumn = ['transaction_id', 'number'];
  declare transactionId: string;
  declare number: number;
  declare openedAt: Date;
  declare quotationExpiresAt: Date | null;
  declare fenceAt: Date | null;
  declare hint: string | null;
  declare lookUps: number;
  declare negatives: number;
  declare verdict: Verdict | null;
  declare evidence: Record<string, unknown>;
  declare closedAt: Date | null;
}

/** What the rule of silence is measured by (RESEND_LOOKUPS, RESEND_LOOKUP_SPAN_MS). */
export interface SilenceRule {
  readonly lookUps: number;
  readonly spanMs: number;
}

/**
 * Whether one more look-up that finds nothing, made now, completes the proof that this attempt was not executed: the fence is
 * behind us, and after it enough look-ups over a long enough span, this one included, have found nothing.
 */
export function silenceProves(attempt: OpenAttempt, rule: SilenceRule): boolean {
  return attempt.isFenced === true && attempt.negatives + 1 >= rule.lookUps && attempt.negativeSpanMs >= rule.spanMs;
}
