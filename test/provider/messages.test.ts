// Reading and writing Eversend's messages: amounts digit for digit, and words however they are wrapped.
import { describe, expect, test } from 'vitest';
import {
  exactMinor,
  nearestMinor,
  readJson,
  readTransaction,
  transactionsIn,
  wireAmount,
  wordsOf,
} from '../../src/provider/eversend/messages.ts';

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
  [{ reason: 'at last' }, 'at last'],
  ['a\u0000b\u202e c\n\td', 'a b c d'],
  ['x'.repeat(1000), 'x'.repeat(300)],
  [`${'x'.repeat(299)}\u{1f600}`, `${'x'.repeat(299)}\ufffd`],
  [{ message: { message: { message: { message: { message: 'too deep' } } } } }, ''],
  [42, ''],
  [null, ''],
])('the words of %j are %j', (message, words) => {
  expect(wordsOf(message)).toBe(words);
});

describe('a transaction', () => {
  const WIRE = { transactionId: 'BP1', currency: 'UGX', amount: '1000', status: 'successful' };

  test('is of the type that was asked for when it does not say, and of another when it does', () => {
    expect(readTransaction(WIRE, 'payout')).toMatchObject({ type: 'payout', status: 'successful', reference: null });
    expect(readTransaction(WIRE)).toMatchObject({ type: 'other' });
    expect(readTransaction({ ...WIRE, type: 'EXCHANGE' }, 'payout')).toMatchObject({ type: 'other' });
  });

  test('without a status is pending, and with one that nobody knows', () => {
    for (const status of [undefined, null, 7, 'confirming']) {
      expect(readTransaction({ ...WIRE, status })).toMatchObject({ status: 'pending' });
    }
  });

  test('says as a word or a flag that it went back, and nothing else means so', () => {
    for (const isRefunded of [true, 'true'])
      expect(readTransaction({ ...WIRE, isRefunded })).toMatchObject({ isRefunded: true });
    for (const isRefunded of [false, null, 'false', 1]) {
      expect(readTransaction({ ...WIRE, isRefunded })).toMatchObject({ isRefunded: false });
    }
  });

  test('is found in whatever holds it', () => {
    for (const data of [[WIRE], { transactions: [WIRE] }, { transaction: WIRE }, WIRE]) {
      expect(transactionsIn(data)).toEqual([WIRE]);
    }
    for (const nothing of [null, undefined, 'text']) {
      expect(transactionsIn(nothing).map((one) => readTransaction(one))).toEqual([null]);
    }
  });

  test('is not understood when its id or a currency could not be kept', () => {
    expect(readTransaction({ ...WIRE, transactionId: 'x'.repeat(100), destinationCurrency: 'KES' })).not.toBeNull();
    for (const transactionId of ['x'.repeat(101), '', 'a b', 'a\u0000', '\u00e9'])
      expect(readTransaction({ ...WIRE, transactionId })).toBeNull();
    for (const destinationCurrency of ['USDT', 'kes'])
      expect(readTransaction({ ...WIRE, destinationCurrency })).toBeNull();
  });

  test('is understood without what could not be kept and is for information only', () => {
    expect(
      readTransaction({ ...WIRE, fees: '0', destinationAmount: '0.01', redirectUrl: 'https://pay.example/a' }),
    ).toMatchObject({ feesMinor: 0n, destinationAmountMinor: 1n, redirectUrl: 'https://pay.example/a' });
    for (const destinationAmount of ['0', '0.004', '-1'])
      expect(readTransaction({ ...WIRE, destinationAmount })).toMatchObject({ destinationAmountMinor: null });
    expect(readTransaction({ ...WIRE, fees: '-1' })).toMatchObject({ feesMinor: null });
    for (const redirectUrl of [
      `https://pay.example/${'a'.repeat(2000)}`,
      'https://pay.example/\u0000',
      'https://\ud800',
    ])
      expect(readTransaction({ ...WIRE, redirectUrl })).toMatchObject({ redirectUrl: null });
    expect(readTransaction({ ...WIRE, transactionRef: 'a\u0000b\ud800' })).toMatchObject({
      reference: 'a\ufffdb\ufffd',
    });
  });

  test('with an amount finer than hundredths is not understood', () => {
    expect(readTransaction({ ...WIRE, amount: '0.001' })).toBeNull();
  });
});

test('what is no JSON is undefined', () => {
  for (const text of ['', '<html>', '{"a":', `${'['.repeat(200_000)}`]) expect(readJson(text)).toBeUndefined();
});
