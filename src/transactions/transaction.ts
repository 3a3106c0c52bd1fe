// The transaction row: a collection or a payout, as stored; and its loading together with its open attempt.
import { type Context, perContext } from '../context.ts';
import { BaseModel } from '../db/base-model.ts';
import { coalesce } from '../db/coalesce.ts';
import { isConnectionLoss, runAlone } from '../db/knex.ts';
import { NotFound } from '../errors.ts';
import type { Method } from '../provider/provider.ts';
import type { OpenAttempt } from './attempt.ts';
import type { State } from './states.ts';

export type TransactionType = 'collection' | 'payout';

export class Transaction extends BaseModel {
  static override tableName = 'transactions';
  declare id: string;
  declare type: TransactionType;
  declare merchantId: string;
  declare walletId: string;
  declare state: State;
  declare currency: string;
  /** In `currency`; null until the quotation says it, for a payout given by its destination amount. */
  declare amountMinor: bigint | null;
  declare amountType: 'source' | 'destination';
  declare maxAmountMinor: bigint | null;
  declare destinationCurrency: string | null;
  declare destinationAmountMinor: bigint | null;
  declare country: string | null;
  declare method: Method;
  declare feeScheduleId: string;
  /** Null until the quotation fixes it; then never above `feeCeilingMinor`. */
  declare feeMinor: bigint | null;
  declare feeCeilingMinor: bigint | null;
  /** What was set aside at acceptance; 0 for collections. */
  declare heldMinor: bigint;
  declare chargeMinor: bigint | null;
  declare providerTransactionId: string | null;
  declare failureCode: string | null;
  declare failureMessage: string | null;
  declare reference: string | null;
  declare metadata: Record<string, string>;
  declare beneficiaryId: string | null;
  declare redirectUrl: string | null;
  declare approvalUrl: string | null;
  declare scheduledAt: Date | null;
  /** Null unless it had to be approved, and was. */
  declare approvedAt: Date | null;
  /** The collection whose payer this payout pays back. */
  declare refundOf: string | null;
  declare actor: string;
  declare clientAddress: string | null;
  declare attemptNo: number;
  declare dueAt: Date | null;
  declare generation: number;
  declare tries: number;
  declare createdAt: Date;
  declare updatedAt: Date;
  declare settledAt: Date | null;
}

/** The plain row, without Objection around it: what hot paths read and pass on. */
export type TransactionRow = Omit<Transaction, keyof BaseModel>;

/** A transaction as the machine sees it: the row, its open attempt, and what only the database's clock may answer. */
export interface Loaded {
  readonly transaction: TransactionRow;
  /** Null when no attempt is open: nothing of ours can be on its way. */
  readonly attempt: OpenAttempt | null;
  /** What the newest quotation said the provider would charge. */
  readonly quotedChargeMinor: bigint | null;
  /** How many attempts were closed because silence proved them not executed. */
  readonly silentAttempts: number;
  /** Whether `due_at` has come, and the scheduled time with it. While submitting this means that the sender's lease has ended. */
  readonly isDue: boolean;
  /** Since acceptance, approval, or the scheduled time, whichever was last. */
  readonly ageMs: number;
  readonly sealed: Buffer | null;
  readonly otpSealed: Buffer | null;
}

const LOAD = {
  name: 'load_transactions',
  text: `
    SELECT t.*, a.number, a.verdict, a.opened_at, a.quotation_expires_at, a.quoted_amount_minor, a.quoted_charge_minor, a.fence_at, a.hint,
      a.look_ups, a.negatives, a.first_negative_at, a.fence_at <= now() AS is_fenced,
      coalesce(extract(epoch FROM now() - a.first_negative_at) * 1000, 0)::float8 AS negative_span_ms,
      t.due_at <= now() AND (t.state <> 'accepted' OR t.scheduled_at IS NULL OR t.scheduled_at <= now()) AS is_due,
      (extract(epoch FROM now() - greatest(t.created_at, t.scheduled_at, t.approved_at)) * 1000)::float8 AS age_ms,
      CASE WHEN t.state = 'accepted' AND t.attempt_no > 0 THEN (
        SELECT count(*)::int FROM attempts s WHERE s.transaction_id = t.id AND s.verdict = 'not_executed') ELSE 0 END AS silent_attempts,
      p.sealed, p.otp_sealed
    FROM transactions t
      LEFT JOIN attempts a ON a.transaction_id = t.id AND a.number = t.attempt_no
      LEFT JOIN personal_data p ON p.subject_id = t.id
    WHERE t.id = ANY($1)`,
};

const camelCase = new Map<string, string>();
function camel(column: string): string {
  let name = camelCase.get(column);
  if (name === undefined) {
    name = column.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
    camelCase.set(column, name);
  }
  return name;
}

function read(row: Record<string, unknown>): Loaded {
  const fields: Record<string, unknown> = {};
  for (const column in row) fields[camel(column)] = row[column];
  const all = fields as unknown as TransactionRow &
    OpenAttempt & { verdict: string | null } & Omit<Loaded, 'transaction' | 'attempt'>;
  return {
    transaction: all,
    attempt: all.number === null || all.verdict !== null ? null : all,
    quotedChargeMinor: all.quotedChargeMinor,
    silentAttempts: all.silentAttempts,
    isDue: all.isDue === true,
    ageMs: all.ageMs,
    sealed: all.sealed,
    otpSealed: all.otpSealed,
  };
}

const loader = perContext((ctx) =>
  coalesce<string, Loaded | null>({
    maxBatch: 128,
    unhurried: true,
    whole: isConnectionLoss,
    flush: async (ids) => {
      const rows = await runAlone<Record<string, unknown>>(ctx.db, LOAD, [[...new Set(ids)]]);
      const found = new Map(rows.map((row) => [row['id'] as string, read(row)]));
      return ids.map((id) => found.get(id) ?? null);
    },
  }),
);

/** Reads a transaction with its open attempt. Raises NotFound. */
export async function load(ctx: Context, id: string): Promise<Loaded> {
  const loaded = await loader(ctx)(id);
  if (loaded === null) throw new NotFound(`There is no transaction ${id}.`);
  return loaded;
}
