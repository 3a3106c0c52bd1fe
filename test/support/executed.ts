// A payout as the provider shows it once it is executed. Tests change what they are about.
import type { ProviderTransaction } from '../../src/provider/provider.ts';

export function executed(reference: string, more: Partial<ProviderTransaction> = {}): ProviderTransaction {
  return {
    providerTransactionId: `BP-${reference}`,
    reference,
    type: 'payout',
    status: 'successful',
    currency: 'UGX',
    amountMinor: 100_000n,
    feesMinor: 50_000n,
    destinationAmountMinor: null,
    destinationCurrency: null,
    isRefunded: false,
    reason: null,
    redirectUrl: null,
    ...more,
  };
}
