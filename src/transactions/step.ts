// A step: everything one decision writes, as a value; and its writing, many steps to a commit.
import { type Context, perContext } from '../context.ts';
import { coalesce } from '../db/coalesce.ts';
import { type Call, inTwoTrips, isConnectionLoss, run, runAll, type Trx } from '../db/knex.ts';
import type { NewEarning } from '../earnings/earning.ts';
import { recordEarningsCalls } from '../earnings/earning.ts';
import { InvariantBroken } from '../errors.ts';
import type { NewEntry } from '../ledger/journal.ts';
import { postCalls, postProblem } from '../ledger/post.ts';
import type { Verdict } from './attempt.ts';
import { type NewCase, openCasesCalls, resolveCasesCalls } from './case.ts';
import { mayMove, type State } from './states.ts';

/** Why a step was taken: which bell rang. */
export type Cause = 'api' | 'worker' | 'webhook' | 'sweep' | 'returns_check' | 'operator';

/** What happens to the open attempt, or that one is opened. */
export type AttemptChange =
  | {
      readonly kind: 'open';
      readonly tokenHash: Buffer | null;
      readonly quotationExpiresAt: Date | null;
      readonly quotedAmountMinor: bigint | null;
      readonly quotedChargeMinor: bigint | null;
      /** From when on silence counts: a moment, or a wait after the stamp; null for never. */
      readonly fenceAt: Date | { readonly afterMs: number } | null;
    }
  | { readonly kind: 'note'; readonly hint: string; readonly fenceNow: boolean }
  | { readonly kind: 'looked_up'; readonly negative: boolean }
  | {
      readonly kind: 'close';
      readonly verdict: Verdict;
      readonly evidence: Record<string, unknown>;
      readonly negative?: boolean;
    };

export interface Step {
  readonly id: string;
  /** The fence: the step is written only if the row still is in this state with this attempt number. */
  readonly from: State;
  readonly attemptNo: number;
  /** States passed through, the last one being where it ends; empty when it stays. Each is a move the machine knows. */
  readonly path: readonly State[];
  readonly cause: Cause;
  readonly actor: string;
  readonly note?: string;
  /** When somebody must look next, from now by the database's clock; null for a final state. */
  readonly dueInMs: number | null;
  /** What becomes of the count of fruitless tries, by which waits grow: it starts anew unless a step says otherwise. */
  readonly tries?: 'count' | 'keep';
  readonly set?: {
    readonly amountMinor?: bigint;
    readonly feeMinor?: bigint;
    readonly chargeMinor?: bigint | null;
    readonly heldMinor?: bigint;
    readonly destinationAmountMinor?: bigint | null;
    readonly destinationCurrency?: string | null;
    readonly providerTransactionId?: string;
    readonly approvalUrl?: string | null;
    readonly failure?: { readonly code: string; readonly message: string } | null;
  };
  readonly attempt?: AttemptChange;
  readonly forgetOtp?: boolean;
  readonly entries?: readonly NewEntry[];
  readonly earnings?: readonly NewEarning[];
  readonly cases?: readonly NewCase[];
  /** Cases that this step answers by itself. */
  readonly resolves?: { readonly kinds: readonly string[]; readonly resolution: string };
}

