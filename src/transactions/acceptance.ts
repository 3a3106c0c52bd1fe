// What acceptance reads and writes: how a request stands, the wallets it opens, and the rows of everything it stores.
import { createHash } from 'node:crypto';
import type { Context } from '../context.ts';
import type { Call } from '../db/knex.ts';
import { InvariantBroken } from '../errors.ts';
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
type Rest = 'beneficiaryId' | 'redirectUrl' | 'scheduledAt';

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

/** How things stood for one request when its commit began: its key, its twin, its wallet. */
export interface Standing {
  readonly n: number;
  readonly mine: boolean;
  readonly requestHash: Buffer | null;
  readonly status: number | null;
  readonly answer: Buffer | null;
  readonly walletId: string | null;
  readonly frozen: boolean;
  readonly balance: bigint | null;
  readonly now: Date;
}

// The twin's lock first: it is tried, never waited for, so twins neither wait nor drain the pool.
const STANDINGS = {
  name: 'accept_standings',
  text: `
    SELECT i.n::int AS n, pg_try_advisory_xact_lock(i.lock) AS mine, k.request_hash AS "requestHash", k.status, k.answer,
      w.id AS "walletId", w.frozen_at IS NOT NULL AS frozen, a.balance, now() AS now
    FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[])
        WITH ORDINALITY AS i(lock, merchant, route, key, owner, currency, n)
      LEFT JOIN idempotency_keys k ON k.merchant_id = i.merchant AND k.route = i.route AND k.key = i.key
      LEFT JOIN wallets w ON w.merchant_id = i.merchant AND w.owner = i.owner AND w.currency = i.currency
      LEFT JOIN ledger_accounts a ON a.id = w.id || ':available'`,
};

const OPEN_WALLETS = {
  name: 'accept_open_wallets',
  text: `
    SELECT i.n::int AS n, open_wallet(i.id, i.merchant, i.owner, i.currency) AS id
    FROM unnest($1::text[], $2::text[], $3::text[], $4::text[]) WITH ORDINALITY AS i(id, merchant, owner, currency, n)`,
};

const INSERT = {
  name: 'accept_insert',
  text: `
    WITH rows AS MATERIALIZED (
      SELECT * FROM jsonb_to_recordset($1) AS r(id text, type text, merchant_id text, wallet_id text, currency text, amount_minor bigint,
        amount_type text, max_amount_minor bigint, destination_currency text, destination_amount_minor bigint, country text, method text,
        fee_schedule_id text, fee_minor bigint, fee_ceiling_minor bigint, held_minor bigint, reference text, metadata jsonb,
        beneficiary_id text, redirect_url text, scheduled_at timestamptz, actor text, client_address inet, sealed text, otp_sealed text,
        account_hash text, last_four_hash text, route text, key text, request_hash text, answer text)
    ), transactions_in AS (
      INSERT INTO transactions (id, type, merchant_id, wallet_id, state, currency, amount_minor, amount_type, max_amount_minor,
        destination_currency, destination_amount_minor, country, method, fee_schedule_id, fee_minor, fee_ceiling_minor, held_minor,
        reference, metadata, beneficiary_id, redirect_url, scheduled_at, actor, client_address, due_at)
      SELECT id, type, merchant_id, wallet_id, 'accepted', currency, amount_minor, amount_type, max_amount_minor,
        destination_currency, destination_amount_minor, country, method, fee_schedule_id, fee_minor, fee_ceiling_minor, held_minor,
        reference, metadata, beneficiary_id, redirect_url, scheduled_at, actor, client_address, coalesce(scheduled_at, now())
      FROM rows
    ), history_in AS (
      INSERT INTO transaction_history (transaction_id, from_state, to_state, cause, actor, attempt)
      SELECT id, NULL, 'accepted', 'api', actor, 0 FROM rows
    ), personal_in AS (
      INSERT INTO personal_data (subject_id, merchant_id, sealed, otp_sealed, account_hash, last_four_hash)
      SELECT id, merchant_id, decode(sealed, 'base64'), decode(otp_sealed, 'base64'), decode(account_hash, 'base64'),
        decode(last_four_hash, 'base64') FROM rows
    )
    INSERT INTO idempotency_keys (merchant_id, route, key, request_hash, status, answer)
    SELECT merchant_id, route, key, decode(request_hash, 'base64'), 202, decode(answer, 'base64') FROM rows`,
};

