// What a collection would cost: our fee, the provider's charge, and the provider's limits. Creates nothing.
import type { Context } from '../context.ts';
import { formatAmount } from '../money.ts';
import { collectionFee } from '../pricing/fee.ts';
import { scheduleFor } from '../pricing/fee-schedule.ts';
import type { Caller } from '../transactions/accept.ts';

export interface CollectionQuote {
  readonly amount: string;
  readonly currency: string;
  readonly country: string;
  /** Ours, taken out of the amount. */
  readonly fee: string;
  /** What the wallet would be credited. */
  readonly credited: string;
  /** The provider's, and what the payer would be asked for in all. */
  readonly charge: string;
  readonly totalToPay: string;
  readonly minimum: string | null;
  readonly maximum: string | null;
}

/** Raises Refused `fee_exceeds_amount`, ProviderRejected, ProviderUnavailable. */
export async function collectionFees(
  ctx: Context,
  caller: Caller,
  of: { amountMinor: bigint; currency: string; country: string },
): Promise<CollectionQuote> {
  const { amountMinor, currency, country } = of;
  const tariff = await scheduleFor(ctx, {
    type: 'collection',
    merchantId: caller.merchantId,
    method: 'momo',
    country,
    currency,
  });
  const feeMinor = collectionFee(tariff, amountMinor, currency);
  const fees = await ctx.provider.collectionFees({ amountMinor, currency });
  const limit = (minor: bigint | null) => (minor === null ? null : formatAmount(minor));
  return {
    amount: formatAmount(amountMinor),
    currency,
    country,
    fee: formatAmount(feeMinor),
    credited: formatAmount(amountMinor - feeMinor),
    charge: formatAmount(fees.chargeMinor),
    totalToPay: formatAmount(ctx.config.COLLECTION_CHARGE_PAYER === 'payer' ? fees.totalToPayMinor : amountMinor),
    minimum: limit(fees.minimumMinor),
    maximum: limit(fees.maximumMinor),
  };
}
