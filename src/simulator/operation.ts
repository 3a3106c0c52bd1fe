// One operation of the provider's book: a collection, payout or exchange that was accepted, and how it stands.
import { formatAmount, parseWireDecimal } from '../money.ts';
import type { Outcome } from './fault-list.ts';

export type OperationType = 'collection' | 'payout' | 'exchange';
export type Status = 'pending' | 'successful' | 'failed';
export type Rail = 'momo' | 'bank' | 'eversend';

export interface Recipient {
  readonly id: number | null;
  readonly firstName: string | null;
  readonly lastName: string | null;
  readonly phoneNumber: string | null;
  readonly country: string;
  readonly bankCode: string | null;
  readonly bankName: string | null;
  readonly bankAccountName: string | null;
  readonly bankAccountNumber: string | null;
}

/** What was accepted; never changes. Amounts are bigint hundredths of a major unit. */
export interface Accepted {
  readonly number: number;
  readonly transactionId: string;
  readonly reference: string | null;
  /** The reference, or a made-up name for operations that came without one. */
  readonly key: string;
  readonly type: OperationType;
  readonly currency: string;
  readonly askedMinor: bigint;
  readonly feesMinor: bigint;
  /** Phone or account number of the other side; its suffix may order a fault. */
  readonly account: string;
  readonly destinationCurrency: string | null;
  readonly destinationAmount: string | null;
  readonly destinationCountry: string | null;
  readonly rail: Rail | null;
  readonly recipient: Recipient | null;
  readonly customer: unknown;
  readonly redirectUrl: string | null;
  /** The quotation token that was used up. */
  readonly quotationId: string | null;
  readonly outcome: Outcome | null;
  readonly settleMs: number | null;
  readonly createdMs: number;
}

export interface Operation extends Accepted {
  status: Status;
  /** What it turned out to be; differs from what was asked only by a fault or a control call. */
  amountMinor: bigint;
  isRefunded: boolean;
  reason: string | null;
  /** Net effect on the wallet of `currency` so far. */
  movedMinor: bigint;
  balanceBeforeMinor: bigint | null;
  balanceAfterMinor: bigint | null;
  updatedMs: number;
  /** Grows with each change, so that a planned step knows whether it was overtaken. */
  changes: number;
  /** A control call decided the status: nothing happens by itself any more. */
  forced: boolean;
}

export function pending(accepted: Accepted): Operation {
  return {
    ...accepted,
    status: 'pending',
    amountMinor: accepted.askedMinor,
    isRefunded: false,
    reason: null,
    movedMinor: 0n,
    balanceBeforeMinor: null,
    balanceAfterMinor: null,
    updatedMs: accepted.createdMs,
    changes: 0,
    forced: false,
  };
}

/** The accepted part as JSON for the book: money as decimal text. */
export function acceptedToJson(operation: Accepted) {
  return {
    number: operation.number,
    transactionId: operation.transactionId,
    reference: operation.reference,
    key: operation.key,
    type: operation.type,
    currency: operation.currency,
    amount: formatAmount(operation.askedMinor),
    fees: formatAmount(operation.feesMinor),
    account: operation.account,
    destinationCurrency: operation.destinationCurrency,
    destinationAmount: operation.destinationAmount,
    destinationCountry: operation.destinationCountry,
    rail: operation.rail,
    recipient: operation.recipient,
    customer: operation.customer,
    redirectUrl: operation.redirectUrl,
    quotationId: operation.quotationId,
    outcome: operation.outcome,
    settleMs: operation.settleMs,
    createdMs: operation.createdMs,
  };
}

export type AcceptedJson = ReturnType<typeof acceptedToJson>;

/** Raises RangeError when an amount is no decimal text. */
export function acceptedFromJson({ amount, fees, ...rest }: AcceptedJson): Accepted {
  return { ...rest, askedMinor: readMinor(amount), feesMinor: readMinor(fees) };
}

export function readMinor(text: string): bigint {
  const minor = parseWireDecimal(text);
  if (minor === null) throw new RangeError(`${text} is not an amount`);
  return minor;
}
