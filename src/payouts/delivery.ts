// Where the provider's account can pay out now, and through which banks: read from the provider, kept for an hour.
import { type Context, perContext } from '../context.ts';
import { InvalidRequest } from '../errors.ts';
import type { Bank, DeliveryCountry, Method } from '../provider/provider.ts';
import { PAYOUT_CURRENCIES } from './corridors.ts';

const KEPT_MS = 3_600_000;

/** Reads again when what is kept is old; while that fails, what is kept is still better than nothing. */
function kept<T>(read: () => Promise<T>): () => Promise<T> {
  let value: { readonly is: T } | null = null;
  let readAt = 0;
  let reading: Promise<T> | null = null;
  return async () => {
    if (value !== null && performance.now() - readAt < KEPT_MS) return value.is;
    reading ??= read()
      .then((fresh) => {
        value = { is: fresh };
        readAt = performance.now();
        return fresh;
      })
      .finally(() => {
        reading = null;
      });
    try {
      return await reading;
    } catch (error) {
      if (value !== null) return value.is;
      throw error;
    }
  };
}

const countriesOf = perContext((ctx) => kept(() => ctx.provider.countries()));
const banksOf = perContext(() => new Map<string, () => Promise<readonly Bank[]>>());

/** Countries and methods that both the provider's account and our corridors know. Raises what the provider raises. */
export async function deliveryCountries(ctx: Context): Promise<readonly DeliveryCountry[]> {
  const ours = (method: Method, country: string) => method === 'eversend' || PAYOUT_CURRENCIES[method].has(country);
  const countries = await countriesOf(ctx)();
  return countries
    .map((known) => ({ ...known, methods: known.methods.filter((method) => ours(method, known.country)) }))
    .filter((known) => known.methods.length > 0);
}

/** Banks of a country. Raises InvalidRequest where no bank is paid, and what the provider raises. */
export async function deliveryBanks(ctx: Context, country: string): Promise<readonly Bank[]> {
  if (!PAYOUT_CURRENCIES.bank.has(country)) {
    const message = `Bank accounts are paid in ${[...PAYOUT_CURRENCIES.bank.keys()].join(', ')}.`;
    throw InvalidRequest.field('country', 'unsupported_country', message);
  }
  const byCountry = banksOf(ctx);
  let banks = byCountry.get(country);
  if (banks === undefined) {
    banks = kept(() => ctx.provider.banks(country));
    byCountry.set(country, banks);
  }
  return banks();
}
