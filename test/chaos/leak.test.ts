// What the leak run goes by: growth that is there is found, and what merely goes up and down is not called growth.
import { expect, it } from 'vitest';
import { growthPerMinute } from './leak/slope.ts';

const samplesOf = (value: (minute: number, n: number) => number) =>
  Array.from({ length: 600 }, (_, n) => ({ atMs: n * 2000, value: value((n * 2000) / 60_000, n) }));

it('a slow leak is found under the noise of collected garbage', () => {
  const leaking = samplesOf((minute, n) => 120 + 1.5 * minute + (n % 7) * 4);
  expect(growthPerMinute(leaking)).toBeCloseTo(1.5, 1);
});

it('memory that comes and goes is not growth', () => {
  expect(Math.abs(growthPerMinute(samplesOf((_, n) => 120 + (n % 7) * 4)))).toBeLessThan(0.1);
});

it('without measurements there is no growth to promise', () => {
  expect(growthPerMinute([]) <= 1).toBe(false);
  expect(growthPerMinute([{ atMs: 0, value: 5 }]) <= 1).toBe(false);
});
