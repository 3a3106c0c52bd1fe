// Refunds: a payout back to the payer of a settled collection, from the wallet it was credited to, never more than was collected.
import type { Context } from '../context.ts';
import { type Db, runAlone } from '../db/knex.ts';
import { InvariantBroken, NotFound, Refused, StaleState } from '../errors.ts';
import { openPerson, type Person } from '../merchants/person.ts';
import type { Answer, Caller, IdempotentRequest } from '../transactions/accept.ts';
import type { State } from '../transactions/states.ts';
import { PAYOUT_CURRENCIES } from './corridors.ts';
import { createPayout } from './create.ts';

/** A settled collection whose payer is known. */
export interface Refundable {
  readonly id: string;
  readonly currency: string;
  readonly country: string;
  /** '' is the merchant itself. */
  readonly owner: string;
  /** What was collected and is not refunded yet, as of now. */
  readonly restMinor: bigint;
  readonly payer: Person & { readonly phone: string };
}

/** A validated request. `amountMinor` null: whatever is left. */
export interface NewRefund {
  readonly amountMinor: bigint | null;
  readonly maxFeeMinor: bigint | null;
  readonly reference: string | null;
  readonly metadata: Record<string, string>;
}

interface Row {
  readonly state: State;
  readonly currency: string;
  readonly country: string;
  readonly owner: string;
  readonly rest_minor: bigint;
  readonly sealed: Buffer | null;
}

const FIND = {
  name: 'find_refundable',
  text: `
    SELECT t.state, t.currency, t.country, w.owner, p.sealed, t.amount_minor - coalesce((
        SELECT sum(r.amount_minor) FROM transactions r WHERE r.refund_of = t.id AND r.state NOT IN ('failed', 'cancelled', 'reversed')
      ), 0)::bigint AS rest_minor
    FROM transactions t JOIN wallets w ON w.id = t.wallet_id LEFT JOIN personal_data p ON p.subject_id = t.id
    WHERE t.id = $1 AND t.merchant_id = $2 AND t.type = 'collection'`,
};

/**
 * A merchant's collection as it can be refunded. Raises NotFound, StaleState when it is not settled (any more), and Refused
 * `payer_erased`.
 */
export async function findRefundable(
  ctx: { readonly db: Db; readonly vault: Context['vault'] },
  merchantId: string,
  id: string,
): Promise<Refundable> {
  const [row] = await runAlone<Row>(ctx.db, FIND, [id, merchantId]);
  if (row === undefined) throw new NotFound();
  const { state, currency, country, owner, rest_minor: restMinor } = row;
  if (state !== 'settled') throw new StaleState(`Only a settled collection can be refunded; this one is ${state}.`);
  const payer = openPerson(ctx.vault, row.sealed);
  if (payer === null)
    throw new Refused('payer_erased', 'The payer was erased: nobody knows any more whom to pay back. Make a payout.');
  const { phone } = payer;
  if (phone === undefined) throw new InvariantBroken(`the payer of ${id} has no phone`);
  return { id, currency, country, owner, restMinor, payer: { ...payer, phone } };
}

/**
 * Raises Refused `refund_exceeds_collection` or `unsupported_country`, and what `createPayout` raises. How much is left is judged
 * where the refund is accepted, so that refunds that race are at most what was collected, all together.
 */
export async function refundCollection(
  ctx: Context,
  caller: Caller,
  request: IdempotentRequest,
  of: NewRefund & { readonly collection: Refundable },
): Promise<Answer> {
  const { currency, country, owner, payer, restMinor, id } = of.collection;
  const destinationCurrency = PAYOUT_CURRENCIES.momo.get(country);
  if (destinationCurrency === undefined)
    throw new Refused('unsupported_country', `Mobile money cannot be paid out in ${country}.`);
  const amountMinor = of.amountMinor ?? restMinor;
  if (amountMinor <= 0n) throw new Refused('refund_exceeds_collection', 'It has been refunded whole.', 'amount');
  return createPayout(ctx, caller, request, {
    amountMinor,
    currency,
    amountType: 'source',
    maxAmountMinor: null,
    maxFeeMinor: of.maxFeeMinor,
    method: 'momo',
    country,
    destinationCurrency,
    recipient: { ...namesOf(payer), phone: payer.phone },
    beneficiaryId: null,
    owner: owner === '' ? null : owner,
    reference: of.reference,
    scheduledAt: null,
    metadata: of.metadata,
    refundOf: id,
  });
}

const STATE = { name: 'state_of_refunded', text: 'SELECT state FROM transactions WHERE id = $1' };

/** Whether a refund's collection has meanwhile gone back to its payer by itself: then the refund would pay twice. */
export async function hasGoneBack(db: Db, collectionId: string): Promise<boolean> {
  const [row] = await runAlone<{ state: State }>(db, STATE, [collectionId]);
  return row?.state !== 'settled';
}

/** The provider asks for two names where a payer may have given one, or none: the phone is what decides who is paid. */
function namesOf({ customer }: Person): { firstName: string; lastName: string } {
  const [firstName = 'Mobile', ...rest] = customer?.name?.trim().split(/\s+/) ?? [];
  const lastName = rest.length > 0 ? rest.join(' ') : customer?.name === undefined ? 'Customer' : firstName;
  return { firstName, lastName };
}
