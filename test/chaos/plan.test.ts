// The soak's plan: decided by the seed alone, and thorough enough for what the full profile promises.
import { describe, expect, it } from 'vitest';
import { readFlags, type SoakFlags } from './flags.ts';
import { checkChosen } from './points/hit-all.ts';
import { timesOf } from './points/point.ts';
import { POINTS, TOGETHER } from './points/points.ts';
import { percentile } from './recovery/percentile.ts';
import { ordersOf, walletsOf } from './soak/orders.ts';
import { planOf } from './soak/soak.ts';

const flagsOf = (...args: string[]) => readFlags(args)?.soak as SoakFlags;

describe('the plan of faults', () => {
  it('is the same for the same seed, and another for another', () => {
    expect(planOf(flagsOf('--seed', 'a'))).toEqual(planOf(flagsOf('--seed', 'a')));
    expect(planOf(flagsOf('--seed', 'a'))).not.toEqual(planOf(flagsOf('--seed', 'b')));
  });

  it.each(['a', 'b', 'c'])(
    'of the full profile (seed %s) kills each part as often as it promises, one fault every 5 s',
    (seed) => {
      const flags = flagsOf('--seed', seed);
      const plan = planOf(flags);
      expect(plan.length / (flags.minutes * 12)).toBeCloseTo(1, 1);
      const kills = Map.groupBy(
        plan.filter((fault) => fault.name === 'kill'),
        (fault) => fault.target,
      );
      expect([...kills.keys()].toSorted()).toEqual([
        'postgres',
        'redis',
        'simulator',
        'web-1',
        'web-2',
        'worker-1',
        'worker-2',
        'worker-3',
      ]);
      for (const [part, times] of kills) expect(times.length, part).toBeGreaterThanOrEqual(flags.leastKills);
      expect(flags.leastKills).toBe(20);
      expect(new Set(plan.map((fault) => fault.name)).size).toBe(6);
    },
  );

  it('of the short profile kills each part', () => {
    const plan = planOf(flagsOf('--profile', 'short', '--seed', 'ci'));
    const killed = new Set(plan.filter((fault) => fault.name === 'kill').map((fault) => fault.target));
    expect(killed.size).toBe(8);
  });
});

describe('the payments', () => {
  it('are the same for the same seed: six payouts to four collections, a third of them on one of 200 wallets', () => {
    const wallets = walletsOf(200);
    const orders = ordersOf('a', 2_000, wallets);
    expect(orders).toEqual(ordersOf('a', 2_000, wallets));
    expect(new Set(orders.map((order) => order.key)).size).toBe(2_000);
    const payouts = orders.filter((order) => order.path === '/v1/payouts').length;
    expect(Math.abs(payouts - 1200)).toBeLessThan(100);
    const hot = orders.filter((order) => order.body.includes('"owner":"customer-1"')).length;
    expect(Math.abs(hot - 600)).toBeLessThan(100);
  });
});

describe('the command line', () => {
  it('knows its flags, and says in a sentence what it does not', () => {
    expect(readFlags(['--help'])).toBeNull();
    expect(flagsOf('--profile', 'short')).toMatchObject({ payments: 1000, minutes: 2 });
    expect(readFlags(['--points', '50', '--only', 'P13,P20'])).toMatchObject({ points: 50, only: ['P13', 'P20'] });
    expect(readFlags(['--bank'])).toMatchObject({ bank: 5, scenes: null, recovery: null });
    expect(readFlags(['--scenes', '10', '--recovery', '3'])).toMatchObject({ bank: null, scenes: 10, recovery: 3 });
    expect(() => readFlags(['--recovery', '0'])).toThrow('--recovery must be a number from 1 to 1000.');
    expect(() => readFlags(['--profile', 'long'])).toThrow('--profile knows full and short, not "long".');
    expect(() => readFlags(['--minutes', 'ten'])).toThrow('--minutes must be a number from 0.1 to 1440.');
  });
});

describe('the crash points', () => {
  it('are asked for by kind: fifty of the worker, twenty of the intake, thirty of each zombie', () => {
    const asked = new Map([...POINTS, ...TOGETHER].map((point) => [point.kind, timesOf(point, 50)]));
    expect(Object.fromEntries(asked)).toEqual({ intake: 20, worker: 50, zombie: 30, rare: 10 });
    expect(TOGETHER.reduce((sum, point) => sum + timesOf(point, 50), 0)).toBe(180);
    expect(new Set([...POINTS, ...TOGETHER].map((point) => timesOf(point, 1)))).toEqual(new Set([1]));
  });

  it('can be chosen by their ids, and one that is not there is a sentence', () => {
    expect(() => checkChosen(['P13', 'P20'])).not.toThrow();
    expect(() => checkChosen(['P13', 'P99'])).toThrow('There is no point P99.');
  });
});

describe('a percentile', () => {
  it('is a time that was measured, by nearest rank; of nothing it is no number, which no bound allows', () => {
    const times = Array.from({ length: 200 }, (_, n) => 200 - n);
    expect([0.5, 0.99, 1].map((share) => percentile(times, share))).toEqual([100, 198, 200]);
    expect(percentile([7], 0.99)).toBe(7);
    expect(percentile([1, Number.POSITIVE_INFINITY], 0.99)).toBe(Number.POSITIVE_INFINITY);
    expect(percentile([], 0.99) <= 60_000).toBe(false);
  });
});
