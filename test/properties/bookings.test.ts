// What each end of a transaction books, over all amounts, fees, charges and commissions: parts add up, nothing from nothing.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { collectionFlow } from '../../src/collections/flow.ts';
import type { Config } from '../../src/config.ts';
import { CURRENCIES, smallestUnitMinor } from '../../src/money.ts';
import { payoutFlow } from '../../src/payouts/flow.ts';
import { commissionOf, ownFee } from '../../src/pricing/fee.ts';
import type { Tariff } from '../../src/pricing/fee-schedule.ts';
import type { ProviderTransaction } from '../../src/provider/provider.ts';
import type { Booking } from '../../src/transactions/flow.ts';
import type { TransactionRow } from '../../src/transactions/transaction.ts';
import { cases, PROPERTY_TIMEOUT_MS } from '../support/properties.ts';

const settled = fc
  .record({
    currency: fc.constantFrom(...CURRENCIES),
    units: fc.bigInt(1n, 10n ** 10n),
    percentPpm: fc.integer({ min: 0, max: 300_000 }),
    commissionPpm: fc.integer({ min: 0, max: 1_000_000 }),
    spare: fc.bigInt(0n, 10n ** 8n),
    charge: fc.option(fc.bigInt(0n, 10n ** 8n), { nil: null }),
    quoted: fc.option(fc.bigInt(0n, 10n ** 8n), { nil: null }),
    available: fc.bigInt(0n, 10n ** 12n),
    payer: fc.constantFrom('payer', 'merchant'),
    returns: fc.constantFrom('yes', 'no'),
  })
  .map(({ currency, units, percentPpm, commissionPpm, spare, charge, quoted, available, payer, returns }) => {
    const amountMinor = units * smallestUnitMinor(currency);
    const tariff = {
      basis: 'own',
      percentPpm,
      commissionPpm,
      flatMinor: 0n,
      minimumMinor: 0n,
      maximumMinor: null,
      ceilingMinor: null,
    } as Tariff;
    const feeMinor = ownFee(tariff, amountMinor, currency);
    const transaction = {
      id: 'po01',
      walletId: 'wa01',
      merchantId: 'me01',
      currency,
      amountMinor,
      feeMinor,
      chargeMinor: null,
      heldMinor: amountMinor + feeMinor + spare,
    } as unknown as TransactionRow;
    const found = {
      currency,
      amountMinor,
      feesMinor: charge,
      destinationAmountMinor: null,
      destinationCurrency: null,
      reason: null,
    } as unknown as ProviderTransaction;
    const config = { COLLECTION_CHARGE_PAYER: payer, PAYOUT_REFUND_RETURNS_CHARGE: returns } as Config;
    return { transaction, found, tariff, quotedChargeMinor: quoted, config, availableMinor: available };
  });

/** What a booking does to each kind of account; fails when it does not balance. */
function effectOf({ entries }: Booking) {
  const sums = new Map<string, bigint>();
  for (const { postings } of entries) {
    let total = 0n;
    for (const [account, amount] of postings) {
      total += amount;
      const kind = account.startsWith('wa01:') ? account.slice(5) : account.split(':')[0];
      sums.set(kind ?? '', (sums.get(kind ?? '') ?? 0n) + amount);
    }
    expect(total).toBe(0n);
  }
  return (kind: string) => sums.get(kind) ?? 0n;
}
const earned = ({ earnings }: Booking) => earnings.reduce((sum, { amountMinor }) => sum + amountMinor, 0n);
const shortOf = ({ cases: opened }: Booking) => opened.find(({ kind }) => kind === 'shortfall')?.amountMinor ?? 0n;
const least = (a: bigint, b: bigint) => (a < b ? a : b);

