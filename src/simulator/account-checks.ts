// Who is behind an account: Eversend users and bank accounts, invented from the seed. Whatever ends in 0404 does not exist.
import { COUNTRIES, countryOfPhone, isBankOf } from './countries.ts';
import * as field from './fields.ts';
import { Refusal, type Reply, success } from './reply.ts';
import type { World } from './world.ts';

const FIRST_NAMES = ['Ada', 'John', 'Grace', 'Peter', 'Amina', 'Kwame', 'Nadia', 'Joseph'];
const LAST_NAMES = ['Okello', 'Example', 'Mensah', 'Otieno', 'Uwase', 'Banda', 'Diallo', 'Eze'];

export interface EversendUser {
  readonly result: string;
  readonly merchantExists: boolean;
  readonly isMerchant: boolean;
  readonly country: string;
  readonly defaultWallet: string;
  readonly firstName: string;
  readonly lastName: string;
  readonly email: string;
  readonly phoneNumber: { readonly prefix: string; readonly number: string };
  readonly tag: string;
  /** What fault suffixes look at: the phone, the tag, or the email's part before the @. */
  readonly account: string;
}

export function eversendUser(world: World, identifier: 'phone' | 'email' | 'tag', named: string): EversendUser {
  const account = identifier === 'email' ? (named.split('@')[0] ?? named) : named;
  const exists = !account.endsWith('0404');
  const place = (identifier === 'phone' ? countryOfPhone(named) : null) ?? COUNTRIES.get('UG');
  const firstName = pick(world, FIRST_NAMES, 'first', account);
  const lastName = pick(world, LAST_NAMES, 'last', account);
  const name = `${firstName}${lastName}`.toLowerCase();
  const prefix = place?.phonePrefix ?? '+256';
  const invented = `7${String(world.seed.below(100_000_000, 'phone', account)).padStart(8, '0')}`;
  return {
    result: exists ? 'successful' : 'failed',
    merchantExists: exists,
    isMerchant: false,
    country: place?.country ?? 'UG',
    defaultWallet: place?.currency ?? 'UGX',
    firstName,
    lastName,
    email: identifier === 'email' ? named : `${name}@example.com`,
    phoneNumber: { prefix, number: identifier === 'phone' ? named.slice(prefix.length) : invented },
    tag: identifier === 'tag' ? named : name,
    account,
  };
}

const EVERSEND_SHAPE = { phone: field.optional(field.phone), email: field.optional(field.text) };

/** `POST /beneficiaries/accounts/eversend`; the phone wins when both are given. */
export function checkEversendAccount(world: World, body: unknown): Reply {
  const given = field.checkFields(world.faults.settings, body, EVERSEND_SHAPE);
  const named = (given['phone'] ?? given['email']) as string | undefined;
  if (named === undefined || named === null) throw new Refusal(400, 'phone or email should not be empty');
  const user = eversendUser(world, typeof given['phone'] === 'string' ? 'phone' : 'email', named);
  return success({ accountExists: user.merchantExists });
}

const BANK_SHAPE = {
  countryCode: field.required(field.country),
  bankCode: field.required(field.text),
  accountNumber: field.required(field.text),
};

/** `POST /beneficiaries/accounts/banks`: the holder's name, in snake case. */
export function checkBankAccount(world: World, body: unknown): Reply {
  const given = field.checkFields(world.faults.settings, body, BANK_SHAPE);
  const bankCode = given['bankCode'] as string;
  const accountNumber = given['accountNumber'] as string;
  if (!isBankOf(given['countryCode'] as string, bankCode)) throw new Refusal(400, 'bankCode is not known');
  if (!/^[A-Za-z0-9]{5,34}$/.test(accountNumber) || accountNumber.endsWith('0404')) {
    throw new Refusal(400, 'account could not be resolved');
  }
  const first = pick(world, FIRST_NAMES, 'first', accountNumber);
  const last = pick(world, LAST_NAMES, 'last', accountNumber);
  return success({
    bank_code: bankCode,
    account_number: accountNumber,
    account_name: `${first} ${last}`.toUpperCase(),
  });
}

function pick(world: World, names: readonly string[], ...parts: readonly string[]): string {
  return names[world.seed.below(names.length, ...parts)] ?? '';
}