/** A 64-bit number for Postgres' advisory lock; two keys that share one only make each other's twin wait a moment. */
export function lockOf({ caller, request }: Acceptance): bigint {
  const hash = createHash('sha256').update(`${caller.merchantId}\n${request.route}\n${request.key}`).digest();
  return hash.readBigInt64BE(0);
}

/** The call that tells how each request stands; it takes the twins' locks until the database transaction ends. */
export function standingsCall(items: readonly Acceptance[]): Call {
  return {
    statement: STANDINGS,
    values: [
      items.map(lockOf),
      items.map((item) => item.caller.merchantId),
      items.map((item) => item.request.route),
      items.map((item) => item.request.key),
      items.map((item) => item.owner),
      items.map((item) => item.transaction.currency),
    ],
  };
}

/** Opens the wallets that are used for the first time; sets their ids. */
export async function openMissing(
  ask: (call: Call) => Promise<{ n: number; id: string }[]>,
  going: { item: Acceptance; walletId: string | null }[],
): Promise<void> {
  const missing = going.filter((one) => one.walletId === null);
  if (missing.length === 0) return;
  const opened = await ask({
    statement: OPEN_WALLETS,
    values: [
      missing.map(() => newId('wallet')),
      missing.map(({ item }) => item.caller.merchantId),
      missing.map(({ item }) => item.owner),
      missing.map(({ item }) => item.transaction.currency),
    ],
  });
  for (const { n, id } of opened) {
    const one = missing[n - 1];
    if (one === undefined) throw new InvariantBroken('a wallet was opened for nobody');
    one.walletId = id;
  }
}

/** One accepted request with the wallet it concerns and the answer it will get. */
export interface Stored {
  readonly item: Acceptance;
  readonly walletId: string;
  readonly body: string;
}

/** The call that writes transaction, history, personal data and idempotency key of every request in one statement. */
export function storeCalls(ctx: Context, stored: readonly Stored[]): Call[] {
  return stored.length === 0
    ? []
    : [{ statement: INSERT, values: [JSON.stringify(stored.map((one) => rowOf(ctx, one)))] }];
}

const base64 = (bytes: Buffer | null) => bytes?.toString('base64') ?? null;

function rowOf(ctx: Context, { item, walletId, body }: Stored) {
  const { transaction, caller, request, sealed } = item;
  const text = (minor: bigint | null) => minor?.toString() ?? null;
  return {
    id: item.id,
    type: transaction.type,
    merchant_id: caller.merchantId,
    wallet_id: walletId,
    currency: transaction.currency,
    amount_minor: text(transaction.amountMinor),
    amount_type: transaction.amountType,
    max_amount_minor: text(transaction.maxAmountMinor),
    destination_currency: transaction.destinationCurrency,
    destination_amount_minor: text(transaction.destinationAmountMinor),
    country: transaction.country,
    method: transaction.method,
    fee_schedule_id: transaction.feeScheduleId,
    fee_minor: text(transaction.feeMinor),
    fee_ceiling_minor: text(transaction.feeCeilingMinor),
    held_minor: text(transaction.heldMinor),
    reference: transaction.reference,
    metadata: transaction.metadata,
    beneficiary_id: transaction.beneficiaryId,
    redirect_url: transaction.redirectUrl,
    scheduled_at: transaction.scheduledAt?.toISOString() ?? null,
    actor: `key:${caller.apiKeyId}`,
    client_address: caller.clientAddress,
    sealed: base64(sealed.sealed),
    otp_sealed: base64(item.otpSealed),
    account_hash: base64(sealed.accountHash),
    last_four_hash: base64(sealed.lastFourHash),
    route: request.route,
    key: request.key,
    request_hash: base64(request.requestHash),
    answer: base64(ctx.vault.seal(body)),
  };
}
