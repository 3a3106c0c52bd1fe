// The Flow: what differs between collections and payouts, as the machine needs it. It keeps the machine free of directions.
import type { Config } from '../config.ts';
import type { Context } from '../context.ts';
import type { NewEarning } from '../earnings/earning.ts';
import type { NewEntry } from '../ledger/journal.ts';
import type { Tariff } from '../pricing/fee-schedule.ts';
import type { ProviderTransaction, SendPermission, SubmitEnding } from '../provider/provider.ts';
import type { NewCase } from './case.ts';
import type { AttemptChange, Step } from './step.ts';
import type { Loaded, TransactionRow, TransactionType } from './transaction.ts';

/** What asking the provider's price, and our own limits, came to; nothing has been sent yet. */
export type Prepared =
  | {
      readonly kind: 'ready';
      readonly open: Extract<AttemptChange, { kind: 'open' }>;
      readonly set: NonNullable<Step['set']>;
      readonly send: (permission: SendPermission) => Promise<SubmitEnding>;
    }
  /** Definitely not possible as asked: fails before anything is sent. */
  | { readonly kind: 'refuse'; readonly code: string; readonly message: string }
  /** Not now: asked again later, by a person once patience is spent. */
  | { readonly kind: 'wait'; readonly code: string; readonly message: string; readonly retryAfterMs: number | null };

/** What a final answer writes besides the state. */
export interface Booking {
  readonly set: NonNullable<Step['set']>;
  readonly entries: readonly NewEntry[];
  readonly earnings: readonly NewEarning[];
  readonly cases: readonly NewCase[];
}

/** What a booking is made of. `availableMinor` is the wallet's locked balance, where a booking's shape depends on it. */
export interface BookingInput {
  readonly transaction: TransactionRow;
  readonly found: ProviderTransaction;
  readonly tariff: Tariff;
  readonly quotedChargeMinor: bigint | null;
  readonly config: Config;
}

export interface Flow {
  readonly type: TransactionType;
  patienceMs(config: Config): number;
  prepare(ctx: Context, loaded: Loaded): Promise<Prepared>;
  /** Amount and fee of what the provider turns out to have executed, where acceptance had left them to a quotation. */
  priceFound(ctx: Context, transaction: TransactionRow, found: ProviderTransaction): Promise<NonNullable<Step['set']>>;
  /** Entries for a failed or cancelled transaction: the hold goes back (none for collections). */
  release(transaction: TransactionRow, kind: 'fail' | 'cancel', actor: string): readonly NewEntry[];
  settle(of: BookingInput): Booking;
  settleLate(of: BookingInput & { readonly availableMinor: bigint }): Booking;
  reverse(of: BookingInput & { readonly availableMinor: bigint }): Booking;
}

/** What a settlement earned, or a return takes back: what we keep of the fee, and the partner's share. */
export function earningsOf(
  transaction: TransactionRow,
  step: 'settle' | 'reverse',
  feeMinor: bigint,
  commissionMinor: bigint,
): readonly NewEarning[] {
  const sign = step === 'settle' ? 1n : -1n;
  const base = {
    transactionId: transaction.id,
    step,
    merchantId: transaction.merchantId,
    currency: transaction.currency,
  };
  return [
    { ...base, kind: 'service_fee', amountMinor: sign * (feeMinor - commissionMinor) },
    { ...base, kind: 'commission', amountMinor: sign * commissionMinor },
  ];
}
