// A provider within the process that answers at once: mostly well, now and then not, decided by the payment's number.
import type { LookUpEnding, Provider, ProviderTransaction } from '../../src/provider/provider.ts';

/** Of a hundred payments: these fail, these are returned, these are never heard of again, these stay in the provider's hands. */
const FAILED = 6;
const RETURNED = 1;
const SILENT = 1;
const PENDING = 2;
const HOUR_MS = 3_600_000;

type Asked = Pick<ProviderTransaction, 'type' | 'currency' | 'amountMinor'> & { readonly reference: string };

export function instantProvider(): Provider {
  const book = new Map<string, ProviderTransaction>();
  let serial = 0;

  function execute(asked: Asked): ProviderTransaction {
    serial += 1;
    const turn = serial % 100;
    const isFailed = turn < FAILED;
    const isPending = turn >= 100 - PENDING;
    const transaction: ProviderTransaction = {
      ...asked,
      providerTransactionId: `BP${asked.reference.slice(2)}`,
      status: isFailed ? 'failed' : isPending ? 'pending' : 'successful',
      feesMinor: 50_000n,
      destinationAmountMinor: null,
      destinationCurrency: null,
      isRefunded: !isFailed && turn < FAILED + RETURNED,
      reason: isFailed ? 'The recipient cannot receive money' : null,
      redirectUrl: null,
    };
    book.set(asked.reference, transaction);
    return transaction;
  }

  const submit = async (asked: Asked) => {
    if ((serial + 1) % 100 >= 100 - PENDING - SILENT && (serial + 1) % 100 < 100 - PENDING) {
      serial += 1;
      return { kind: 'unknown', code: 'timeout', message: 'no answer within the deadline' } as const;
    }
    return { kind: 'accepted', transaction: execute(asked) } as const;
  };
  const never = async (): Promise<never> => {
    throw new Error('the seed does not ask this');
  };
  return {
    permit: async () => ({ release() {} }),
    submitCollection: (order) => submit({ ...order, type: 'collection' }),
    submitPayout: ({ reference, quotation }) =>
      submit({
        reference,
        type: 'payout',
        currency: quotation.sourceCurrency,
        amountMinor: quotation.sourceAmountMinor,
      }),
    async lookUp({ reference }): Promise<LookUpEnding> {
      const transaction = book.get(reference);
      if (transaction === undefined) return { kind: 'not_found' };
      // What has ended is not asked for again; a return is looked at once more.
      if (transaction.status !== 'pending' && !transaction.isRefunded) book.delete(reference);
      return { kind: 'found', transaction };
    },
    quote: async (order) => ({
      token: `seed-${serial}`,
      expiresAt: new Date(Date.now() + HOUR_MS),
      expiryStated: true,
      sourceCurrency: order.sourceCurrency,
      sourceAmountMinor: order.amountMinor,
      feesMinor: 50_000n,
      totalMinor: order.amountMinor + 50_000n,
      destinationCurrency: order.destinationCurrency ?? order.sourceCurrency,
      destinationAmountMinor: order.amountMinor,
      destinationCountry: order.country,
      rate: '1',
    }),
    wallets: async () =>
      ['UGX', 'KES', 'GHS'].map((currency) => ({ currency, balanceMinor: 10n ** 17n, enabled: true })),
    collectionFees: never,
    requestOtp: never,
    countries: async () => [],
    banks: async () => [],
    verifyBankAccount: never,
    eversendAccountExists: never,
    transactions: never,
    token: never,
    configurationProblem: () => null,
    close: async () => {},
  };
}
