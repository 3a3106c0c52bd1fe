// What is measured: an API and a worker behind one address, and how to see in their database that a payout has settled.

export interface Subject {
  readonly name: string;
  readonly apiUrl: string;
  readonly databaseUrl: string;
  /** Headers of the n-th request beside its content type. */
  headers(n: number): Readonly<Record<string, string>>;
  /** Of the given ids, those that have come to an end, with the state they ended in. Text of a statement with one parameter. */
  readonly endedText: string;
  /** Process ids by part, as the processor time is shown. */
  readonly processes: Readonly<Record<'api' | 'worker', number | null>>;
  /** Ends the worker, so that acceptance can be measured alone. */
  stopWorker(): Promise<void>;
}

/** The state that counts as success in `endedText`. */
export const SETTLED = 'settled';

export const OWNERS = 1000;

/** The n-th payout: the same body for every subject. */
export function payoutBody(run: string, n: number): string {
  return JSON.stringify({
    amount: '1000',
    currency: 'UGX',
    country: 'UG',
    destinationCurrency: 'UGX',
    method: 'momo',
    recipient: { firstName: 'John', lastName: 'Okello', phone: '+256712345678' },
    // A stride that shares no factor with the number of owners: neighbours in time use different wallets.
    owner: `customer-${((n * 617) % OWNERS) + 1}`,
    reference: `bench-${run}-${n}`,
  });
}
