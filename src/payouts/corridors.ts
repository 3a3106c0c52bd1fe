// Where money can be paid out, by which method and in which currency. Maps: an object would also know `constructor`.

const MOMO: ReadonlyMap<string, string> = new Map([
  ['UG', 'UGX'],
  ['KE', 'KES'],
  ['GH', 'GHS'],
  ['RW', 'RWF'],
  ['CM', 'XAF'],
  ['CI', 'XOF'],
  ['TZ', 'TZS'],
  ['SN', 'XOF'],
  ['ZM', 'ZMW'],
]);

const EURO = 'AT BE CY DE EE FI FR GR HR IE IT LT LU LV MT NL PT SI SK'.split(' ');

const BANK: ReadonlyMap<string, string> = new Map([
  ['NG', 'NGN'],
  ['UG', 'UGX'],
  ['KE', 'KES'],
  ['GH', 'GHS'],
  ['GB', 'GBP'],
  ['US', 'USD'],
  ...EURO.map((country) => [country, 'EUR'] as const),
]);

/** Destination currency by country. An account may have fewer corridors open: the provider's own list and its quotation decide. */
export const PAYOUT_CURRENCIES = { momo: MOMO, bank: BANK } as const;
