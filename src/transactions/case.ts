// Cases: questions that only a person can answer, each with its owner, age, amount and evidence.
import { BaseModel } from '../db/base-model.ts';
import { run, type Trx } from '../db/knex.ts';
import { newId } from '../ids.ts';

/** The questions there are. The evidence says the rest. */
export const CASE_KINDS = [
  'outcome_unknown', // patience is spent and nobody knows whether it was executed
  'not_executable', // it cannot be priced or funded as asked, for longer than patience allows
  'no_final_answer', // the provider has been working on it for longer than patience allows
  'amount_mismatch', // the provider moved another amount or currency than asked
  'late_success', // it had been called failed, and the money moved after all
  'returned', // the provider gave the money of a settled transaction back
  'shortfall', // a wallet did not cover what had to be taken from it
  'unexpected_money', // the provider received money nobody asked for
  'unknown_operation', // the provider executed something under a reference of ours that no row of ours explains
  'charge_mismatch', // the charge was borne by somebody else than assumed
  'contradiction', // two answers of the provider cannot both be true
  'stuck', // our own code failed on it again and again
] as const;
export type CaseKind = (typeof CASE_KINDS)[number];

export interface NewCase {
  readonly kind: CaseKind;
  /** What it is about: a transaction's id, or a provider transaction's. One case per subject and kind is open at a time. */
  readonly subject: string;
  readonly transactionId: string | null;
  readonly currency: string | null;
  readonly amountMinor: bigint | null;
  readonly evidence: Record<string, unknown>;
}

/** A case about one transaction. */
export function caseOf(
  transaction: { readonly id: string; readonly currency: string },
  kind: CaseKind,
  amountMinor: bigint | null,
  evidence: Record<string, unknown>,
): NewCase {
  return {
    kind,
    subject: transaction.id,
    transactionId: transaction.id,
    currency: transaction.currency,
    amountMinor,
    evidence,
  };
}

export class Case extends BaseModel {
  static override tableName = 'cases';
  declare id: string;
  declare kind: CaseKind;
  declare subject: string;
  declare transactionId: string | null;
  declare owner: string;
  declare currency: string | null;
  declare amountMinor: bigint | null;
  declare evidence: Record<string, unknown>;
  declare openedAt: Date;
  declare resolvedAt: Date | null;
  declare resolvedBy: string | null;
  declare resolution: string | null;
}

const OPEN = { name: 'open_cases', text: 'SELECT open_cases($1)' };

/** Opens cases; one that is open already takes the new evidence instead of being opened twice. */
export async function openCases(trx: Trx, cases: readonly NewCase[]): Promise<void> {
  if (cases.length > 0) await run(trx, OPEN, [JSON.stringify(cases.map(caseRow))]);
}

/** A case as `open_cases` takes it. */
export function caseRow(one: NewCase) {
  return {
    id: newId('case'),
    kind: one.kind,
    subject: one.subject,
    transaction_id: one.transactionId,
    currency: one.currency,
    amount_minor: one.amountMinor?.toString() ?? null,
    evidence: one.evidence,
  };
}
