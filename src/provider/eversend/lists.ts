// What Eversend lists: where it pays out, banks, our wallets, transactions by day, and whether an account exists.
import { z } from 'zod';
import { ProviderUnavailable } from '../../errors.ts';
import type { Logger } from '../../logger.ts';
import type { Bank, DeliveryCountry, Method, Provider, ProviderWallet } from '../provider.ts';
import type { Calls } from './calls.ts';
import { nearestMinor, optionalText, readTransaction } from './messages.ts';

const CACHE_MS = 60 * 60_000;

const countriesMessage = z.object({ countries: z.array(z.unknown()) });
const countryMessage = z.object({
  country: z.string(),
  name: optionalText,
  phonePrefix: optionalText,
  paymentTypes: z.array(z.unknown()),
});
const bankMessage = z.object({
  code: optionalText,
  bankCode: optionalText,
  name: z.string(),
  active: z.unknown().optional(),
});
const accountMessage = z.object({ account_name: z.string().min(1) });
const existsMessage = z.object({ accountExists: z.boolean() });
const walletMessage = z.object({ currency: z.string(), amount: optionalText, enabled: z.unknown().optional() });
const walletsMessage = z.union([
  z.array(z.unknown()),
  z.object({ wallets: z.array(z.unknown()) }).transform((of) => of.wallets),
]);
const pageMessage = z.object({ transactions: z.array(z.unknown()), total: optionalText, page: optionalText });

type Lists = Pick<
  Provider,
  'countries' | 'banks' | 'verifyBankAccount' | 'eversendAccountExists' | 'wallets' | 'transactions'
>;

/** Countries and banks are kept for an hour in this process; entries of a list that cannot be understood are left out. */
export function createLists(of: { calls: Calls; log: Logger }): Lists {
  const { calls, log } = of;
  const countries = kept(fetchCountries);
  const banks = new Map<string, () => Promise<readonly Bank[]>>();

  async function fetchCountries(): Promise<readonly DeliveryCountry[]> {
    const { countries: listed } = understood(countriesMessage, await getForCaller('/payouts/countries'));
    return eachUnderstood(countryMessage, listed).map(({ country, name, phonePrefix, paymentTypes }) => ({
      country,
      name: name ?? country,
      phonePrefix: phonePrefix ?? null,
      methods: paymentTypes.filter(isMethod),
    }));
  }

  async function fetchBanks(country: string): Promise<readonly Bank[]> {
    const path = `/payouts/banks/${encodeURIComponent(country)}`;
    const listed = understood(z.array(z.unknown()), await getForCaller(path, '/payouts/banks/{country}'));
    return eachUnderstood(bankMessage, listed).flatMap(({ code, bankCode, name, active }) => {
      const known = code ?? bankCode;
      return known == null || active === false ? [] : [{ code: known, name }];
    });
  }

  async function get(path: string, operation = path): Promise<unknown> {
    return (await calls.read({ method: 'GET', path, operation })).data;
  }

  async function getForCaller(path: string, operation = path): Promise<unknown> {
    return (await calls.read({ method: 'GET', path, operation, forCaller: true })).data;
  }

  return {
    countries,
    banks(country) {
      // Callers ask only for countries that `countries` lists, which bounds what is kept here.
      const known = banks.get(country) ?? kept(() => fetchBanks(country));
      banks.set(country, known);
      return known();
    },

    async verifyBankAccount({ country, bankCode, accountNumber }) {
      const path = '/beneficiaries/accounts/banks';
      const body = { countryCode: country, bankCode, accountNumber };
      const { data } = await calls.read({
        method: 'POST',
        path,
        operation: path,
        body,
        notFound: 'answer',
        forCaller: true,
      });
      return { accountName: understood(accountMessage, data).account_name };
    },

    async eversendAccountExists({ phone, email }) {
      const path = '/beneficiaries/accounts/eversend';
      const body = phone === undefined ? { email } : { phone };
      const { data } = await calls.read({ method: 'POST', path, operation: path, body, forCaller: true });
      return understood(existsMessage, data).accountExists;
    },

    async wallets(): Promise<readonly ProviderWallet[]> {
      const listed = understood(walletsMessage, await get('/wallets'));
      return eachUnderstood(walletMessage, listed).map(({ currency, amount, enabled }) => ({
        currency,
        balanceMinor: nearestMinor(amount) ?? 0n,
        enabled: enabled !== false,
      }));
    },

    async transactions({ from, to, page, limit }) {
      const query = new URLSearchParams({ from, to, page: String(page), limit: String(limit) });
      const listed = understood(pageMessage, await get(`/transactions?${query}`, '/transactions'));
      const transactions = listed.transactions.map((raw) => readTransaction(raw)).filter((one) => one !== null);
      const unread = listed.transactions.length - transactions.length;
      if (unread > 0) {
        log.warn({ count: unread, event: 'transactions_unread' }, 'Some listed transactions could not be understood.');
      }
      const shown = listed.transactions.length;
      return { transactions, shown, total: Number(listed.total ?? shown), page: Number(listed.page ?? page) };
    },
  };
}

function isMethod(value: unknown): value is Method {
  return value === 'momo' || value === 'bank' || value === 'eversend';
}

function understood<T extends z.ZodType>(message: T, data: unknown): z.output<T> {
  const parsed = message.safeParse(data);
  if (!parsed.success) throw new ProviderUnavailable('unreadable', "The provider's answer could not be understood.");
  return parsed.data;
}

function eachUnderstood<T extends z.ZodType>(message: T, listed: readonly unknown[]): z.output<T>[] {
  return listed.flatMap((raw) => {
    const parsed = message.safeParse(raw);
    return parsed.success ? [parsed.data] : [];
  });
}

/** Asks once an hour, and once for all who ask meanwhile; a failure is not kept. */
function kept<T>(fetch: () => Promise<T>): () => Promise<T> {
  let value: Promise<T> | null = null;
  let until = 0;
  return () => {
    if (value !== null && performance.now() < until) return value;
    const fresh = fetch();
    value = fresh;
    until = performance.now() + CACHE_MS;
    fresh.catch(() => {
      if (value === fresh) value = null;
    });
    return fresh;
  };
}
