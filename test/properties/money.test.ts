// Money held against a second implementation: every currency, parts and wholes, reading and writing.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  CURRENCIES,
  exponentOf,
  formatAmount,
  MAX_AMOUNT_MINOR,
  parseAmount,
  parseWireDecimal,
  roundedShare,
  smallestUnitMinor,
} from '../../src/money.ts';
import { collectionFee, commissionOf, costPlusFee, ownFee, payoutFee } from '../../src/pricing/fee.ts';
import type { Tariff } from '../../src/pricing/fee-schedule.ts';
import { nearestMinor } from '../../src/provider/eversend/messages.ts';
import { cases, decimals, PROPERTY_TIMEOUT_MS } from '../support/properties.ts';
import {
  type Fraction,
  fractionOf,
  ISO_EXPONENTS,
  inHundredths,
  isEqual,
  isLess,
  major,
  plus,
  rounded,
  times,
} from '../support/reference-money.ts';

const currency = fc.constantFrom(...CURRENCIES);
const ppm = fc.integer({ min: 0, max: 1_000_000 });
const share = (parts: number): Fraction => [BigInt(parts), 1_000_000n];
const digitsOf = (code: string) => ISO_EXPONENTS[code] ?? -1;

/** A tariff as operators may write it: amounts are whole smallest units of the currency. */
const priced = fc
  .record({
    code: currency,
    percentPpm: ppm,
    commissionPpm: ppm,
    flat: fc.nat(100_000),
    minimum: fc.nat(100_000),
    more: fc.option(fc.nat(1_000_000), { nil: null }),
    units: fc.bigInt(1n, 10n ** 12n),
    charge: fc.bigInt(0n, 10n ** 9n),
  })
  .map(({ code, percentPpm, commissionPpm, flat, minimum, more, units, charge }) => {
    const unit = smallestUnitMinor(code);
    const tariff = {
      basis: 'own',
      percentPpm,
      commissionPpm,
      flatMinor: BigInt(flat) * unit,
      minimumMinor: BigInt(minimum) * unit,
      maximumMinor: more === null ? null : BigInt(minimum + more) * unit,
      ceilingMinor: null,
    } as Tariff;
    return { code, tariff, amountMinor: units * unit, chargeMinor: charge };
  });

/** The fee from its definition: percentage, flat part and charge, rounded once, between minimum and maximum. */
function feeFromDefinition(code: string, tariff: Tariff, amountMinor: bigint, chargeMinor: bigint): bigint {
  const passed = major(chargeMinor);
  const round = (exact: Fraction) => rounded(exact, digitsOf(code));
  const exact = plus(plus(times(major(amountMinor), share(tariff.percentPpm)), major(tariff.flatMinor)), passed);
  const least = round(plus(major(tariff.minimumMinor), passed));
  const most = tariff.maximumMinor === null ? null : round(plus(major(tariff.maximumMinor), passed));
  const fee = round(exact);
  if (isLess(fee, least)) return inHundredths(least);
  return most !== null && isLess(most, fee) ? inHundredths(most) : inHundredths(fee);
}

describe('currencies', () => {
  it('have the exponents that ISO 4217 gives them, and are all in the table', () => {
    expect(Object.fromEntries(CURRENCIES.map((code) => [code, exponentOf(code)]))).toEqual(ISO_EXPONENTS);
    for (const code of CURRENCIES) expect(smallestUnitMinor(code)).toBe(digitsOf(code) === 0 ? 100n : 1n);
    expect(() => exponentOf('XXX')).toThrow(RangeError);
  });
});

describe('the rounding rule', () => {
  it('agrees with fractions rounded by their remainder', { timeout: PROPERTY_TIMEOUT_MS }, () => {
    fc.assert(
      fc.property(currency, fc.bigInt(-(10n ** 14n), 10n ** 14n), ppm, (code, amountMinor, parts) => {
        const expected = rounded(times(major(amountMinor), share(parts)), digitsOf(code));
        expect(roundedShare(amountMinor, BigInt(parts), 1_000_000n, code)).toBe(inHundredths(expected));
      }),
      cases(2000),
    );
  });

  it('never earns by going to another currency and back', { timeout: PROPERTY_TIMEOUT_MS }, () => {
    const rate = fc.tuple(fc.bigInt(1n, 10n ** 6n), fc.bigInt(1n, 10n ** 6n));
    fc.assert(
      fc.property(fc.bigInt(0n, 10n ** 12n), rate, (cents, [n, d]) => {
        const there = roundedShare(cents, n, d, 'USD');
        const back = roundedShare(there, d, n, 'USD');
        // What half a cent there is worth here, and half a cent for the way back, is all that rounding may do.
        const difference: Fraction = [back > cents ? back - cents : cents - back, 1n];
        expect(isLess(plus([d, 2n * n], [1n, 2n]), difference)).toBe(false);
      }),
      cases(2000),
    );
  });
});

