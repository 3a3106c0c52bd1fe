// What can stand in the provider's book, entry by entry, and the rows that entries add up to.
import type { AcceptedJson, Recipient, Status } from './operation.ts';

/** A beneficiary as `GET /beneficiaries/{id}` knows it. */
export interface Beneficiary extends Recipient {
  readonly id: number;
  readonly isBank: boolean;
  readonly isMomo: boolean;
  readonly createdMs: number;
  readonly updatedMs: number;
}

export interface Wallet {
  readonly currency: string;
  balanceMinor: bigint;
  enabled: boolean;
}

export type Cause = 'payout' | 'collection' | 'exchange' | 'return' | 'opening' | 'control';

/** Money is decimal text in major units; `operation` is an operation's number. */
export type Entry =
  | { readonly kind: 'operation'; readonly operation: AcceptedJson }
  | {
      readonly kind: 'status';
      readonly operation: number;
      readonly reference: string | null;
      readonly from: Status;
      readonly to: Status;
      readonly amount: string;
      readonly isRefunded: boolean;
      readonly reason: string | null;
      readonly by: 'life' | 'control';
    }
  | {
      readonly kind: 'wallet';
      readonly currency: string;
      readonly delta: string;
      readonly balance: string;
      readonly cause: Cause;
      readonly operation: number | null;
      readonly reference: string | null;
    }
  | { readonly kind: 'wallet_switch'; readonly currency: string; readonly enabled: boolean }
  | { readonly kind: 'beneficiary'; readonly beneficiary: Beneficiary }
  | { readonly kind: 'beneficiary_removed'; readonly id: number };

export type BookEntry = Entry & { readonly n: number; readonly at: number };

export interface Change {
  readonly status: Status;
  readonly amountMinor: bigint;
  readonly isRefunded: boolean;
  readonly reason: string | null;
  /** What the wallet shall have gained or lost by this operation altogether. */
  readonly movedMinor: bigint;
  readonly by: 'life' | 'control';
}
