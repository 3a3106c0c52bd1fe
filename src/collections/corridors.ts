// Where mobile money can be collected, in which currency, and up to how much. Maps: an object would also know `constructor`.

/** Currency by country (ISO 3166 and 4217), as the provider's reference lists them. */
export const COLLECTION_CURRENCIES: ReadonlyMap<string, string> = new Map([
  ['UG', 'UGX'],
  ['KE', 'KES'],
  ['GH', 'GHS'],
  ['RW', 'RWF'],
  ['CM', 'XAF'],
  ['CI', 'XOF'],
  ['TZ', 'TZS'],
]);

/** Here the payer is sent to a page of the operator's and must be able to come back. */
export const REDIRECT_COUNTRIES: ReadonlySet<string> = new Set(['GH']);

/** The provider takes a collection's amount as int32, in whole major units. */
export const MOST_COLLECTED_MINOR = 2_147_483_647n * 100n;
