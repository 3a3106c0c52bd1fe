// The good rows of the sample batch: collections and payouts of every kind, some with a fault that the simulator is asked for.
import type { People } from './people.ts';
import type { Row } from './rows.ts';

export type Draft = Partial<Omit<Row, 'row' | 'reference'>> & Pick<Row, 'type' | 'currency' | 'about' | 'expect'>;

/** Where a currency is at home, whole units for collections and payouts, and whether payouts carry cents. */
const HOME = {
  UGX: { country: 'UG', collect: [1_000, 400_000], pay: [5_000, 500_000], cents: false },
  KES: { country: 'KE', collect: [50, 20_000], pay: [100, 50_000], cents: true },
  GHS: { country: 'GH', collect: [5, 1_500], pay: [10, 2_000], cents: true },
  RWF: { country: 'RW', collect: [500, 100_000], pay: [1_000, 200_000], cents: false },
  XAF: { country: 'CM', collect: [600, 90_000], pay: [1_000, 200_000], cents: false },
  NGN: { country: 'NG', collect: [0, 1], pay: [1_000, 300_000], cents: true },
  USD: { country: 'US', collect: [0, 1], pay: [5, 500], cents: true },
} as const;
type Currency = keyof typeof HOME;

/** Faults by last four digits (src/simulator/suffixes.ts) after which a transaction is final within a minute, and how it ends. */
export const FAULTS: readonly (readonly [suffix: string, about: string, ends: string])[] = [
  ['0000', 'the provider says it failed', 'failed'],
  ['0002', 'no webhook: found by looking', 'settled'],
  ['0004', 'answered 500, though recorded', 'settled'],
  ['0008', 'told to come back in a second', 'settled'],
  ['0009', 'answered with an error page, though recorded', 'settled'],
  ['0012', 'connection lost, though recorded', 'settled'],
  ['0015', 'webhook twice', 'settled'],
  ['0016', 'webhook before the answer', 'settled'],
  ['0017', 'answer names another amount', 'settled'],
  ['0021', 'webhook tells the opposite', 'settled'],
  ['0022', 'answer cut off, though recorded', 'settled'],
  ['0024', 'answer contradicts itself', 'settled'],
  ['0025', 'slow to answer', 'settled'],
  ['0026', 'token refused once', 'settled'],
  ['0029', 'shown as processing for a while', 'settled'],
  ['0032', 'successful in the very answer', 'settled'],
  ['0033', 'webhooks in the wrong order', 'settled'],
  ['0034', 'forged webhook beside the real end', 'settled'],
  ['0038', 'late webhook', 'settled'],
  ['0040', 'answered 402, though recorded', 'settled'],
];
/** These hold a call for a minute, or change after their end, so there are only a few. */
const RARE: typeof FAULTS = [
  ['0003', 'time-out, though recorded', 'settled'],
  ['0013', 'failed, and successful after all', 'settled'],
  ['0014', 'successful, and refunded later', 'reversed'],
];

const settled = { expect: 'ok', ends: 'settled' } as const;

function collection(people: People, currency: Currency, suffix?: string): Draft {
  const { country, collect } = HOME[currency];
  const { phone } = people.person(country, suffix);
  const [least, most] = collect;
  const redirectUrl = country === 'GH' ? 'https://shop.example/paid' : '';
  const pinned = { amount: people.amount(least, most, false), country, phone, pin: '123456', redirectUrl };
  return { type: 'collection', method: 'momo', currency, about: 'collection', ...pinned, ...settled };
}

function payout(people: People, currency: Currency, to: string, arrives: string, suffix?: string): Draft {
  const { pay, cents } = HOME[currency];
  const [least, most] = pay;
  return {
    type: 'payout',
    method: 'momo',
    currency,
    amount: people.amount(least, most, cents),
    country: to,
    destinationCurrency: arrives,
    ...people.person(to, suffix),
    about: arrives === currency ? 'payout to a phone' : `payout from ${currency} to ${arrives}`,
    ...settled,
  };
}

function bankPayout(people: People, currency: Currency, to: string, arrives: string, suffix?: string): Draft {
  const to_ = payout(people, currency, to, arrives);
  return {
    ...to_,
    method: 'bank',
    bankCode: '058',
    bankName: 'Savings and Loans Example Bank',
    accountName: `${to_.firstName} ${to_.lastName}`,
    accountNumber: people.account(to, suffix),
    about: arrives === currency ? 'payout to a bank' : `bank payout from ${currency} to ${arrives}`,
  };
}

/** What arrives is fixed; what leaves is decided by the quotation, up to `maxAmount`. */
function byDestination(people: People, of: { from: Currency; to: Currency; amount: string; max: string }): Draft {
  const { country } = HOME[of.to];
  const about = `exactly ${of.to} arrives, paid in ${of.from}`;
  const fixed = { amount: of.amount, amountType: 'destination', maxAmount: of.max, about };
  return { ...payout(people, of.from, country, of.to), ...fixed };
}

