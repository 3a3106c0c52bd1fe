// A payout and a collection as a merchant would ask for them: to and from a phone in Uganda. Tests change what they are about.
import type { NewCollection } from '../../src/collections/create.ts';
import type { NewPayout } from '../../src/payouts/create.ts';

export const NEW_PAYOUT: NewPayout = {
  amountMinor: 100_000n,
  currency: 'UGX',
  amountType: 'source',
  maxAmountMinor: null,
  maxFeeMinor: null,
  method: 'momo',
  country: 'UG',
  destinationCurrency: 'UGX',
  recipient: { firstName: 'John', lastName: 'Okello', phone: '+256712345678' },
  beneficiaryId: null,
  owner: null,
  reference: null,
  scheduledAt: null,
  metadata: {},
};

export const NEW_COLLECTION: NewCollection = {
  amountMinor: 200_000n,
  currency: 'UGX',
  country: 'UG',
  phone: '+256712345678',
  owner: null,
  otp: null,
  customer: null,
  redirectUrl: null,
  reference: null,
  metadata: {},
};
