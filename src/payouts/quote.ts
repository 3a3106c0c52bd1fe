// What a payout would cost now: the provider's quotation and our fee. Creates nothing and promises nothing.
import type { Context } from '../context.ts';
import { formatAmount } from '../money.ts';
import { quotedFee } from '../pricing/fee.ts';
import { scheduleFor } from '../pricing/fee-schedule.ts';
import type { Method, Recipient } from '../provider/provider.ts';
import type { Caller } from '../transactions/accept.ts';

export interface PayoutQuote {
  readonly amount: string;
  readonly currency: string;
  readonly destinationAmount: string;
  readonly destinationCurrency: string;
  readonly rate: string;
  /** Ours, on top of the amount. */
  readonly fee: string;
  /** What the wallet would be debited: amount and fee. */
  readonly total: string;
}

/** Raises ProviderRejected (the corridor or recipient cannot be paid) and ProviderUnavailable. */
export async function quotePayout(
  ctx: Context,
  caller: Caller,
  of: {
    amountMinor: bigint;
    currency: string;
    amountType: 'source' | 'destination';
    method: Method;
    country: string | null;
    destinationCurrency: string | null;
    recipient: Recipient;
  },
): Promise<PayoutQuote> {
  const { amountMinor, currency, amountType, method, country, destinationCurrency, recipient } = of;
  const tariff = await scheduleFor(ctx, { type: 'payout', merchantId: caller.merchantId, method, country, currency });
  const order = { sourceCurrency: currency, amountMinor, amountType, method, country, destinationCurrency, recipient };
  const quotation = await ctx.provider.quote(order, { forCaller: true });
  const feeMinor = quotedFee(tariff, {
    amountMinor: quotation.sourceAmountMinor,
    chargeMinor: quotation.feesMinor,
    currency,
  });
  return {
    amount: formatAmount(quotation.sourceAmountMinor),
    currency,
    destinationAmount: formatAmount(quotation.destinationAmountMinor),
    destinationCurrency: quotation.destinationCurrency,
    rate: quotation.rate,
    fee: formatAmount(feeMinor),
    total: formatAmount(quotation.sourceAmountMinor + feeMinor),
  };
}
