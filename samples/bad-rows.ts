// The bad rows of the sample batch: mistakes that callers make, each with the refusal that must answer it.
import type { Draft } from './good-rows.ts';

const COLLECTION = {
  type: 'collection',
  method: 'momo',
  amount: '2000',
  currency: 'UGX',
  country: 'UG',
  phone: '+256772345678',
} as const;
const KENYAN = { ...COLLECTION, amount: '200', currency: 'KES', country: 'KE', phone: '+254712345678' } as const;
const PAYOUT = {
  type: 'payout',
  method: 'momo',
  amount: '20000',
  currency: 'UGX',
  country: 'UG',
  destinationCurrency: 'UGX',
  firstName: 'John',
  lastName: 'Okello',
  phone: '+256772345678',
} as const;
const BANK = {
  ...PAYOUT,
  method: 'bank',
  currency: 'NGN',
  country: 'NG',
  destinationCurrency: 'NGN',
  phone: '+2348032345678',
  bankCode: '058',
  bankName: 'Savings and Loans Example Bank',
  accountName: 'John Okello',
  accountNumber: '0123456789',
} as const;
const WALLET = { type: 'payout', method: 'eversend', amount: '20000', currency: 'UGX', tag: 'johnokello' } as const;

/** Twenty-five kinds. */
export const BAD_ROWS: readonly Draft[] = [
  { ...PAYOUT, amount: '10.50', about: 'shillings of Uganda have no decimals', expect: 'amount:too_many_decimals' },
  { ...PAYOUT, amount: '1e3', about: 'no plain number', expect: 'amount:not_an_amount' },
  { ...PAYOUT, amount: '1,000', about: 'thousands apart', expect: 'amount:not_an_amount' },
  { ...PAYOUT, amount: '-500', about: 'below zero', expect: 'amount:not_an_amount' },
  { ...PAYOUT, amount: '0', about: 'nothing', expect: 'amount:not_positive' },
  { ...PAYOUT, amount: '', about: 'no amount', expect: 'amount:required' },
  { ...PAYOUT, amount: '900000000', about: 'more than the wallet holds', expect: 'amount:insufficient_funds' },
  { ...PAYOUT, owner: 'customer-without-money', about: 'a wallet without money', expect: 'amount:insufficient_funds' },
  { ...PAYOUT, maxFee: '10', about: 'the fee is above maxFee', expect: 'maxFee:fee_above_maximum' },
  { ...PAYOUT, currency: 'ugx', about: 'currency in small letters', expect: 'currency:unsupported_currency' },
  { ...PAYOUT, currency: 'BTC', about: 'a currency we do not know', expect: 'currency:unsupported_currency' },
  { ...PAYOUT, country: 'Uganda', about: 'country written out', expect: 'country:not_a_country' },
  { ...PAYOUT, country: 'ZA', about: 'no payouts by phone there', expect: 'country:unsupported_country' },
  {
    ...PAYOUT,
    destinationCurrency: 'KES',
    about: 'other money arrives there',
    expect: 'destinationCurrency:wrong_currency',
  },
  { ...PAYOUT, lastName: '', about: 'half a name', expect: 'recipient.lastName:required' },
  { ...PAYOUT, phone: '+254712345678', about: 'phone of another country', expect: 'recipient.phone:wrong_country' },
  { ...PAYOUT, phone: '+256 772 345 678', about: 'phone with spaces', expect: 'recipient.phone:not_e164' },
  { ...PAYOUT, amountType: 'destination', about: 'no maxAmount', expect: 'maxAmount:required' },
  {
    ...BANK,
    accountNumber: '12345',
    about: 'Nigerian accounts have ten digits',
    expect: 'recipient.accountNumber:not_an_account_number',
  },
  { ...BANK, bankCode: '', about: 'no bank', expect: 'recipient.bankCode:required' },
  { ...WALLET, country: 'UG', about: 'a wallet has no country', expect: 'country:not_allowed_here' },
  { ...COLLECTION, phone: '0772345678', about: 'phone without country', expect: 'phone:not_e164' },
  { ...COLLECTION, phone: '+256414123456', about: 'a landline', expect: 'phone:not_mobile' },
  { ...KENYAN, amount: '10.5', about: 'collections are whole units', expect: 'amount:not_whole' },
  {
    ...COLLECTION,
    amount: '50',
    currency: 'GHS',
    country: 'GH',
    phone: '+233241234567',
    about: 'Ghana needs a way back',
    expect: 'redirectUrl:required',
  },
];
