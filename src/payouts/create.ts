// Accepts a payout: priced, pinned, its money set aside and stored in one commit; a worker sends it.
import type { Context } from '../context.ts';
import { InvalidRequest } from '../errors.ts';
import { newId } from '../ids.ts';
import { Beneficiary } from '../merchants/beneficiary.ts';
import { sealPerson } from '../merchants/person.ts';
import { payoutFee } from '../pricing/fee.ts';
import { scheduleFor, type Tariff } from '../pricing/fee-schedule.ts';
import type { Method, Recipient } from '../provider/provider.ts';
import { type Acceptance, type Answer, accept, type Caller, type IdempotentRequest } from '../transactions/accept.ts';

/** A validated request. Amounts are hundredths; for `destination` the amount is in `destinationCurrency` and `maxAmountMinor` is set. */
export interface NewPayout {
  readonly amountMinor: bigint;
  readonly currency: string;
  readonly amountType: 'source' | 'destination';
  readonly maxAmountMinor: bigint | null;
  readonly maxFeeMinor: bigint | null;
  readonly method: Method;
  /** Both null for `eversend`: the recipient's wallet decides. */
  readonly country: string | null;
  readonly destinationCurrency: string | null;
  readonly recipient: Recipient | null;
  readonly beneficiaryId: string | null;
  readonly owner: string | null;
  readonly reference: string | null;
  readonly scheduledAt: Date | null;
  readonly metadata: Record<string, string>;
  /** The collection whose payer is paid back; acceptance sees to it that no more goes back than came in. */
  readonly refundOf?: string;
}

/** Raises InvalidRequest for an unknown beneficiary, Refused `fee_above_maximum`, and what `accept` raises. */
export async function createPayout(
  ctx: Context,
  caller: Caller,
  request: IdempotentRequest,
  of: NewPayout,
): Promise<Answer> {
  return accept(ctx, { ...(await preparePayout(ctx, caller, of)), request });
}

/** A payout that only waits to be accepted: its person is known, its fee pinned. */
export type PreparedPayout = Omit<Acceptance, 'request'>;

/** Raises as `createPayout` does before it accepts. */
export async function preparePayout(ctx: Context, caller: Caller, of: NewPayout): Promise<PreparedPayout> {
  const person = of.recipient ?? (await recipientOf(ctx, caller, of));
  const tariff = await scheduleFor(ctx, { type: 'payout', merchantId: caller.merchantId, ...of });
  const isSource = of.amountType === 'source';
  return {
    caller,
    id: newId('payout'),
    owner: of.owner ?? '',
    person,
    sealed: sealPerson(ctx.vault, person),
    otpSealed: null,
    transaction: {
      type: 'payout',
      currency: of.currency,
      amountMinor: isSource ? of.amountMinor : null,
      amountType: of.amountType,
      maxAmountMinor: isSource ? null : of.maxAmountMinor,
      destinationCurrency: of.destinationCurrency,
      destinationAmountMinor: isSource ? null : of.amountMinor,
      country: of.country,
      method: of.method,
      feeScheduleId: tariff.id,
      ...pinned(tariff, of),
      reference: of.reference,
      metadata: of.metadata,
      beneficiaryId: of.beneficiaryId,
      redirectUrl: null,
      scheduledAt: of.scheduledAt,
      refundOf: of.refundOf ?? null,
    },
  };
}

/** The fee as far as it is known now, and all that may be needed, which is what is set aside. */
function pinned(
  tariff: Tariff,
  of: NewPayout,
): { feeMinor: bigint | null; feeCeilingMinor: bigint | null; heldMinor: bigint } {
  const exact = of.amountType === 'source';
  const mostMinor = exact ? of.amountMinor : (of.maxAmountMinor ?? 0n);
  const fee = payoutFee(tariff, { amountMinor: mostMinor, exact, maxFeeMinor: of.maxFeeMinor, currency: of.currency });
  return {
    feeMinor: fee.feeMinor,
    feeCeilingMinor: fee.ceilingMinor,
    heldMinor: mostMinor + (fee.feeMinor ?? fee.ceilingMinor),
  };
}

async function recipientOf(ctx: Context, caller: Caller, of: NewPayout): Promise<Recipient> {
  const found = await Beneficiary.find(ctx, caller.merchantId, of.beneficiaryId ?? '');
  if (found === null) {
    throw InvalidRequest.field(
      'beneficiaryId',
      'unknown_beneficiary',
      'There is no such beneficiary. Create it first.',
    );
  }
  if (found.method !== of.method || found.country !== of.country) {
    throw InvalidRequest.field(
      'beneficiaryId',
      'wrong_corridor',
      `This beneficiary is paid by ${found.method} in ${found.country ?? 'its wallet'}.`,
    );
  }
  return found.recipient;
}
