// What the demo merchant is charged: one tariff of each kind, so that a newcomer sees fees, commissions and passed-on charges.
import { type Actor, audit } from '../audit/audit.ts';
import { type Db, inTransaction } from '../db/knex.ts';
import { addSchedule, FeeSchedule, type NewSchedule } from '../pricing/fee-schedule.ts';

type Tariff = Omit<NewSchedule, 'createdBy' | 'merchantId'>;

/** Per currency: the flat part of a payout's fee, and the highest fee of a payout to a bank. Hundredths. */
const AMOUNTS: Readonly<Record<string, { readonly flat: bigint; readonly ceiling: bigint }>> = {
  UGX: { flat: 500_00n, ceiling: 30_000_00n },
  KES: { flat: 10_00n, ceiling: 1_000_00n },
  GHS: { flat: 1_00n, ceiling: 100_00n },
  RWF: { flat: 100_00n, ceiling: 5_000_00n },
  NGN: { flat: 20_00n, ceiling: 5_000_00n },
  XAF: { flat: 100_00n, ceiling: 5_000_00n },
  USD: { flat: 25n, ceiling: 25_00n },
};

/** Collections 1.5 %; payouts 1 % and a flat part; to banks the provider's charge plus 0.5 %. A fifth of it is a partner's. */
function tariffs(): Tariff[] {
  const commissionPpm = 200_000;
  const collections: Tariff = { type: 'collection', basis: 'own', percentPpm: 15_000, commissionPpm };
  const payouts = Object.entries(AMOUNTS).flatMap(([currency, { flat, ceiling }]): Tariff[] => [
    { type: 'payout', currency, basis: 'own', percentPpm: 10_000, flatMinor: flat, commissionPpm },
    { type: 'payout', currency, method: 'bank', basis: 'cost_plus', percentPpm: 5_000, ceilingMinor: ceiling },
  ]);
  return [collections, ...payouts];
}

/** Writes the merchant's schedules, unless it has any already: an operator may have changed them since. */
export async function addDemoFees(db: Db, by: Actor, merchantId: string): Promise<void> {
  await inTransaction(db, async (trx) => {
    if ((await FeeSchedule.query(trx).findOne('merchant_id', merchantId)) !== undefined) return;
    for (const tariff of tariffs()) {
      const { id, type, version } = await addSchedule(trx, { ...tariff, merchantId, createdBy: by.actor });
      await audit(trx, { ...by, action: 'fees.add', subject: id, detail: { type, version } });
    }
  });
}
