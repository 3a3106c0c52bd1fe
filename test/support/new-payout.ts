// A payout as a merchant would ask for it: 1,000 UGX to a phone in Uganda. Tests change what they are about.
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
