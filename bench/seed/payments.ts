// The payments of a seed: six payouts to four collections, of a few merchants and many owners, with the amounts of real life.

import { drawing } from '../../samples/people.ts';
import type { NewCollection } from '../../src/collections/create.ts';
import type { NewPayout } from '../../src/payouts/create.ts';

export const CORRIDORS = [
  { currency: 'UGX', country: 'UG', phone: '+25677', digits: 7 },
  { currency: 'KES', country: 'KE', phone: '+25471', digits: 7 },
  { currency: 'GHS', country: 'GH', phone: '+23324', digits: 7 },
] as const;
export const OWNERS: readonly string[] = Array.from({ length: 50 }, (_, n) => `customer-${n + 1}`);
const PAYOUT_SHARE = 60;

export type Payment =
  | { readonly type: 'payout'; readonly of: NewPayout }
  | { readonly type: 'collection'; readonly of: NewCollection };

/** Payment number `n`: always the same for a seed. */
export function paymentsOf(seed: number): (n: number) => Payment {
  const draw = drawing(seed);
  return (n) => {
    const corridor = CORRIDORS[draw(CORRIDORS.length)] as (typeof CORRIDORS)[number];
    const phone = corridor.phone + String(draw(10 ** corridor.digits)).padStart(corridor.digits, '0');
    const common = {
      amountMinor: BigInt(500 + draw(200_000)) * 100n,
      currency: corridor.currency,
      country: corridor.country,
      owner: OWNERS[draw(OWNERS.length)] as string,
      reference: `SEED-${n}`,
      metadata: {},
    };
    if (draw(100) >= PAYOUT_SHARE)
      return { type: 'collection', of: { ...common, phone, otp: null, customer: null, redirectUrl: null } };
    return {
      type: 'payout',
      of: {
        ...common,
        amountType: 'source',
        maxAmountMinor: null,
        maxFeeMinor: null,
        method: 'momo',
        destinationCurrency: corridor.currency,
        recipient: { firstName: 'Amina', lastName: 'Kamau', phone },
        beneficiaryId: null,
        scheduledAt: null,
      },
    };
  };
}
