// Accepts a collection: priced, pinned and stored; the payer is prompted by a worker.
import type { Context } from '../context.ts';
import { newId } from '../ids.ts';
import { type Person, sealPerson } from '../merchants/person.ts';
import { collectionFee } from '../pricing/fee.ts';
import { scheduleFor } from '../pricing/fee-schedule.ts';
import { type Answer, accept, type Caller, type IdempotentRequest } from '../transactions/accept.ts';

/** A validated request. Amounts are hundredths; collections are whole units in every currency. */
export interface NewCollection {
  readonly amountMinor: bigint;
  readonly currency: string;
  readonly country: string;
  readonly phone: string;
  /** Whose wallet is credited; null for the merchant's own. */
  readonly owner: string | null;
  readonly otp: { readonly pinId: string; readonly pin: string } | null;
  readonly customer: { readonly name?: string; readonly email?: string } | null;
  readonly redirectUrl: string | null;
  readonly reference: string | null;
  readonly metadata: Record<string, string>;
}

/** Raises Refused `fee_exceeds_amount`, and what `accept` raises. */
export async function createCollection(
  ctx: Context,
  caller: Caller,
  request: IdempotentRequest,
  of: NewCollection,
): Promise<Answer> {
  const scope = {
    type: 'collection',
    merchantId: caller.merchantId,
    method: 'momo',
    country: of.country,
    currency: of.currency,
  } as const;
  const tariff = await scheduleFor(ctx, scope);
  const person: Person = { phone: of.phone, ...(of.customer === null ? {} : { customer: of.customer }) };
  return accept(ctx, {
    caller,
    request,
    id: newId('collection'),
    owner: of.owner ?? '',
    person,
    sealed: sealPerson(ctx.vault, person),
    // The pin is kept apart, sealed, and only until the payer has been prompted.
    otpSealed: of.otp === null ? null : ctx.vault.seal(JSON.stringify(of.otp)),
    transaction: {
      type: 'collection',
      currency: of.currency,
      amountMinor: of.amountMinor,
      amountType: 'source',
      maxAmountMinor: null,
      destinationCurrency: null,
      destinationAmountMinor: null,
      country: of.country,
      method: 'momo',
      feeScheduleId: tariff.id,
      feeMinor: collectionFee(tariff, of.amountMinor, of.currency),
      feeCeilingMinor: null,
      heldMinor: 0n,
      reference: of.reference,
      metadata: of.metadata,
      beneficiaryId: null,
      redirectUrl: of.redirectUrl,
      scheduledAt: null,
      refundOf: null,
    },
  });
}
