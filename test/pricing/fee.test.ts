// Fees: rounded once, bounded, pinned to a version that never changes.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { collectionFee, commissionOf, ownFee, payoutFee, quotedFee } from '../../src/pricing/fee.ts';
import { addSchedule, choose, scheduleById, scheduleFor, type Tariff } from '../../src/pricing/fee-schedule.ts';
import { createWorld, type World } from '../support/world.ts';

const TARIFF: Tariff = {
  id: 'fs',
  type: 'payout',
  merchantId: null,
  method: null,
  country: null,
  currency: 'UGX',
  version: 1,
  basis: 'own',
  percentPpm: 15_000,
  flatMinor: 10_000n,
  minimumMinor: 0n,
  maximumMinor: null,
  ceilingMinor: null,
  commissionPpm: 0,
  createdAt: new Date(0),
  createdBy: 'test',
};

describe('a fee', () => {
  it('is percentage and flat part, rounded once to the currency’s smallest unit', () => {
    // 1.5 % of 1,033 is 15.495; with 100 flat 115.495, which is 115 UGX but 115.5 KES.
    expect(ownFee(TARIFF, 103_300n, 'UGX')).toBe(11_500n);
    expect(ownFee(TARIFF, 103_300n, 'KES')).toBe(11_550n);
  });

  it('is not less than the minimum and not more than the maximum', () => {
    const bounded = { ...TARIFF, minimumMinor: 20_000n, maximumMinor: 30_000n };
    expect(ownFee(bounded, 100n, 'UGX')).toBe(20_000n);
    expect(ownFee(bounded, 100_000_000n, 'UGX')).toBe(30_000n);
  });

  it('on cost-plus passes the provider’s charge on, cents rounded with the rest', () => {
    const costPlus: Tariff = { ...TARIFF, basis: 'cost_plus', ceilingMinor: 500_000n };
    expect(quotedFee(costPlus, { amountMinor: 70_000n, chargeMinor: 250_000n, currency: 'UGX' })).toBe(261_100n);
    expect(quotedFee(costPlus, { amountMinor: 70_000n, chargeMinor: 250_049n, currency: 'UGX' })).toBe(261_100n);
  });

  it('of a collection is less than its amount, or the collection is refused', () => {
    expect(collectionFee(TARIFF, 20_000n, 'UGX')).toBe(10_300n);
    expect(() => collectionFee(TARIFF, 10_000n, 'UGX')).toThrow(/use up the amount/);
  });

  it('is exact at acceptance, or a ceiling until the quotation fixes it', () => {
    const of = { amountMinor: 100_000n, exact: true, maxFeeMinor: null, currency: 'UGX' };
    expect(payoutFee(TARIFF, of)).toEqual({ feeMinor: 11_500n, ceilingMinor: null });
    expect(payoutFee(TARIFF, { ...of, exact: false })).toEqual({ feeMinor: null, ceilingMinor: 11_500n });
    expect(payoutFee({ ...TARIFF, basis: 'cost_plus', ceilingMinor: 500n }, of)).toEqual({
      feeMinor: null,
      ceilingMinor: 500n,
    });
    expect(() => payoutFee(TARIFF, { ...of, maxFeeMinor: 11_400n })).toThrow(/above maxFee/);
  });

  it('is shared with a partner by the one rounding rule', () => {
    expect(commissionOf({ ...TARIFF, commissionPpm: 333_333 }, 10_000n, 'UGX')).toBe(3_300n);
  });
});

