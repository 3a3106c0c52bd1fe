// A provider whose answers a test scripts, with a book of its own that counts what was really executed.
import { performance } from 'node:perf_hooks';
import type {
  LookUpEnding,
  PayoutOrder,
  Provider,
  ProviderTransaction,
  Quotation,
  QuoteOrder,
  SubmitEnding,
} from '../../src/provider/provider.ts';

export interface ScriptedProvider extends Provider {
  /** What the provider executed, by our reference, in order: more than one is a double payment. */
  readonly executed: Map<string, ProviderTransaction[]>;
  readonly calls: { quote: number; submit: number; lookUp: number };
  /** Says how the next sendings end; given what would be executed. Default: accepted, pending. */
  onSubmit: (
    execute: () => ProviderTransaction,
    reference: string,
    submission: number,
  ) => SubmitEnding | Promise<SubmitEnding>;
  /** Overrides look-ups; null falls through to the book. */
  onLookUp: (reference: string) => LookUpEnding | null;
  onQuote: (quotation: Quotation, order: QuoteOrder) => Quotation;
  /** Changes what the book says about a reference. */
  rule(reference: string, change: Partial<ProviderTransaction>): void;
}

const wallet = (currency: string) => ({ currency, balanceMinor: 10n ** 14n, enabled: true });

export function scriptedProvider(of: { quotationTtlMs?: number; chargeMinor?: bigint } = {}): ScriptedProvider {
  const executed = new Map<string, ProviderTransaction[]>();
  let serial = 0;
  const calls = { quote: 0, submit: 0, lookUp: 0 };
  const newest = (reference: string) => executed.get(reference)?.at(-1);
  const execute = (
    reference: string,
    about: Pick<ProviderTransaction, 'type' | 'currency' | 'amountMinor'>,
    fees: bigint,
  ) => {
    serial += 1;
    const transaction: ProviderTransaction = {
      ...about,
      providerTransactionId: `BP${serial}X${reference}`,
      reference,
      status: 'pending',
      feesMinor: fees,
      destinationAmountMinor: null,
      destinationCurrency: null,
      isRefunded: false,
      reason: null,
      redirectUrl: null,
    };
    executed.set(reference, [...(executed.get(reference) ?? []), transaction]);
    return transaction;
  };
  const submit = async (
    make: () => ProviderTransaction,
    reference: string,
    sendBefore: number,
  ): Promise<SubmitEnding> => {
    calls.submit += 1;
    if (performance.now() > sendBefore)
      return { kind: 'not_sent', code: 'too_late', message: 'too late', retryAfterMs: null };
    return provider.onSubmit(make, reference, calls.submit);
  };
  const provider: ScriptedProvider = {
    executed,
    calls,
    onSubmit: (make) => ({ kind: 'accepted', transaction: make() }),
    onLookUp: () => null,
    onQuote: (quotation) => quotation,
    rule(reference, change) {
      const all = executed.get(reference);
      const last = all?.pop();
      if (all === undefined || last === undefined) throw new Error(`the provider knows no ${reference}`);
      all.push({ ...last, ...change });
    },
    permit: async () => ({ release: () => {} }),
    submitCollection: (order, permission) =>
      submit(
        () =>
          execute(
            order.reference,
            { type: 'collection', currency: order.currency, amountMinor: order.amountMinor },
            3000n,
          ),
        order.reference,
        permission.sendBefore,
      ),
    submitPayout: (order: PayoutOrder, permission) =>
      submit(
        () =>
          execute(
            order.reference,
            {
              type: 'payout',
              currency: order.quotation.sourceCurrency,
              amountMinor: order.quotation.sourceAmountMinor,
            },
            order.quotation.feesMinor,
          ),
        order.reference,
        permission.sendBefore,
      ),
    lookUp: async ({ reference, providerTransactionId }) => {
      calls.lookUp += 1;
      const scripted = provider.onLookUp(reference);
      if (scripted !== null) return scripted;
      const all = [...executed.values()].flat();
      const found = newest(reference) ?? all.find((one) => one.providerTransactionId === providerTransactionId);
      return found === undefined ? { kind: 'not_found' } : { kind: 'found', transaction: found };
    },
    quote: async (order) => {
      calls.quote += 1;
      const feesMinor = of.chargeMinor ?? 50_000n;
      const sourceAmountMinor = order.amountType === 'source' ? order.amountMinor : order.amountMinor * 2n;
      return provider.onQuote(
        {
          token: `token-${calls.quote}`,
          expiresAt: new Date(Date.now() + (of.quotationTtlMs ?? 60_000)),
          expiryStated: true,
          sourceCurrency: order.sourceCurrency,
          sourceAmountMinor,
          feesMinor,
          totalMinor: sourceAmountMinor + feesMinor,
          destinationCurrency: order.destinationCurrency ?? 'UGX',
          destinationAmountMinor: order.amountType === 'source' ? order.amountMinor : order.amountMinor,
          destinationCountry: order.country,
          rate: '1',
        },
        order,
      );
    },
    collectionFees: async ({ amountMinor, currency }) => ({
      currency,
      chargeMinor: 3000n,
      totalToPayMinor: amountMinor + 3000n,
      minimumMinor: null,
      maximumMinor: null,
    }),
    requestOtp: async () => ({ pinId: 'VE0a1b2c3d' }),
    countries: async () => [],
    banks: async () => [],
    verifyBankAccount: async () => ({ accountName: 'JOHN DOE' }),
    eversendAccountExists: async () => true,
    wallets: async () => ['UGX', 'KES', 'GHS', 'RWF', 'XAF', 'NGN', 'USD'].map(wallet),
    transactions: async ({ page }) => {
      const transactions = page === 1 ? [...executed.values()].flat() : [];
      return { transactions, shown: transactions.length, total: transactions.length, page };
    },
    token: async () => ({ token: 'token', expiresAt: null }),
    configurationProblem: () => null,
    close: async () => {},
  };
  return provider;
}
