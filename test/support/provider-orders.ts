// Orders and the answers an honest Eversend gives to them, for tests of the provider's client.
import { newId } from '../../src/ids.ts';
import type { CollectionOrder, PayoutOrder, Quotation } from '../../src/provider/provider.ts';

export const silentLog = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  security: () => undefined,
};

export const open = () => ({ sendBefore: performance.now() + 10_000 });

export function collectionOrder(more: Partial<CollectionOrder> = {}): CollectionOrder {
  return {
    reference: newId('collection'),
    amountMinor: 200_000n,
    currency: 'UGX',
    country: 'UG',
    phone: '+256712345678',
    customer: null,
    otp: null,
    redirectUrl: null,
    ...more,
  };
}

export function quotation(more: Partial<Quotation> = {}): Quotation {
  return {
    token: 'quotation-token',
    expiresAt: new Date(Date.now() + 30 * 60_000),
    expiryStated: true,
    sourceCurrency: 'UGX',
    sourceAmountMinor: 100_000n,
    feesMinor: 250_000n,
    totalMinor: 350_000n,
    destinationCurrency: 'UGX',
    destinationAmountMinor: 100_000n,
    destinationCountry: 'UG',
    rate: '1',
    ...more,
  };
}

export function payoutOrder(more: Partial<PayoutOrder> = {}): PayoutOrder {
  return {
    reference: newId('payout'),
    method: 'momo',
    country: 'UG',
    recipient: { firstName: 'John', lastName: 'Okello', phone: '+256712345678' },
    quotation: quotation(),
    ...more,
  };
}

export function collectionAnswer(order: CollectionOrder, more: object = {}) {
  const transaction = {
    transactionId: 'BE31788255182123',
    transactionRef: order.reference,
    type: 'collection',
    currency: order.currency,
    amount: String(order.amountMinor / 100n),
    status: 'pending',
    balanceBefore: null,
    ...more,
  };
  return { code: 200, data: transaction, success: true };
}

export function payoutAnswer(order: PayoutOrder, more: object = {}) {
  const transaction = {
    transactionId: 'BP11788255196456',
    transactionRef: order.reference,
    type: 'payout',
    currency: order.quotation.sourceCurrency,
    amount: Number(order.quotation.sourceAmountMinor) / 100,
    fees: 0,
    destinationCurrency: order.quotation.destinationCurrency,
    destinationAmount: '1000',
    status: 'pending',
    ...more,
  };
  return { code: 200, data: { transaction }, success: true };
}