describe('fees', () => {
  it('are what their definition says, in every currency', { timeout: PROPERTY_TIMEOUT_MS }, () => {
    fc.assert(
      fc.property(priced, ({ code, tariff, amountMinor, chargeMinor }) => {
        const own = ownFee(tariff, amountMinor, code);
        expect(own).toBe(feeFromDefinition(code, tariff, amountMinor, 0n));
        const plusCost = costPlusFee(tariff, amountMinor, chargeMinor, code);
        expect(plusCost).toBe(feeFromDefinition(code, tariff, amountMinor, chargeMinor));
        for (const fee of [own, plusCost]) expect(fee % smallestUnitMinor(code)).toBe(0n);
      }),
      cases(2000),
    );
  });

  it('and what is left, and commissions and what is kept, add up to the whole', {
    timeout: PROPERTY_TIMEOUT_MS,
  }, () => {
    fc.assert(
      fc.property(priced, ({ code, tariff, amountMinor }) => {
        let fee: bigint;
        try {
          fee = collectionFee(tariff, amountMinor, code);
        } catch (error) {
          expect(error).toMatchObject({ code: 'fee_exceeds_amount' });
          expect(ownFee(tariff, amountMinor, code) >= amountMinor).toBe(true);
          return;
        }
        const commission = commissionOf(tariff, fee, code);
        expect(commission >= 0n && commission <= fee && fee >= 0n && fee < amountMinor).toBe(true);
        const credited = amountMinor - fee;
        expect(
          isEqual(plus(plus(major(credited), major(commission)), major(fee - commission)), major(amountMinor)),
        ).toBe(true);
        for (const part of [credited, commission, fee - commission]) expect(part % smallestUnitMinor(code)).toBe(0n);
      }),
      cases(2000),
    );
  });

  it('of payouts are never above what was promised at acceptance', { timeout: PROPERTY_TIMEOUT_MS }, () => {
    const most = fc.option(fc.bigInt(0n, 10n ** 10n), { nil: null });
    fc.assert(
      fc.property(
        priced,
        fc.boolean(),
        most,
        fc.boolean(),
        ({ code, tariff, amountMinor }, exact, maxFeeMinor, own) => {
          const basis = own ? 'own' : 'cost_plus';
          const asked = { ...tariff, basis, ceilingMinor: tariff.maximumMinor } as Tariff;
          try {
            const pinned = payoutFee(asked, { amountMinor, exact, maxFeeMinor, currency: code });
            expect((pinned.feeMinor === null) !== (pinned.ceilingMinor === null)).toBe(true);
            const promised = pinned.feeMinor ?? pinned.ceilingMinor ?? -1n;
            expect(promised >= 0n && (maxFeeMinor === null || promised <= maxFeeMinor)).toBe(true);
            expect(pinned.feeMinor === null).toBe(!own || !exact);
          } catch (error) {
            expect(error).toMatchObject({ code: 'fee_above_maximum' });
            expect(own && exact && maxFeeMinor !== null && ownFee(asked, amountMinor, code) > maxFeeMinor).toBe(true);
          }
        },
      ),
      cases(2000),
    );
  });
});

describe('amounts as text', () => {
  const noise = fc.string({ unit: fc.constantFrom(...'0123456789.-+eE ,_x\n٣', '\u0000'), maxLength: 18 });

  it('are read exactly or refused for what is wrong with them', { timeout: PROPERTY_TIMEOUT_MS }, () => {
    fc.assert(
      fc.property(fc.oneof(noise, decimals(4)), currency, (text, code) => {
        const seen = parseAmount(text, code);
        const [whole = '', fraction, more] = text.split('.');
        const isNumber = (part: string | undefined) => part !== undefined && part !== '' && [...part].every(isDigit);
        if (!isNumber(whole) || (fraction !== undefined && !isNumber(fraction)) || more !== undefined) {
          expect(seen).toBe('not_an_amount');
        } else if (whole.length > 1 && whole.startsWith('0')) expect(seen).toBe('not_an_amount');
        else if ((fraction ?? '').length > digitsOf(code)) expect(seen).toBe('too_many_decimals');
        else if (whole.length > 12) expect(seen).toBe('too_large');
        else if (isEqual(fractionOf(text), [0n, 1n])) expect(seen).toBe('not_positive');
        else expect(seen).toBe(inHundredths(fractionOf(text)));
        if (typeof seen === 'bigint') {
          expect(seen % smallestUnitMinor(code)).toBe(0n);
          expect(seen <= MAX_AMOUNT_MINOR).toBe(true);
        }
      }),
      cases(3000),
    );
  });

  it('are written in the shortest form that reads as the same', { timeout: PROPERTY_TIMEOUT_MS }, () => {
    fc.assert(
      fc.property(fc.bigInt(-(10n ** 17n) + 1n, 10n ** 17n - 1n), (minor) => {
        const text = formatAmount(minor);
        expect(text).toMatch(/^-?(0|[1-9][0-9]*)(\.[0-9]?[1-9])?$/);
        expect(isEqual(fractionOf(text), major(minor))).toBe(true);
        expect(parseWireDecimal(text)).toBe(minor);
      }),
      cases(2000),
    );
  });

  it('of the provider are exact or null, and informative ones the nearest hundredth', {
    timeout: PROPERTY_TIMEOUT_MS,
  }, () => {
    fc.assert(
      fc.property(fc.oneof(noise, decimals(20)), fc.boolean(), (digits, negative) => {
        const text = negative ? `-${digits}` : digits;
        const [whole = '', fraction, more] = digits.replace(/^-/, '').split('.');
        const plain =
          !(negative && digits.startsWith('-')) &&
          whole !== '' &&
          [...whole, ...(fraction ?? '')].every(isDigit) &&
          whole.length <= 15 &&
          fraction !== '' &&
          (fraction ?? '').length <= 20 &&
          more === undefined;
        if (!plain) expect(parseWireDecimal(text)).toBeNull();
        else {
          const exact = fractionOf(text);
          expect(nearestMinor(text)).toBe(inHundredths(rounded(exact, 2)));
          expect(parseWireDecimal(text)).toBe(isEqual(rounded(exact, 2), exact) ? inHundredths(exact) : null);
        }
      }),
      cases(3000),
    );
  });
});

function isDigit(character: string): boolean {
  return character.length === 1 && '0123456789'.includes(character);
}
