// The countries, rails, currencies and banks that the simulated account may use.
import type { Rail } from './operation.ts';

export interface Country {
  readonly id: string;
  readonly country: string;
  readonly name: string;
  readonly phonePrefix: string;
  readonly currency: string;
  readonly paymentTypes: readonly Rail[];
  /** Whether mobile money can be collected there. */
  readonly collects: boolean;
}

const MOMO: readonly Rail[] = ['eversend', 'momo'];
const BOTH: readonly Rail[] = ['eversend', 'momo', 'bank'];
const BANK: readonly Rail[] = ['eversend', 'bank'];

type Row = readonly [string, string, string, string, readonly Rail[], boolean];

const ROWS: readonly Row[] = [
  ['UG', 'Uganda', '+256', 'UGX', BOTH, true],
  ['KE', 'Kenya', '+254', 'KES', BOTH, true],
  ['GH', 'Ghana', '+233', 'GHS', BOTH, true],
  ['RW', 'Rwanda', '+250', 'RWF', MOMO, true],
  ['CM', 'Cameroon', '+237', 'XAF', MOMO, true],
  ['CI', "Cote d'Ivoire", '+225', 'XOF', MOMO, true],
  ['TZ', 'Tanzania', '+255', 'TZS', MOMO, true],
  ['SN', 'Senegal', '+221', 'XOF', MOMO, false],
  ['ZM', 'Zambia', '+260', 'ZMW', MOMO, false],
  ['NG', 'Nigeria', '+234', 'NGN', BANK, false],
  ['ZA', 'South Africa', '+27', 'ZAR', ['eversend'], false],
  ['AT', 'Austria', '+43', 'EUR', BANK, false],
  ['BE', 'Belgium', '+32', 'EUR', BANK, false],
  ['CY', 'Cyprus', '+357', 'EUR', BANK, false],
  ['DE', 'Germany', '+49', 'EUR', BANK, false],
  ['EE', 'Estonia', '+372', 'EUR', BANK, false],
  ['FI', 'Finland', '+358', 'EUR', BANK, false],
  ['FR', 'France', '+33', 'EUR', BANK, false],
  ['GR', 'Greece', '+30', 'EUR', BANK, false],
  ['HR', 'Croatia', '+385', 'EUR', BANK, false],
  ['IE', 'Ireland', '+353', 'EUR', BANK, false],
  ['IT', 'Italy', '+39', 'EUR', BANK, false],
  ['LT', 'Lithuania', '+370', 'EUR', BANK, false],
  ['LU', 'Luxembourg', '+352', 'EUR', BANK, false],
  ['LV', 'Latvia', '+371', 'EUR', BANK, false],
  ['MT', 'Malta', '+356', 'EUR', BANK, false],
  ['NL', 'Netherlands', '+31', 'EUR', BANK, false],
  ['PT', 'Portugal', '+351', 'EUR', BANK, false],
  ['SI', 'Slovenia', '+386', 'EUR', BANK, false],
  ['SK', 'Slovakia', '+421', 'EUR', BANK, false],
  ['GB', 'United Kingdom', '+44', 'GBP', BANK, false],
  ['US', 'United States', '+1', 'USD', BANK, false],
];

export const COUNTRIES: ReadonlyMap<string, Country> = new Map(
  ROWS.map(([country, name, phonePrefix, currency, paymentTypes, collects], index) => [
    country,
    { id: String(999 - index), country, name, phonePrefix, currency, paymentTypes, collects },
  ]),
);

export const WALLET_NAMES: Readonly<Record<string, string>> = {
  UGX: 'Ugandan Shilling',
  KES: 'Kenyan Shilling',
  GHS: 'Ghanaian Cedi',
  RWF: 'Rwandan Franc',
  NGN: 'Nigerian Naira',
  XAF: 'Central African CFA Franc',
  XOF: 'West African CFA Franc',
  TZS: 'Tanzanian Shilling',
  ZMW: 'Zambian Kwacha',
  USD: 'US Dollar',
  EUR: 'Euro',
  GBP: 'British Pound',
  ZAR: 'South African Rand',
};

/** The country a phone belongs to, by its longest matching prefix; null when it is none of ours. */
export function countryOfPhone(phone: string): Country | null {
  let found: Country | null = null;
  for (const country of COUNTRIES.values()) {
    if (phone.startsWith(country.phonePrefix) && country.phonePrefix.length > (found?.phonePrefix.length ?? 0)) {
      found = country;
    }
  }
  return found;
}

const BANK_NAMES: readonly (readonly [string, string])[] = [
  ['0000', 'Default Bank'],
  ['14', 'Example Trust Bank'],
  ['044', 'First Example Bank'],
  ['058', 'Savings and Loans Example Bank'],
];

/** The banks of a country with a bank rail; the same invented four everywhere. Null for every other country. */
export function banksOf(country: string) {
  const known = COUNTRIES.get(country);
  if (known === undefined || !known.paymentTypes.includes('bank')) return null;
  return BANK_NAMES.map(([code, name], index) => ({
    id: `${known.id}${index}`,
    active: true,
    name,
    code,
    branch: { id: `${known.id}${index}1`, code: '', state: 'N/A', city: 'N/A', name: 'Main Branch' },
  }));
}

export function isBankOf(country: string, code: string): boolean {
  return banksOf(country)?.some((bank) => bank.code === code) ?? false;
}
