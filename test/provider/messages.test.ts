// Reading and writing Eversend's messages: amounts digit for digit, and words however they are wrapped.
import { describe, expect, test } from 'vitest';
import { exactMinor, nearestMinor, readJson, wireAmount, wordsOf } from '../../src/provider/eversend/messages.ts';

describe('numbers', () => {
  test('keep every digit, where a float would not', () => {
    const { amount, rate } = readJson('{"amount": 999999999999999.99, "rate": 0.031007201981367}') as Record<
      string,
      string
    >;
    expect(amount).toBe('999999999999999.99');
    expect(exactMinor(amount)).toBe(99_999_999_999_999_999n);
    expect(rate).toBe('0.031007201981367');
    expect(JSON.stringify({ amount: wireAmount(99_999_999_999_999_999n) })).toBe('{"amount":999999999999999.99}');
  });

  test.each([
    ['398.78', 39_878n, 39_878n],
    [' 2000 ', 200_000n, 200_000n],
    ['3200.00', 320_000n, 320_000n],
    ['21.705', null, 2171n],
    ['21.704999999999', null, 2170n],
    ['-0.005', null, -1n],
    ['1e3', null, null],
    ['1,000', null, null],
    ['', null, null],
    [null, null, null],
    [undefined, null, null],
  ])('%j is exactly %s, and about %s', (text, exact, nearest) => {
    expect(exactMinor(text)).toBe(exact);
    expect(nearestMinor(text)).toBe(nearest);
  });
});

test.each([
  ['plain', 'plain'],
  [['first', 'second'], 'first; second'],
  [{ message: { message: ['deep'] } }, 'deep'],
  [{ error: 'elsewhere' }, 'elsewhere'],
  ['a\u0000b\u202e c\n\td', 'a b c d'],
  ['x'.repeat(1000), 'x'.repeat(300)],
  [{ message: { message: { message: { message: { message: 'too deep' } } } } }, ''],
  [42, ''],
  [null, ''],
])('the words of %j are %j', (message, words) => {
  expect(wordsOf(message)).toBe(words);
});

test('what is no JSON is undefined', () => {
  for (const text of ['', '<html>', '{"a":', `${'['.repeat(200_000)}`]) expect(readJson(text)).toBeUndefined();
});
