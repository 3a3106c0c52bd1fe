// Cases: questions that only a person can answer, each with its owner, age, amount and evidence.
import { BaseModel } from '../db/base-model.ts';
import { type Call, runAll, type Trx } from '../db/knex.ts';
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

const OPEN = {
  name: 'open_cases',
  text: `
    INSERT INTO cases (id, kind, subject, transaction_id, currency, amount_minor, evidence)
    SELECT id, kind, subject, transaction_id, currency, amount_minor, evidence
    FROM jsonb_to_recordset($1) AS c(id text, kind text, subject text, transaction_id text, currency text, amount_minor bigint, evidence jsonb)
    ON CONFLICT (subject, kind) WHERE resolved_at IS NULL
      DO UPDATE SET evidence = cases.evidence || EXCLUDED.evidence, updated_at = now()`,
};

/** Opens cases; one that is open already takes the new evidence instead of being opened twice. */
export async function openCases(trx: Trx, cases: readonly NewCase[]): Promise<void> {
  await runAll(trx, openCasesCalls(cases));
}

export function openCasesCalls(cases: readonly NewCase[]): Call[] {
  if (cases.length === 0) return [];
  const rows = cases.map((one) => ({
    id: newId('case'),
    kind: one.kind,
    subject: one.subject,
    transaction_id: one.transactionId,
    currency: one.currency,
    amount_minor: one.amountMinor?.toString() ?? null,
    evidence: one.evidence,
  }));
  return [{ statement: OPEN, values: [JSON.stringify(rows)] }];
}

/** Open cases of a subject that are answered by something else than a person's own resolution. */
export interface Answered {
  readonly subject: string;
  readonly kinds: readonly string[];
  readonly by: string;
  readonly resolution: string;
}

const RESOLVE = {
  name: 'resolve_cases',
  text: `
    UPDATE cases c SET resolved_at = now(), resolved_by = a.by, resolution = a.resolution, updated_at = now()
    FROM jsonb_to_recordset($1) AS a(subject text, kinds jsonb, by text, resolution text)
    WHERE c.subject = a.subject AND a.kinds ? c.kind AND c.resolved_at IS NULL`,
};

/** The call that closes open cases of the given kinds, saying by whom and how they were answered. */
export function resolveCasesCalls(answered: readonly Answered[]): Call[] {
  return answered.length === 0 ? [] : [{ statement: RESOLVE, values: [JSON.stringify(answered)] }];
}
