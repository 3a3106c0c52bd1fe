// What acceptance reads and writes: a batch of requests by their columns, and the verdict on each.
import { byteaArray, textArray } from '../db/arrays.ts';
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
  /** SHA-256 of what is asked for, in base64. It is stored sealed only: a plain hash of a phone number could be tried out. */
  readonly requestHash: string;
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

const minor = (value: bigint | null) => value?.toString() ?? null;

type ColumnOf<Value> = Readonly<Record<string, (item: Prepared) => Value | null>>;

/** The parameters of `accept_transactions`, by name and by what goes over the wire as bytes, as text, and as the driver writes it. */
const BYTES: ColumnOf<Buffer> = {
  answers: (item) => item.answerSealed,
  sealeds: ({ sealed }) => sealed.sealed,
  otps: (item) => item.otpSealed,
  account_hashes: ({ sealed }) => sealed.accountHash,
  last_four_hashes: ({ sealed }) => sealed.lastFourHash,
  earlier_hashes: (item) => item.earlierAccountHash,
};
const TEXTS: ColumnOf<string> = {
  ids: (item) => item.id,
  merchants: (item) => item.caller.merchantId,
  routes: (item) => item.request.route,
  keys: (item) => item.request.key,
  owners: (item) => item.owner,
  currencies: ({ transaction }) => transaction.currency,
  amount_types: ({ transaction }) => transaction.amountType,
  destination_currencies: ({ transaction }) => transaction.destinationCurrency,
  countries: ({ transaction }) => transaction.country,
  methods: ({ transaction }) => transaction.method,
  fee_schedules: ({ transaction }) => transaction.feeScheduleId,
  refs: ({ transaction }) => transaction.reference,
  beneficiaries: ({ transaction }) => transaction.beneficiaryId,
  redirect_urls: ({ transaction }) => transaction.redirectUrl,
  actors: ({ caller }) => `key:${caller.apiKeyId}`,
  refund_ofs: ({ transaction }) => transaction.refundOf,
  entry_ids: ({ transaction }) => (transaction.heldMinor > 0n ? newId('journalEntry') : null),
};
const OTHERS: ColumnOf<string | number> = {
  amounts: ({ transaction }) => minor(transaction.amountMinor),
  max_amounts: ({ transaction }) => minor(transaction.maxAmountMinor),
  destination_amounts: ({ transaction }) => minor(transaction.destinationAmountMinor),
  fees: ({ transaction }) => minor(transaction.feeMinor),
  fee_ceilings: ({ transaction }) => minor(transaction.feeCeilingMinor),
  helds: ({ transaction }) => minor(transaction.heldMinor),
  metadatas: ({ transaction }) => nothingOr(transaction.metadata),
  schedules: ({ transaction }) => transaction.scheduledAt?.toISOString() ?? null,
  client_addresses: ({ caller }) => caller.clientAddress,
  approval_waits: (item) => item.approvalWaitMs,
};

function nothingOr(metadata: Record<string, string>): string | null {
  for (const _ in metadata) return JSON.stringify(metadata);
  return null;
}

const NAMES = [BYTES, TEXTS, OTHERS].flatMap(Object.keys);
const ACCEPT = {
  name: 'accept_transactions',
  text: `SELECT * FROM accept_transactions(${NAMES.map((name, at) => `${name} => $${at + 1}`)})`,
};

/** The call that accepts a batch and tells what became of each request, in order. */
export function acceptCall(items: readonly Prepared[]): Call {
  return {
    statement: ACCEPT,
    values: [
      ...columns(items, BYTES, byteaArray),
      ...columns(items, TEXTS, textArray),
      ...columns(items, OTHERS, Array.from),
    ],
  };
}

/** A column that is empty for the whole batch goes as one null. */
function columns<Value>(
  items: readonly Prepared[],
  of: ColumnOf<Value>,
  write: (values: readonly (Value | null)[]) => unknown,
): unknown[] {
  return Object.values(of).map((read) => {
    const values = items.map(read);
    return values.every((value) => value === null) ? null : write(values);
  });
}
