// A step: everything one decision writes, as a value; and its writing, many steps to a commit.
import { type Context, perContext } from '../context.ts';
import { coalesce } from '../db/coalesce.ts';
import { type Call, isConnectionLoss, run, runWhole, type Trx } from '../db/knex.ts';
import type { NewEarning } from '../earnings/earning.ts';
import { InvariantBroken } from '../errors.ts';
import type { NewEntry } from '../ledger/journal.ts';
import { postProblem } from '../ledger/post.ts';
import type { Verdict } from './attempt.ts';
import type { NewCase } from './case.ts';
import { mayMove, type State } from './states.ts';
import { writeCall } from './step-call.ts';

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

/**
 * Writes steps inside one database transaction and returns the ids of those that were still valid. A step whose row had
 * moved on writes nothing at all: no history, no entry, no case. Each id may occur once. Raises what `post` raises.
 */
export async function writeSteps(trx: Trx, steps: readonly Step[]): Promise<Set<string>> {
  return writtenBy(({ statement, values }) => run(trx, statement, values), steps);
}

async function writtenBy(
  ask: (call: Call) => Promise<{ moved: string[] }[]>,
  steps: readonly Step[],
): Promise<Set<string>> {
  try {
    const [row] = await ask(writeCall(steps));
    return new Set(row?.moved);
  } catch (error) {
    throw postProblem(error);
  }
}

/** The same as a database transaction of its own. */
function commitSteps(ctx: Context, steps: readonly Step[]): Promise<Set<string>> {
  return writtenBy(({ statement, values }) => runWhole(ctx.db, statement, values), steps);
}

const writer = perContext((ctx) =>
  coalesce<Step, boolean>({
    maxBatch: 128,
    unhurried: true,
    whole: isConnectionLoss,
    flush: async (steps) => {
      // Of two steps for one row in one batch the second must see the first one's result, so it goes by itself.
      const seen = new Set<string>();
      const first = steps.filter((step) => !seen.has(step.id) && seen.add(step.id));
      const inOrder = first.toSorted((a, b) => (a.id < b.id ? -1 : 1));
      const taken = new Set<Step>();
      const failed = new Map<Step, Error>();
      const note = (written: readonly Step[], moved: ReadonlySet<string>) => {
        for (const step of written) if (moved.has(step.id)) taken.add(step);
      };
      // Rows are locked in one order, so that two processes' batches that share some wait instead of ending each other.
      note(inOrder, await commitSteps(ctx, inOrder));
      // By now the others are committed: one that fails here fails alone, or all would be written once more.
      for (const step of steps) {
        if (first.includes(step)) continue;
        const [written] = await Promise.allSettled([commitSteps(ctx, [step])]);
        if (written.status === 'fulfilled') note([step], written.value);
        else failed.set(step, written.reason);
      }
      return steps.map((step) => failed.get(step) ?? taken.has(step));
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