function toWallet(people: People, currency: Currency, by: 'phone' | 'email' | 'tag'): Draft {
  const { firstName, lastName, phone } = people.person('UG');
  const name = `${firstName}${lastName}`
    .toLowerCase()
    .normalize('NFD')
    .replace(/[^a-z]/g, '');
  const whom = { phone, email: `${name}@example.com`, tag: `${name}pay` }[by];
  const [least, most] = HOME[currency].pay;
  const amount = people.amount(least, most, HOME[currency].cents);
  return {
    type: 'payout',
    method: 'eversend',
    currency,
    amount,
    [by]: whom,
    about: `payout to an Eversend ${by}`,
    ...settled,
  };
}

const times = <T>(count: number, make: (at: number) => T): T[] => Array.from({ length: count }, (_, at) => make(at));

/** `count` rows, of which some sixty with a fault; in no particular order. */
export function goodRows(people: People, count: number): Draft[] {
  const momo = ['UGX', 'KES', 'GHS', 'RWF', 'XAF'] as const;
  const home = (currency: Currency) => HOME[currency].country;
  const faulty = [...FAULTS, ...RARE].flatMap(([suffix, about, ends], at) => {
    const [first, second] = [momo[at % 5] ?? 'UGX', momo[(at + 2) % 5] ?? 'KES'];
    const told = { about: `${about} (ordered)`, ends };
    return [
      { ...collection(people, first, suffix), ...told },
      { ...payout(people, second, home(second), second, suffix), ...told },
    ];
  });
  const refusedLater = [
    ...times(3, () => ({
      ...collection(people, 'UGX'),
      pin: '000000',
      about: 'the payer gives a wrong pin',
      ends: 'failed',
    })),
    { ...collection(people, 'KES'), pin: '', about: 'the payer is asked for no pin', ends: 'failed' },
    ...times(2, () => ({
      ...bankPayout(people, 'NGN', 'NG', 'NGN'),
      maxFee: '1',
      about: 'charge above maxFee',
      ends: 'failed',
    })),
    ...times(2, () => ({
      ...byDestination(people, { from: 'UGX', to: 'KES', amount: '5000', max: '100000' }),
      about: 'dearer than maxAmount',
      ends: 'failed',
    })),
    { ...toWallet(people, 'UGX', 'tag'), tag: 'nobody0404', about: 'nobody has this tag', ends: 'failed' },
  ];
  const special = [
    ...times(24, () => bankPayout(people, 'NGN', 'NG', 'NGN')),
    ...times(8, () => bankPayout(people, 'USD', 'US', 'USD')),
    ...times(18, (at) =>
      bankPayout(
        people,
        (['UGX', 'KES', 'GHS'] as const)[at % 3] ?? 'UGX',
        ['UG', 'KE', 'GH'][at % 3] ?? 'UG',
        ['UGX', 'KES', 'GHS'][at % 3] ?? 'UGX',
      ),
    ),
    ...times(12, () => bankPayout(people, 'USD', 'NG', 'NGN')),
    ...times(14, () => payout(people, 'USD', 'UG', 'UGX')),
    ...times(10, () => payout(people, 'USD', 'KE', 'KES')),
    ...times(8, () => payout(people, 'UGX', 'KE', 'KES')),
    ...times(8, () => payout(people, 'KES', 'UG', 'UGX')),
    ...times(5, () => payout(people, 'NGN', 'GH', 'GHS')),
    ...times(5, () => payout(people, 'XAF', 'RW', 'RWF')),
    ...times(8, (at) =>
      byDestination(people, { from: 'UGX', to: 'KES', amount: `${1_000 + at * 250}.5`, max: '500000' }),
    ),
    ...times(8, (at) => byDestination(people, { from: 'USD', to: 'UGX', amount: `${50_000 + at * 5_000}`, max: '60' })),
    ...times(4, (at) => byDestination(people, { from: 'KES', to: 'GHS', amount: `${100 + at * 10}.75`, max: '3000' })),
    ...times(12, (at) =>
      toWallet(
        people,
        (['UGX', 'KES', 'USD', 'NGN'] as const)[at % 4] ?? 'UGX',
        (['phone', 'email', 'tag'] as const)[at % 3] ?? 'tag',
      ),
    ),
    ...times(6, (at) => ({
      ...collection(people, 'UGX'),
      owner: `customer-${at + 1}`,
      about: "into a customer's wallet",
    })),
  ];
  const known = [...faulty, ...refusedLater, ...special];
  const plain = times(count - known.length, (at) => {
    const currency = momo[at % 5] ?? 'UGX';
    return at % 2 === 0 ? collection(people, currency) : payout(people, currency, home(currency), currency);
  });
  return [...known, ...plain];
}