describe('a payout', () => {
  it('settles from its hold to the last hundredth', { timeout: PROPERTY_TIMEOUT_MS }, () => {
    fc.assert(
      fc.property(settled, (of) => {
        const { amountMinor, feeMinor, heldMinor, currency } = of.transaction;
        const booking = payoutFlow.settle(of);
        const effect = effectOf(booking);
        const charge = of.found.feesMinor ?? of.quotedChargeMinor ?? 0n;
        const commission = commissionOf(of.tariff, feeMinor ?? 0n, currency);
        expect(effect('held')).toBe(-heldMinor);
        expect(effect('available')).toBe(heldMinor - (amountMinor ?? 0n) - (feeMinor ?? 0n));
        expect(effect('provider')).toBe((amountMinor ?? 0n) + charge);
        expect(effect('provider_charges')).toBe(-charge);
        expect(effect('fee_income')).toBe((feeMinor ?? 0n) - commission);
        expect(effect('commissions_payable')).toBe(commission);
        expect(earned(booking)).toBe(feeMinor);
      }),
      cases(1000),
    );
  });

  it('settled late takes what there is, and the rest is owed to us and asked about', {
    timeout: PROPERTY_TIMEOUT_MS,
  }, () => {
    fc.assert(
      fc.property(settled, (of) => {
        const whole = (of.transaction.amountMinor ?? 0n) + (of.transaction.feeMinor ?? 0n);
        const booking = payoutFlow.settleLate(of);
        const effect = effectOf(booking);
        expect(effect('available')).toBe(-least(of.availableMinor, whole));
        expect(effect('available') + effect('receivable')).toBe(-whole);
        expect(shortOf(booking)).toBe(-effect('receivable'));
        expect(effect('held')).toBe(0n);
        expect(earned(booking)).toBe(of.transaction.feeMinor);
      }),
      cases(1000),
    );
  });

  it('returned undoes what its settlement did, but for a charge that stays gone', {
    timeout: PROPERTY_TIMEOUT_MS,
  }, () => {
    fc.assert(
      fc.property(settled, (of) => {
        const settlement = payoutFlow.settle(of);
        const after = { ...of.transaction, chargeMinor: settlement.set.chargeMinor ?? 0n };
        const back = payoutFlow.reverse({ ...of, transaction: after });
        const [there, again] = [effectOf(settlement), effectOf(back)];
        const lost = of.config.PAYOUT_REFUND_RETURNS_CHARGE === 'yes' ? 0n : (after.chargeMinor ?? 0n);
        expect(there('held') + there('available') + again('available')).toBe(0n);
        expect(there('fee_income') + again('fee_income')).toBe(0n);
        expect(there('commissions_payable') + again('commissions_payable')).toBe(0n);
        expect(there('provider') + again('provider')).toBe(lost);
        expect(earned(settlement) + earned(back)).toBe(0n);
      }),
      cases(1000),
    );
  });
});

describe('a collection', () => {
  it('credits its amount less its fee, and the provider bears what it kept', { timeout: PROPERTY_TIMEOUT_MS }, () => {
    fc.assert(
      fc.property(settled, (of) => {
        const { amountMinor, feeMinor } = of.transaction;
        const booking = collectionFlow.settle(of);
        const effect = effectOf(booking);
        const charge = of.config.COLLECTION_CHARGE_PAYER === 'merchant' ? (of.found.feesMinor ?? 0n) : 0n;
        expect(effect('available')).toBe((amountMinor ?? 0n) - (feeMinor ?? 0n));
        expect(effect('provider')).toBe(charge - (amountMinor ?? 0n));
        expect(effect('fee_income') + effect('commissions_payable')).toBe(feeMinor);
        expect(earned(booking)).toBe(feeMinor);
        expect(collectionFlow.settleLate(of).entries.map(({ postings }) => postings)).toEqual(
          booking.entries.map(({ postings }) => postings),
        );
      }),
      cases(1000),
    );
  });

  it('returned takes back what the wallet has, and the rest is owed to us and asked about', {
    timeout: PROPERTY_TIMEOUT_MS,
  }, () => {
    fc.assert(
      fc.property(settled, (of) => {
        const credited = (of.transaction.amountMinor ?? 0n) - (of.transaction.feeMinor ?? 0n);
        const booking = collectionFlow.reverse(of);
        const effect = effectOf(booking);
        expect(effect('available')).toBe(-least(of.availableMinor, credited));
        expect(effect('available') + effect('receivable')).toBe(-credited);
        expect(shortOf(booking)).toBe(-effect('receivable'));
        expect(effect('provider')).toBe(of.transaction.amountMinor);
        expect(earned(booking)).toBe(-(of.transaction.feeMinor ?? 0n));
      }),
      cases(1000),
    );
  });
});
