// What acceptance reads and writes: a batch of requests by their columns, and the verdict on each.
import type { Call } from '../db/knex.ts';
import { newId } from '../ids.ts';
import type { Person, SealedPerson } from '../merchants/person.ts';
import type { TransactionRow } from './transaction.ts';

/** Who calls: an authenticated program of a merchant. */
export interface Caller {
  readonly merchantId: string;
  readonly apiKeyId: string;
  readonly clientAddress: string | null;
}

/** A request that may come twice: same key and same meaning is the same request. */
export interface IdempotentRequest {
  readonly route: string;
  readonly key: string;
  /** SHA-256 of what is asked for. It is stored sealed only: a plain hash of a phone number could be tried out. */
  readonly requestHash: Buffer;
}

/** What goes back to the caller: the final bytes, also stored, so that a repetition gets the very same. */
export interface Answer {
  readonly status: number;
  readonly body: string;
  readonly replayed: boolean;
}

type Given =
  | 'type'
  | 'currency'
  | 'amountMinor'
  | 'amountType'
  | 'maxAmountMinor'
  | 'destinationCurrency'
  | 'destinationAmountMinor';
type AlsoGiven =
  | 'country'
  | 'method'
  | 'feeScheduleId'
  | 'feeMinor'
  | 'feeCeilingMinor'
  | 'heldMinor'
  | 'reference'
  | 'metadata';
type Rest = 'beneficiaryId' | 'redirectUrl' | 'scheduledAt' | 'refundOf';

export interface Acceptance {
  readonly caller: Caller;
  readonly request: IdempotentRequest;
  readonly id: string;
  readonly transaction: Pick<TransactionRow, Given | AlsoGiven | Rest>;
  readonly owner: string;
  readonly person: Person;
  readonly sealed: SealedPerson;
  readonly otpSealed: Buffer | null;
}

/** A request with its answer, as far as that is known before the wallet and the time are; sealed with what it answers. */
export interface Prepared extends Acceptance {
  /** How long it may await its approval; null where it needs none, as far as is known. */
  readonly approvalWaitMs: number | null;
  /** The account's fingerprint under the key before the newest, while there is one: what was accepted before the change counts too. */
  readonly earlierAccountHash: Buffer | null;
  readonly answerStart: string;
  readonly answerSealed: Buffer;
}

type Refusal = 'no_wallet' | 'wallet_frozen' | 'insufficient_funds' | 'refund_exceeds' | 'not_settled';

/** What became of one request (the verdicts are explained where the SQL function is). */
export interface Standing {
  readonly verdict: 'accepted' | 'known' | 'running' | 'again' | 'needs_approval' | Refusal;
  readonly wallet_id: string | null;
  /** When it was accepted, now or the first time. */
  readonly at: Date;
  /** What was stored under a known key. */
  readonly status: number | null;
  readonly answer: Buffer | null;
}

type Column = (item: Prepared) => unknown;
const minor = (value: bigint | null) => value?.toString() ?? null;

/** The parameters of `accept_transactions`, by name. */
const COLUMNS: Readonly<Record<string, Column>> = {
  ids: (item) => item.id,
  merchants: (item) => item.caller.merchantId,
  routes: (item) => item.request.route,
  keys: (item) => item.request.key,
  answers: (item) => item.answerSealed,
  owners: (item) => item.owner,
  currencies: ({ transaction }) => transaction.currency,
  amounts: ({ transaction }) => minor(transaction.amountMinor),
  amount_types: ({ transaction }) => transaction.amountType,
  max_amounts: ({ transaction }) => minor(transaction.maxAmountMinor),
  destination_currencies: ({ transaction }) => transaction.destinationCurrency,
  destination_amounts: ({ transaction }) => minor(transaction.destinationAmountMinor),
  countries: ({ transaction }) => transaction.country,
  methods: ({ transaction }) => transaction.method,
  fee_schedules: ({ transaction }) => transaction.feeScheduleId,
  fees: ({ transaction }) => minor(transaction.feeMinor),
  fee_ceilings: ({ transaction }) => minor(transaction.feeCeilingMinor),
  helds: ({ transaction }) => minor(transaction.heldMinor),
  refs: ({ transaction }) => transaction.reference,
  metadatas: ({ transaction }) => nothingOr(transaction.metadata),
  beneficiaries: ({ transaction }) => transaction.beneficiaryId,
  redirect_urls: ({ transaction }) => transaction.redirectUrl,
  schedules: ({ transaction }) => transaction.scheduledAt?.toISOString() ?? null,
  actors: ({ caller }) => `key:${caller.apiKeyId}`,
  client_addresses: ({ caller }) => caller.clientAddress,
  sealeds: ({ sealed }) => sealed.sealed,
  otps: (item) => item.otpSealed,
  account_hashes: ({ sealed }) => sealed.accountHash,
  last_four_hashes: ({ sealed }) => sealed.lastFourHash,
  refund_ofs: ({ transaction }) => transaction.refundOf,
  approval_waits: (item) => item.approvalWaitMs,
  earlier_hashes: (item) => item.earlierAccountHash,
  entry_ids: ({ transaction }) => (transaction.heldMinor > 0n ? newId('journalEntry') : null),
};

function nothingOr(metadata: Record<string, string>): string | null {
  for (const _ in metadata) return JSON.stringify(metadata);
  return null;
}

const ACCEPT = {
  name: 'accept_transactions',
  text: `SELECT * FROM accept_transactions(${Object.keys(COLUMNS).map((name, at) => `${name} => $${at + 1}`)})`,
};

/** The call that accepts a batch and tells what became of each request, in order. */
export function acceptCall(items: readonly Prepared[]): Call {
  return { statement: ACCEPT, values: Object.values(COLUMNS).map((of) => column(items, of)) };
}

/** A column that is empty for the whole batch goes as one null. */
function column(items: readonly Prepared[], of: Column): unknown[] | null {
  const values = items.map(of);
  return values.every((value) => value === null) ? null : values;
}
