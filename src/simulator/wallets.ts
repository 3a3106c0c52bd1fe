// Wallets and the account behind them: balances as the provider shows them, switched on and off.
import { CURRENCIES, formatAmount } from '../money.ts';
import type { Wallet } from './book-entries.ts';
import { WALLET_NAMES } from './countries.ts';
import * as field from './fields.ts';
import { convert, rate } from './prices.ts';
import { Refusal, type Reply, success } from './reply.ts';
import type { World } from './world.ts';

const MAIN = 'UGX';

/** What every wallet opens with: plenty, in major units. */
export const OPENING_BALANCES: Readonly<Record<string, string>> = Object.fromEntries(
  CURRENCIES.map((currency) => [currency, '1000000000']),
);

/** `GET /wallets`: the array itself is the data. */
export function list(world: World): Reply {
  return success([...world.book.wallets.values()].map((wallet) => present(world, wallet)));
}

/** `GET /wallets/{currency}`. */
export function one(world: World, currency: string): Reply {
  return success({ wallet: present(world, walletOf(world, currency, 404)) });
}

/** `POST /wallets/activate` and `/wallets/deactivate`. */
export function turn(world: World, body: unknown, enabled: boolean): Reply {
  const given = field.checkFields(world.faults.settings, body, { wallet: field.required(field.currency) });
  const wallet = walletOf(world, given['wallet'] as string, 400);
  world.book.record({ kind: 'wallet_switch', currency: wallet.currency, enabled });
  return success({ wallet: present(world, wallet) });
}

function walletOf(world: World, currency: string, missing: number): Wallet {
  const wallet = world.book.wallets.get(currency.toUpperCase());
  if (wallet === undefined) throw new Refusal(missing, 'wallet not found');
  return wallet;
}

function present(world: World, { currency, balanceMinor, enabled }: Wallet) {
  const toMain = rate(world.faults.settings, currency, MAIN) ?? 0n;
  return {
    currency,
    currencyType: 'fiat',
    amount: Number(formatAmount(balanceMinor)),
    enabled,
    name: WALLET_NAMES[currency] ?? currency,
    icon: `https://example.com/${currency.toLowerCase()}.png`,
    amountInBaseCurrency: Number(formatAmount(convert(balanceMinor, toMain))),
    isMain: currency === MAIN,
  };
}

/** `GET /account`; the phone comes without a plus, as documented. */
export function account(world: World): Reply {
  return success({
    id: world.accountId,
    name: 'Example Ltd',
    email: 'ops@example.com',
    phone: '256700000000',
    address: '1 Example Road',
    town: 'Kampala',
    country: 'UG',
    logo: null,
    website: 'https://example.com',
    isVerified: true,
  });
}
