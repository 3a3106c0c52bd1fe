// Collections on the wire: the order as Eversend wants it, its fees, and the one-time code.
import { z } from 'zod';
import { ProviderUnavailable } from '../../errors.ts';
import type { CollectionFees, CollectionOrder, Provider, ProviderTransaction } from '../provider.ts';
import type { Calls } from './calls.ts';
import { exactMinor, nearestMinor, optionalText, readTransaction, transactionsIn, wireAmount } from './messages.ts';

/** The provider's amount field is an int32 of whole units. */
const MAX_WHOLE_UNITS = 2_147_483_647n;

/** Why this amount cannot be put on the wire; null when it can. */
export function unsendable({ amountMinor }: CollectionOrder): string | null {
  if (amountMinor % 100n !== 0n) return 'A collection must be in whole units.';
  return amountMinor / 100n > MAX_WHOLE_UNITS ? 'The amount is larger than the provider can take.' : null;
}

export function collectionBody(order: CollectionOrder): unknown {
  return {
    phone: order.phone,
    amount: wireAmount(order.amountMinor),
    country: order.country,
    currency: order.currency,
    // Documented as an object, but the live validator wants a string.
    ...(order.customer === null ? {} : { customer: JSON.stringify(order.customer) }),
    transactionRef: order.reference,
    ...(order.otp === null ? {} : { otp: { pinId: order.otp.pinId, pin: order.otp.pin } }),
    ...(order.redirectUrl === null ? {} : { redirectUrl: order.redirectUrl }),
  };
}

/** The collection in an answer, when reference, currency and amount are the ones that were asked for. */
export function agreedCollection(order: CollectionOrder, data: unknown): ProviderTransaction | null {
  const transaction = readTransaction(transactionsIn(data)[0], 'collection');
  if (
    transaction === null ||
    transaction.type !== 'collection' ||
    transaction.reference !== order.reference ||
    transaction.currency !== order.currency ||
    transaction.amountMinor !== order.amountMinor
  ) {
    return null;
  }
  return transaction;
}

const feesMessage = z.object({
  currency: optionalText,
  amount: optionalText,
  charges: z.string(),
  total_to_pay: optionalText,
  min_load_amount: optionalText,
  max_load_amount: optionalText,
});
const otpMessage = z.object({ pinId: z.string().min(1) });

export function createCollections(calls: Calls): Pick<Provider, 'collectionFees' | 'requestOtp'> {
  return {
    async collectionFees({ amountMinor, currency }): Promise<CollectionFees> {
      const { data } = await calls.read({
        method: 'POST',
        path: '/collections/fees',
        operation: '/collections/fees',
        forCaller: true,
        body: { method: 'momo', currency, amount: wireAmount(amountMinor) },
      });
      const parsed = feesMessage.safeParse(data);
      const chargeMinor = parsed.success ? nearestMinor(parsed.data.charges) : null;
      if (!parsed.success || chargeMinor === null) throw unreadable();
      const { currency: statedCurrency, amount, total_to_pay, min_load_amount, max_load_amount } = parsed.data;
      const statedMinor = exactMinor(amount);
      if ((statedCurrency ?? currency) !== currency || (statedMinor ?? amountMinor) !== amountMinor) throw unreadable();
      return {
        currency,
        chargeMinor,
        totalToPayMinor: nearestMinor(total_to_pay) ?? amountMinor + chargeMinor,
        minimumMinor: nearestMinor(min_load_amount),
        maximumMinor: nearestMinor(max_load_amount),
      };
    },

    async requestOtp(phone) {
      const { data } = await calls.read({
        method: 'POST',
        path: '/collections/otp',
        operation: '/collections/otp',
        forCaller: true,
        body: { phone },
      });
      const parsed = otpMessage.safeParse(data);
      if (!parsed.success) throw unreadable();
      return { pinId: parsed.data.pinId };
    },
  };
}

function unreadable(): ProviderUnavailable {
  return new ProviderUnavailable('unreadable', "The provider's answer could not be understood.");
}
