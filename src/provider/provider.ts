// The provider port: what we need of whoever moves the money, in our words. Amounts are bigint hundredths of a major unit.

/** What the provider says about one transaction, whatever call it came from. */
export interface ProviderTransaction {
  readonly providerTransactionId: string;
  /** Our id, sent as its reference; null when the provider gave none. */
  readonly reference: string | null;
  readonly type: 'collection' | 'payout' | 'other';
  /** `pending` also stands for every word we do not know. */
  readonly status: 'pending' | 'successful' | 'failed';
  readonly currency: string;
  readonly amountMinor: bigint;
  /** What the provider charged us or the payer; null while unknown. */
  readonly feesMinor: bigint | null;
  readonly destinationAmountMinor: bigint | null;
  readonly destinationCurrency: string | null;
  /** The money of a once successful transaction went back. */
  readonly isRefunded: boolean;
  /** The provider's own words on a failure, cut to 300 characters. */
  readonly reason: string | null;
  /** Where a payer must go to approve (Ghana), when the provider names it. */
  readonly redirectUrl: string | null;
}

/** How one sending of money ended. Nothing here is thrown: each ending needs its own next step (reliability: an answer is evidence). */
export type SubmitEnding =
  /** 2xx, readable, and reference, amount and currency agree with what was asked. */
  | { readonly kind: 'accepted'; readonly transaction: ProviderTransaction }
  /** A definite refusal (validation and the like): nothing was executed. */
  | { readonly kind: 'refused'; readonly code: RefusalCode; readonly message: string }
  /** Provably not received or not executed; may be sent again, not before `retryAfterMs` when given. */
  | {
      readonly kind: 'not_sent';
      readonly code: NotSentCode;
      readonly message: string;
      readonly retryAfterMs: number | null;
    }
  /** It may have been executed: look it up, never send. */
  | { readonly kind: 'unknown'; readonly code: UnknownCode; readonly message: string };

export type RefusalCode = 'otp_required' | 'otp_invalid' | 'invalid_recipient' | 'limit_exceeded' | 'rejected';
export type NotSentCode =
  | 'unreachable' // refused connection, name, TLS, connect timeout
  | 'too_late' // our own send window or the quotation's end had passed before a byte was written
  | 'quotation_expired'
  | 'unauthenticated' // 401 twice, or a wrong origin: a configuration error
  | 'forbidden' // 403, 404, 405: configuration
  | 'rate_limited'; // 425, 429
export type UnknownCode =
  | 'timeout'
  | 'connection_lost'
  | 'server_error'
  | 'unreadable'
  | 'mismatch'
  | 'redirected'
  | 'payment_required' // 402: perhaps executed; a definite refusal only after look-ups
  | 'already_exists'; // an earlier send was accepted

/** How a look-up ended. `unavailable` proves nothing: only `not_found` counts as a negative look-up. */
export type LookUpEnding =
  | { readonly kind: 'found'; readonly transaction: ProviderTransaction }
  | { readonly kind: 'not_found' }
  | {
      readonly kind: 'unavailable';
      readonly code: string;
      readonly message: string;
      readonly retryAfterMs: number | null;
    };

/** The right to make one money call now: taken before the attempt is stamped, released when the call has ended. */
export interface Permit {
  release(): void;
}

/** Until when a stamped attempt may be written to the wire: a `performance.now()` reading, immune to clock changes. */
export interface SendPermission {
  readonly sendBefore: number;
}

export interface CollectionOrder {
  readonly reference: string;
  readonly amountMinor: bigint;
  readonly currency: string;
  readonly country: string;
  readonly phone: string;
  readonly customer: { readonly name?: string; readonly email?: string } | null;
  readonly otp: { readonly pinId: string; readonly pin: string } | null;
  readonly redirectUrl: string | null;
}

export type Method = 'momo' | 'bank' | 'eversend';

export interface Recipient {
  readonly firstName?: string;
  readonly lastName?: string;
  readonly phone?: string;
  readonly email?: string;
  readonly tag?: string;
  readonly bankCode?: string;
  readonly bankName?: string;
  readonly accountName?: string;
  readonly accountNumber?: string;
}

