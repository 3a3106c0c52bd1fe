// What the callers of a run ask for: decided by the seed, six payouts to four collections, one wallet with a third of all.
import { diceOf } from './dice.ts';

export interface Order {
  readonly key: string;
  readonly path: '/v1/payouts' | '/v1/collections';
  readonly body: string;
}

export interface OwnedWallet {
  readonly owner: string;
  readonly currency: 'UGX' | 'KES';
}

/** Begins every phone number and every name of a run: found anywhere but sealed, it is a leak. */
const PHONES = { UGX: '+25677123', KES: '+25471234' } as const;
const FAMILY_NAME = 'Kanaryson';
export const CANARIES: readonly string[] = [...Object.values(PHONES).map((phone) => phone.slice(1)), FAMILY_NAME];

const HOT_SHARE = 0.3;
const PAYOUT_SHARE = 0.6;

export function walletsOf(count: number): readonly OwnedWallet[] {
  return Array.from({ length: count }, (_, n) => ({
    owner: `customer-${n + 1}`,
    currency: n % 4 === 3 ? 'KES' : 'UGX',
  }));
}

export function ordersOf(seed: string, count: number, wallets: readonly OwnedWallet[]): readonly Order[] {
  const dice = diceOf(seed, 'orders');
  return Array.from({ length: count }, (_, n) => {
    const { owner, currency } = (dice.unit() < HOT_SHARE ? wallets[0] : dice.one(wallets)) as OwnedWallet;
    const country = currency === 'UGX' ? 'UG' : 'KE';
    const phone = `${PHONES[currency]}${String(dice.between(0, 9999)).padStart(4, '0')}`;
    const amount = String(dice.between(500, 5000));
    const common = { amount, currency, country, owner, reference: `soak-${n + 1}` };
    const key = `soak-${String(n + 1).padStart(6, '0')}-${seed}`.replace(/[^A-Za-z0-9_.-]/g, '_').padEnd(16, '0');
    return dice.unit() < PAYOUT_SHARE
      ? {
          key,
          path: '/v1/payouts',
          body: JSON.stringify({
            ...common,
            destinationCurrency: currency,
            method: 'momo',
            recipient: { firstName: 'Mary', lastName: FAMILY_NAME, phone },
          }),
        }
      : { key, path: '/v1/collections', body: JSON.stringify({ ...common, phone }) };
  });
}