describe('schedules', () => {
  let world: World;
  beforeAll(async () => {
    world = await createWorld();
  });
  afterAll(() => world.close());

  it('apply by the most specific scope: merchant before country before method before currency, then the newest version', () => {
    const scope = { type: 'payout', merchantId: 'me1', method: 'momo', country: 'UG', currency: 'UGX' } as const;
    const any = { ...TARIFF, currency: null };
    const schedules: Tariff[] = [
      { ...any, id: 'any' },
      { ...any, id: 'currency', currency: 'UGX' },
      { ...any, id: 'method', method: 'momo' },
      { ...any, id: 'country', country: 'UG' },
      { ...any, id: 'merchant', merchantId: 'me1' },
      { ...any, id: 'merchant v2', merchantId: 'me1', version: 2 },
      { ...any, id: 'other merchant', merchantId: 'me2', country: 'UG', version: 9 },
    ];
    const ids: (string | undefined)[] = [];
    for (let left = schedules; left.length > 0; ) {
      const best = choose(left, scope);
      if (best === null) break;
      ids.push(best.id);
      left = left.filter((one) => one !== best);
    }
    expect(ids).toEqual(['merchant v2', 'merchant', 'country', 'method', 'currency', 'any']);
  });

  it('are versioned: a new one never changes what was pinned', async () => {
    const first = await addSchedule(world.db, {
      type: 'payout',
      currency: 'KES',
      basis: 'own',
      percentPpm: 10_000,
      createdBy: 'test',
    });
    const second = await addSchedule(world.db, {
      type: 'payout',
      currency: 'KES',
      basis: 'own',
      percentPpm: 20_000,
      createdBy: 'test',
    });
    expect([first.version, second.version]).toEqual([1, 2]);
    expect(
      await scheduleFor(world, {
        type: 'payout',
        merchantId: world.merchantId,
        method: 'momo',
        country: 'KE',
        currency: 'KES',
      }),
    ).toMatchObject({ id: second.id });
    expect(await scheduleById(world, first.id)).toMatchObject({ percentPpm: 10_000 });
  });

  it('of two equally specific ones the newest applies, in whatever order they are read', () => {
    const scope = { type: 'payout', merchantId: 'me1', method: 'momo', country: 'UG', currency: 'UGX' } as const;
    const versions = [1, 3, 2].map((version) => ({ ...TARIFF, id: `v${version}`, version }));
    for (const read of [versions, versions.toReversed()]) expect(choose(read, scope)).toMatchObject({ id: 'v3' });
    expect(choose([], scope)).toBeNull();
  });

  it('that are missing are a fault of ours, and one written since the last reading is found', async () => {
    const scope = { merchantId: world.merchantId, method: 'momo', country: 'UG', currency: 'UGX' } as const;
    await expect(scheduleFor(world, { ...scope, type: 'loan' as never })).rejects.toThrow(
      /no fee schedule covers loan/,
    );
    await expect(scheduleById(world, 'fs00000000000000000000000000')).rejects.toThrow(/is gone/);
    const fresh = await addSchedule(world.db, {
      type: 'payout',
      currency: 'GHS',
      basis: 'own',
      createdBy: 'test',
    });
    expect(await scheduleById(world, fresh.id)).toMatchObject({ percentPpm: 0, commissionPpm: 0 });
  });

  it('are read again after a reading failed', async () => {
    const gone = await createWorld();
    await gone.close();
    let db = gone.db;
    const ctx = Object.defineProperty({ ...world }, 'db', { get: () => db }) as World;
    const scope = {
      type: 'payout',
      merchantId: world.merchantId,
      method: 'momo',
      country: 'UG',
      currency: 'UGX',
    } as const;
    await expect(scheduleFor(ctx, scope)).rejects.toThrow();
    db = world.db;
    expect(await scheduleFor(ctx, scope)).toMatchObject({ type: 'payout' });
  });

  it('charge nothing until an operator says otherwise', async () => {
    const tariff = await scheduleFor(world, {
      type: 'collection',
      merchantId: world.merchantId,
      method: 'momo',
      country: 'GH',
      currency: 'GHS',
    });
    expect(ownFee(tariff, 123_456n, 'GHS')).toBe(0n);
  });

  it('with amounts need a currency whose decimals they keep', async () => {
    const add = (of: object) => addSchedule(world.db, { type: 'payout', basis: 'own', createdBy: 'test', ...of });
    await expect(add({ flatMinor: 100n })).rejects.toMatchObject({
      errors: [{ field: 'flatMinor', code: 'needs_currency' }],
    });
    await expect(add({ currency: 'UGX', minimumMinor: 150n })).rejects.toMatchObject({
      errors: [{ code: 'too_many_decimals' }],
    });
  });
});