// One statement moves every row of a batch that still is where its step expects it, and appends to the history.
// coalesce keeps what a step does not mention; clear_failure is how a late success takes a failure back.
const MOVE = {
  name: 'move_transactions',
  text: `
    WITH steps AS (
      SELECT * FROM jsonb_to_recordset($1) AS s(id text, "from" text, attempt_no integer, "to" text, path jsonb, cause text,
        actor text, note text, due_in_ms bigint, tries text, opens boolean, settles boolean, amount_minor bigint, fee_minor bigint,
        charge_minor bigint, held_minor bigint, destination_amount_minor bigint, destination_currency text, provider_transaction_id text,
        approval_url text, failure_code text, failure_message text, clear_failure boolean)
    ), moved AS (
      UPDATE transactions t SET
        state = s."to",
        attempt_no = CASE WHEN s.opens THEN t.attempt_no + 1 ELSE t.attempt_no END,
        due_at = now() + s.due_in_ms * interval '1 millisecond',
        rung_at = NULL,
        tries = CASE s.tries WHEN 'count' THEN t.tries + 1 WHEN 'keep' THEN t.tries ELSE 0 END,
        amount_minor = coalesce(s.amount_minor, t.amount_minor),
        fee_minor = coalesce(s.fee_minor, t.fee_minor),
        charge_minor = coalesce(s.charge_minor, t.charge_minor),
        held_minor = coalesce(s.held_minor, t.held_minor),
        destination_amount_minor = coalesce(s.destination_amount_minor, t.destination_amount_minor),
        destination_currency = coalesce(s.destination_currency, t.destination_currency),
        provider_transaction_id = coalesce(s.provider_transaction_id, t.provider_transaction_id),
        approval_url = coalesce(s.approval_url, t.approval_url),
        failure_code = CASE WHEN s.clear_failure THEN NULL ELSE coalesce(s.failure_code, t.failure_code) END,
        failure_message = CASE WHEN s.clear_failure THEN NULL ELSE coalesce(s.failure_message, t.failure_message) END,
        settled_at = CASE WHEN s.settles THEN now() ELSE t.settled_at END,
        updated_at = now()
      FROM steps s WHERE t.id = s.id AND t.state = s."from" AND t.attempt_no = s.attempt_no
      RETURNING t.id, t.attempt_no
    ), history AS (
      INSERT INTO transaction_history (transaction_id, from_state, to_state, cause, actor, attempt, note)
      SELECT s.id, CASE WHEN p.n = 1 THEN s."from" ELSE s.path->>(p.n::int - 2) END, p.state, s.cause, s.actor, m.attempt_no, s.note
      FROM steps s JOIN moved m ON m.id = s.id, jsonb_array_elements_text(s.path) WITH ORDINALITY AS p(state, n)
      ORDER BY s.id, p.n
    )
    SELECT id FROM moved`,
};

const OPEN_ATTEMPTS = {
  name: 'open_attempts',
  text: `
    INSERT INTO attempts (transaction_id, number, token_hash, quotation_expires_at, quoted_amount_minor, quoted_charge_minor, fence_at)
    SELECT id, number, decode(token_hash, 'hex'), quotation_expires_at, quoted_amount_minor, quoted_charge_minor,
      coalesce(fence_at, now() + fence_after_ms * interval '1 millisecond')
    FROM jsonb_to_recordset($1) AS a(id text, number integer, token_hash text, quotation_expires_at timestamptz,
      quoted_amount_minor bigint, quoted_charge_minor bigint, fence_at timestamptz, fence_after_ms bigint)`,
};

// A negative look-up counts only from the fence on; the first one after it starts the span.
const CHANGE_ATTEMPTS = {
  name: 'change_attempts',
  text: `
    UPDATE attempts a SET
      look_ups = a.look_ups + c.looked_up::int,
      negatives = a.negatives + (c.negative AND a.fence_at <= now())::int,
      first_negative_at = CASE WHEN c.negative AND a.fence_at <= now() THEN coalesce(a.first_negative_at, now()) ELSE a.first_negative_at END,
      last_negative_at = CASE WHEN c.negative THEN now() ELSE a.last_negative_at END,
      hint = coalesce(c.hint, a.hint),
      fence_at = CASE WHEN c.fence_now THEN least(a.fence_at, now()) ELSE a.fence_at END,
      verdict = c.verdict,
      evidence = a.evidence || coalesce(c.evidence, '{}'),
      closed_at = CASE WHEN c.verdict IS NULL THEN NULL ELSE now() END
    FROM jsonb_to_recordset($1) AS c(id text, number integer, looked_up boolean, negative boolean, hint text, fence_now boolean,
      verdict text, evidence jsonb)
    WHERE a.transaction_id = c.id AND a.number = c.number AND a.verdict IS NULL`,
};

const FORGET_OTP = {
  name: 'forget_otp',
  text: 'UPDATE personal_data SET otp_sealed = NULL WHERE subject_id = ANY($1) AND otp_sealed IS NOT NULL',
};

function movesOf(steps: readonly Step[]): Call {
  return { statement: MOVE, values: [JSON.stringify(steps.map(moveOf))] };
}

