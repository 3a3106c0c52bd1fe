// Steps as the database takes them: one call for a whole batch, each part of it by itself, absent where no step has one.
import type { Call } from '../db/knex.ts';
import { earningRow } from '../earnings/earning.ts';
import { columnsOf } from '../ledger/post.ts';
import { caseRow } from './case.ts';
import type { AttemptChange, Step } from './step.ts';

const WRITE = {
  name: 'write_steps',
  text: `SELECT write_steps(${Array.from({ length: 17 }, (_, n) => `$${n + 1}`)}) AS moved`,
};
const NO_ENTRIES = Array.from({ length: 10 }, () => null);

/** The call that writes steps and tells which were still valid. Raises InvariantBroken for an entry that does not balance. */
export function writeCall(steps: readonly Step[]): Call {
  const opened = steps.flatMap((step) => (step.attempt?.kind === 'open' ? [openedOf(step, step.attempt)] : []));
  const changed = steps.flatMap((step) =>
    step.attempt && step.attempt.kind !== 'open' ? [changeOf(step, step.attempt)] : [],
  );
  const forgetting = steps.filter((step) => step.forgetOtp).map((step) => step.id);
  const earned = steps.flatMap((step) => (step.earnings ?? []).flatMap((earning) => earningRow(earning) ?? []));
  const opening = steps.flatMap((step) => (step.cases ?? []).map(caseRow));
  const answered = steps.flatMap((step) =>
    step.resolves ? [{ subject: step.id, by: step.actor, ...step.resolves }] : [],
  );
  const entries = steps.flatMap((step) => step.entries ?? []);
  return {
    statement: WRITE,
    values: [
      JSON.stringify(steps.map(moveOf)),
      json(opened),
      json(changed),
      forgetting.length === 0 ? null : forgetting,
      json(earned),
      json(opening),
      json(answered),
      ...(entries.length === 0 ? NO_ENTRIES : columnsOf(entries)),
    ],
  };
}

const json = (rows: readonly unknown[]) => (rows.length === 0 ? null : JSON.stringify(rows));

const text = (value: bigint | null | undefined) => value?.toString();

/** A step's row as it will be; what a step does not mention is left out. */
function moveOf(step: Step) {
  const to = step.path.at(-1) ?? step.from;
  const { set } = step;
  return {
    id: step.id,
    from: step.from,
    attempt_no: step.attemptNo,
    to,
    path: step.path,
    cause: step.cause,
    actor: step.actor,
    note: step.note?.slice(0, 500).toWellFormed(),
    due_in_ms: step.dueInMs ?? undefined,
    tries: step.tries,
    opens: step.attempt?.kind === 'open' || undefined,
    settles: to === 'settled' || undefined,
    event: step.path.length === 0 ? undefined : eventOf(step),
    amount_minor: text(set?.amountMinor),
    fee_minor: text(set?.feeMinor),
    charge_minor: text(set?.chargeMinor),
    held_minor: text(set?.heldMinor),
    destination_amount_minor: text(set?.destinationAmountMinor),
    destination_currency: set?.destinationCurrency ?? undefined,
    provider_transaction_id: set?.providerTransactionId,
    approval_url: set?.approvalUrl ?? undefined,
    failure_code: set?.failure?.code,
    failure_message: set?.failure?.message.slice(0, 500).toWellFormed(),
    clear_failure: set?.failure === null || undefined,
  };
}

/** The webhook event that caused a step, which is thereby answered. */
function eventOf(step: Step): string | undefined {
  return step.cause === 'webhook' ? step.actor.slice('webhook:'.length) : undefined;
}

function openedOf(step: Step, attempt: Extract<AttemptChange, { kind: 'open' }>) {
  const fence = attempt.fenceAt;
  return {
    id: step.id,
    number: step.attemptNo + 1,
    token_hash: attempt.tokenHash?.toString('hex') ?? null,
    quotation_expires_at: attempt.quotationExpiresAt?.toISOString() ?? null,
    quoted_amount_minor: text(attempt.quotedAmountMinor),
    quoted_charge_minor: text(attempt.quotedChargeMinor),
    fence_at: fence instanceof Date ? fence.toISOString() : null,
    fence_after_ms: fence !== null && !(fence instanceof Date) ? fence.afterMs : null,
  };
}

function changeOf(step: Step, change: Exclude<AttemptChange, { kind: 'open' }>) {
  const base = { id: step.id, number: step.attemptNo, looked_up: false, negative: false, hint: null, fence_now: false };
  switch (change.kind) {
    case 'note':
      return { ...base, hint: change.hint.slice(0, 300).toWellFormed(), fence_now: change.fenceNow };
    case 'looked_up':
      return { ...base, looked_up: true, negative: change.negative };
    case 'close':
      return {
        ...base,
        looked_up: change.negative !== undefined,
        negative: change.negative ?? false,
        verdict: change.verdict,
        evidence: change.evidence,
      };
  }
}