export interface QuoteOrder {
  readonly sourceCurrency: string;
  readonly amountMinor: bigint;
  readonly amountType: 'source' | 'destination';
  readonly method: Method;
  /** Both null for `eversend`: the recipient's wallet decides. */
  readonly country: string | null;
  readonly destinationCurrency: string | null;
  readonly recipient: Recipient;
}

export interface Quotation {
  /** Opaque and secret: goes back with the payout, is never stored or logged. */
  readonly token: string;
  readonly expiresAt: Date;
  /** Whether the provider itself stated the expiry (`expires`, or the token's `exp`). A guess never permits resending. */
  readonly expiryStated: boolean;
  readonly sourceCurrency: string;
  readonly sourceAmountMinor: bigint;
  /** The provider's charge, on top of the amount. */
  readonly feesMinor: bigint;
  readonly totalMinor: bigint;
  readonly destinationCurrency: string;
  readonly destinationAmountMinor: bigint;
  readonly destinationCountry: string | null;
  readonly rate: string;
}

export interface PayoutOrder {
  readonly reference: string;
  readonly method: Method;
  readonly country: string | null;
  readonly recipient: Recipient;
  readonly quotation: Quotation;
}

export interface CollectionFees {
  readonly currency: string;
  readonly chargeMinor: bigint;
  readonly totalToPayMinor: bigint;
  readonly minimumMinor: bigint | null;
  readonly maximumMinor: bigint | null;
}

export interface DeliveryCountry {
  readonly country: string;
  readonly name: string;
  readonly phonePrefix: string | null;
  readonly methods: readonly Method[];
}

export interface Bank {
  readonly code: string;
  readonly name: string;
}

export interface ProviderWallet {
  readonly currency: string;
  readonly balanceMinor: bigint;
  readonly enabled: boolean;
}

export interface TransactionPage {
  readonly transactions: readonly ProviderTransaction[];
  /** How many the page held, those included that could not be understood: fewer than were asked for on the last page only. */
  readonly shown: number;
  readonly total: number;
  readonly page: number;
}

/**
 * Calls other than `submit…` and `lookUp` raise ProviderRejected (a definite no), or ProviderUnavailable
 * (nothing came of it; ask again later). `submit…` and `lookUp` never raise: their ending is a value.
 */
export interface Provider {
  /** Waits for a slot under PROVIDER_MAX_CONCURRENCY and PROVIDER_RATE_PER_SECOND. */
  permit(signal?: AbortSignal): Promise<Permit>;
  submitCollection(order: CollectionOrder, permission: SendPermission): Promise<SubmitEnding>;
  submitPayout(order: PayoutOrder, permission: SendPermission): Promise<SubmitEnding>;
  /**
   * By the provider's id when known, else by our reference and then by an exact match in the list's search. An empty reference asks
   * by the provider's id alone, whatever reference it carries.
   */
  lookUp(of: { readonly reference: string; readonly providerTransactionId: string | null }): Promise<LookUpEnding>;
  /** `forCaller`: an API call waits for it, and is told within PROVIDER_CALLER_WAIT_MS when it is not its turn. */
  quote(order: QuoteOrder, of?: { readonly forCaller?: boolean }): Promise<Quotation>;
  collectionFees(of: { readonly amountMinor: bigint; readonly currency: string }): Promise<CollectionFees>;
  requestOtp(phone: string): Promise<{ readonly pinId: string }>;
  countries(): Promise<readonly DeliveryCountry[]>;
  banks(country: string): Promise<readonly Bank[]>;
  verifyBankAccount(of: {
    readonly country: string;
    readonly bankCode: string;
    readonly accountNumber: string;
  }): Promise<{ readonly accountName: string }>;
  eversendAccountExists(of: { readonly phone?: string; readonly email?: string }): Promise<boolean>;
  wallets(): Promise<readonly ProviderWallet[]>;
  /** Newest first; `from` and `to` are UTC days (`YYYY-MM-DD`), both included. */
  transactions(of: {
    readonly from: string;
    readonly to: string;
    readonly page: number;
    readonly limit: number;
  }): Promise<TransactionPage>;
  /** The current access token, for the audited token endpoint. Raises ProviderUnavailable. */
  token(): Promise<{ readonly token: string; readonly expiresAt: Date | null }>;
  /** The newest failure that only an operator can mend (wrong origin, key without permission), or null. For readiness and alarms. */
  configurationProblem(): string | null;
  close(): Promise<void>;
}