/** Everything that steps write besides the rows they moved. */
function effectsOf(steps: readonly Step[]): Call[] {
  const opened = steps.flatMap((step) => (step.attempt?.kind === 'open' ? [openedOf(step, step.attempt)] : []));
  const changed = steps.flatMap((step) =>
    step.attempt && step.attempt.kind !== 'open' ? [changeOf(step, step.attempt)] : [],
  );
  const forgetting = steps.filter((step) => step.forgetOtp).map((step) => step.id);
  const answered = steps.flatMap((step) =>
    step.resolves ? [{ subject: step.id, by: step.actor, ...step.resolves }] : [],
  );
  return [
    ...(opened.length > 0 ? [{ statement: OPEN_ATTEMPTS, values: [JSON.stringify(opened)] }] : []),
    ...(changed.length > 0 ? [{ statement: CHANGE_ATTEMPTS, values: [JSON.stringify(changed)] }] : []),
    ...(forgetting.length > 0 ? [{ statement: FORGET_OTP, values: [forgetting] }] : []),
    ...recordEarningsCalls(steps.flatMap((step) => step.earnings ?? [])),
    ...openCasesCalls(steps.flatMap((step) => step.cases ?? [])),
    ...resolveCasesCalls(answered),
    ...postCalls(steps.flatMap((step) => step.entries ?? [])),
  ];
}

/**
 * Writes steps inside one database transaction and returns the ids of those that were still valid. A step whose row had
 * moved on writes nothing at all: no history, no entry, no case. Each id may occur once. Raises what `post` raises.
 */
export async function writeSteps(trx: Trx, steps: readonly Step[]): Promise<Set<string>> {
  const { statement, values } = movesOf(steps);
  const moved = new Set((await run<{ id: string }>(trx, statement, values)).map((row) => row.id));
  try {
    await runAll(trx, effectsOf(steps.filter((step) => moved.has(step.id))));
  } catch (error) {
    throw postProblem(error);
  }
  return moved;
}

/** The same as a database transaction of its own. */
async function commitSteps(ctx: Context, steps: readonly Step[]): Promise<Set<string>> {
  try {
    return await inTwoTrips<{ id: string }, Set<string>>(ctx.db, movesOf(steps), async (rows) => {
      const moved = new Set(rows.map((row) => row.id));
      return { calls: effectsOf(steps.filter((step) => moved.has(step.id))), result: moved };
    });
  } catch (error) {
    throw postProblem(error);
  }
}

const writer = perContext((ctx) =>
  coalesce<Step, boolean>({
    maxBatch: 128,
    whole: isConnectionLoss,
    flush: async (steps) => {
      // Of two steps for one row in one batch the second must see the first one's result, so it goes by itself.
      const seen = new Set<string>();
      const first = steps.filter((step) => !seen.has(step.id) && seen.add(step.id));
      const taken = new Set<Step>();
      const note = (written: readonly Step[], moved: ReadonlySet<string>) => {
        for (const step of written) if (moved.has(step.id)) taken.add(step);
      };
      note(first, await commitSteps(ctx, first));
      for (const step of steps) {
        if (!first.includes(step)) note([step], await commitSteps(ctx, [step]));
      }
      return steps.map((step) => taken.has(step));
    },
  }),
);

/**
 * Writes one step, together with whatever other steps arrive meanwhile, in one commit. False when the row had moved on:
 * another has done it, which is success for whoever lost. Raises InvariantBroken for a move the machine does not know.
 */
export async function take(ctx: Context, step: Step): Promise<boolean> {
  checkPath(step);
  return writer(ctx)(step);
}

export function checkPath(step: Step): void {
  let from: State = step.from;
  for (const to of step.path) {
    if (!mayMove(from, to)) throw new InvariantBroken(`${step.id} may not move from ${from} to ${to}`);
    from = to;
  }
}

const text = (value: bigint | null | undefined) => (value === undefined || value === null ? null : value.toString());

function moveOf(step: Step) {
  const to = step.path.at(-1) ?? step.from;
  return {
    id: step.id,
    from: step.from,
    attempt_no: step.attemptNo,
    to,
    path: step.path,
    cause: step.cause,
    actor: step.actor,
    note: step.note?.slice(0, 500) ?? null,
    due_in_ms: step.dueInMs,
    tries: step.tries ?? null,
    opens: step.attempt?.kind === 'open',
    settles: to === 'settled',
    amount_minor: text(step.set?.amountMinor),
    fee_minor: text(step.set?.feeMinor),
    charge_minor: text(step.set?.chargeMinor),
    held_minor: text(step.set?.heldMinor),
    destination_amount_minor: text(step.set?.destinationAmountMinor),
    destination_currency: step.set?.destinationCurrency ?? null,
    provider_transaction_id: step.set?.providerTransactionId ?? null,
    approval_url: step.set?.approvalUrl ?? null,
    failure_code: step.set?.failure?.code ?? null,
    failure_message: step.set?.failure?.message.slice(0, 500) ?? null,
    clear_failure: step.set?.failure === null,
  };
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
      return { ...base, hint: change.hint.slice(0, 300), fence_now: change.fenceNow };
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
