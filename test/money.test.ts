// Money: exact, in hundredths, never a float; one rounding rule.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  CURRENCIES,
  exponentOf,
  formatAmount,
  isCurrency,
  parseAmount,
  parseWireDecimal,
  roundedShare,
} from '../src/money.ts';

describe('a caller’s amount', () => {
  it.each([
    ['2000', 'UGX', 200_000n],
    ['21.71', 'KES', 2_171n],
    ['10.5', 'KES', 1_050n],
    ['999999999999.99', 'USD', 99_999_999_999_999n],
    ['0.01', 'USD', 1n],
  ])('%s %s is read exactly', (text, currency, minor) => {
    expect(parseAmount(text, currency)).toBe(minor);
  });

  it.each([
    ...[
      '1e3',
      '-0',
      '-1',
      '+5',
      ' 12 ',
      '12\n',
      '00012',
      '',
      '0x10',
      '0b11',
      '0o17',
      '1,000',
      '1_000',
      '12abc',
      'NaN',
      'Infinity',
    ],
    ...['١٢٣', '１２３', '−5', '1٫5', '1\u200b', '1\u0000', '1.', '.5', '1.2.3', 'null', '[object Object]'],
  ])('%j is no amount', (text) => {
    expect(parseAmount(text, 'KES')).toBe('not_an_amount');
  });

  it('is refused, not rounded, with more decimals than the currency has', () => {
    expect(parseAmount('10.50', 'UGX')).toBe('too_many_decimals');
    expect(parseAmount('10.555', 'KES')).toBe('too_many_decimals');
    expect(parseAmount('1.0000', 'USD')).toBe('too_many_decimals');
  });

  it('is refused when it is nothing, or more than the books are made for', () => {
    expect(parseAmount('0', 'KES')).toBe('not_positive');
    expect(parseAmount('0.00', 'KES')).toBe('not_positive');
    expect(parseAmount('1000000000000', 'KES')).toBe('too_large');
  });

  it('comes back as it was written, in every currency', () => {
    fc.assert(
      fc.property(fc.constantFrom(...CURRENCIES), fc.bigInt(1n, 10n ** 14n - 1n), (currency, hundredths) => {
        const minor = exponentOf(currency) === 0 ? hundredths - (hundredths % 100n) : hundredths;
        fc.pre(minor > 0n);
        expect(parseAmount(formatAmount(minor), currency)).toBe(minor);
        expect(parseWireDecimal(formatAmount(minor))).toBe(minor);
        expect(parseWireDecimal(formatAmount(-minor))).toBe(-minor);
      }),
    );
  });
});

describe('currencies', () => {
  it('are looked up by name only: names every object has are no currencies', () => {
    for (const name of ['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'ugx', 'UGX ', 'UGХ', 'XXX', '']) {
      expect(isCurrency(name)).toBe(false);
    }
  });
});

describe('a provider’s amount', () => {
  it.each([
    ['398.78', 39_878n],
    ['3200.00', 320_000n],
    ['-5', -500n],
    ['0.025000000000', null],
    ['12.340000000000', 1_234n],
    ['1e3', null],
    ['', null],
    ['abc', null],
  ])('%j is %s', (text, minor) => {
    expect(parseWireDecimal(text)).toBe(minor);
  });
});

describe('rounding', () => {
  it('agrees with exact fractions everywhere: half away from zero, to the currency’s smallest unit', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...CURRENCIES),
        fc.bigInt(-(10n ** 14n), 10n ** 14n),
        fc.bigInt(0n, 1_000_000n),
        (currency, amount, ppm) => {
          const unit = exponentOf(currency) === 0 ? 100n : 1n;
          const rounded = roundedShare(amount, ppm, 1_000_000n, currency);
          expect(rounded % unit).toBe(0n);
          // |rounded − exact| ≤ half a unit, and a tie went away from zero.
          const distance = rounded * 1_000_000n - amount * ppm;
          const twice = (distance < 0n ? -distance : distance) * 2n;
          expect(twice <= unit * 1_000_000n).toBe(true);
          if (twice === unit * 1_000_000n)
            expect(rounded < 0n === amount < 0n && distance < 0n === amount < 0n).toBe(true);
        },
      ),
      { numRuns: 5000 },
    );
  });

  it('never makes money: a part and its rest are the whole', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...CURRENCIES),
        fc.bigInt(0n, 10n ** 12n),
        fc.bigInt(0n, 1_000_000n),
        (currency, units, ppm) => {
          const whole = units * (exponentOf(currency) === 0 ? 100n : 1n);
          const part = roundedShare(whole, ppm, 1_000_000n, currency);
          expect(part >= 0n && part <= whole).toBe(true);
          expect(part + (whole - part)).toBe(whole);
        },
      ),
      { numRuns: 5000 },
    );
  });
});
