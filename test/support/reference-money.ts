// Money arithmetic a second time, from its definition: digits on paper, exact fractions, one remainder to round by.

/** ISO 4217, written down again on purpose. */
export const ISO_EXPONENTS: Readonly<Record<string, number>> = {
  UGX: 0,
  RWF: 0,
  XAF: 0,
  XOF: 0,
  KES: 2,
  GHS: 2,
  TZS: 2,
  ZMW: 2,
  NGN: 2,
  ZAR: 2,
  EUR: 2,
  GBP: 2,
  USD: 2,
};

/** A fraction of whole numbers, the second above zero. */
export type Fraction = readonly [bigint, bigint];

/** `12.34` as 1234/100: every digit is counted one by one. */
export function fractionOf(text: string): Fraction {
  const negative = text.startsWith('-');
  let [number, scale, past] = [0n, 1n, false];
  for (const digit of negative ? text.slice(1) : text) {
    if (digit === '.') past = true;
    else {
      number = number * 10n + BigInt(digit.charCodeAt(0) - 48);
      if (past) scale *= 10n;
    }
  }
  return [negative ? -number : number, scale];
}

export const plus = ([a, b]: Fraction, [c, d]: Fraction): Fraction => [a * d + c * b, b * d];
export const times = ([a, b]: Fraction, [c, d]: Fraction): Fraction => [a * c, b * d];
export const isLess = ([a, b]: Fraction, [c, d]: Fraction): boolean => a * d < c * b;
export const isEqual = ([a, b]: Fraction, [c, d]: Fraction): boolean => a * d === c * b;

/** Hundredths as a fraction of major units. */
export const major = (minor: bigint): Fraction => [minor, 100n];

/** To `digits` decimals, half away from zero: the remainder is looked at, not half a unit added. */
export function rounded([number, scale]: Fraction, digits: number): Fraction {
  const unit = 10n ** BigInt(digits);
  const size = number < 0n ? -number : number;
  const whole = (size * unit) / scale;
  const rest = size * unit - whole * scale;
  const up = rest + rest >= scale ? whole + 1n : whole;
  return [number < 0n ? -up : up, unit];
}

/** A fraction of major units in hundredths. Throws when it is finer. */
export function inHundredths([number, scale]: Fraction): bigint {
  if ((number * 100n) % scale !== 0n) throw new Error(`${number}/${scale} is finer than hundredths`);
  return (number * 100n) / scale;
}
