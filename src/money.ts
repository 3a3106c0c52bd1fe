// Exact money: bigint hundredths of a major unit for every currency, decimal strings at the edges, one rounding rule.

/** ISO 4217 exponents of the currencies we know. Every amount is held in hundredths whatever the exponent (see docs/decisions.md). */
const EXPONENTS = new Map<string, 0 | 2>([
  ['UGX', 0],
  ['RWF', 0],
  ['XAF', 0],
  ['XOF', 0],
  ['KES', 2],
  ['GHS', 2],
  ['TZS', 2],
  ['ZMW', 2],
  ['NGN', 2],
  ['ZAR', 2],
  ['EUR', 2],
  ['GBP', 2],
  ['USD', 2],
]);

export const CURRENCIES: readonly string[] = [...EXPONENTS.keys()];

/** 12 digits before the point, like the API's pattern; far below 2^63 even after a billion such amounts are added up. */
export const MAX_AMOUNT_MINOR = 99_999_999_999_999n;

/** Hundredths in one smallest unit of the currency: 100 for UGX, 1 for KES. Throws on an unknown currency. */
export function smallestUnitMinor(currency: string): bigint {
  return exponentOf(currency) === 0 ? 100n : 1n;
}

export function isCurrency(text: string): boolean {
  return EXPONENTS.has(text);
}

/** The ISO exponent (0 or 2). Throws RangeError on an unknown currency: callers validate first. */
export function exponentOf(currency: string): 0 | 2 {
  const exponent = EXPONENTS.get(currency);
  if (exponent === undefined) throw new RangeError(`unknown currency ${currency}`);
  return exponent;
}

export type AmountProblem = 'not_an_amount' | 'too_many_decimals' | 'not_positive' | 'too_large';

/**
 * Reads a caller's amount: a decimal string in major units (`"2000"`, `"21.71"`). Returns hundredths, or what is wrong.
 * Never rounds: more decimals than the currency has are refused, as is everything that is not plain ASCII digits.
 */
export function parseAmount(text: string, currency: string): bigint | AmountProblem {
  if (!/^(0|[1-9][0-9]*)(\.[0-9]+)?$/.test(text)) return 'not_an_amount';
  const [whole = '', decimals = ''] = text.split('.');
  if (decimals.length > exponentOf(currency)) return 'too_many_decimals';
  if (whole.length > 12) return 'too_large';
  const minor = BigInt(whole) * 100n + BigInt(decimals.padEnd(2, '0'));
  return minor > 0n ? minor : 'not_positive';
}

/**
 * Reads a provider's amount: decimal text with any number of decimals, possibly signed (`"398.78"`, `"3200.00"`, `"-5"`).
 * Exact to hundredths; anything finer is refused with null, as is text that is no plain decimal.
 */
export function parseWireDecimal(text: string): bigint | null {
  const match = /^(-?)([0-9]{1,15})(?:\.([0-9]{1,20}))?$/.exec(text);
  if (match === null) return null;
  const [, sign, whole = '', decimals = ''] = match;
  if (/[1-9]/.test(decimals.slice(2))) return null;
  const minor = BigInt(whole) * 100n + BigInt(decimals.slice(0, 2).padEnd(2, '0'));
  return sign === '-' ? -minor : minor;
}

/** Shortest exact decimal text: `200000n` → `"2000"`, `2171n` → `"21.71"`, `-50n` → `"-0.5"`. */
export function formatAmount(minor: bigint): string {
  const sign = minor < 0n ? '-' : '';
  const absolute = minor < 0n ? -minor : minor;
  const decimals = absolute % 100n;
  const whole = `${sign}${absolute / 100n}`;
  if (decimals === 0n) return whole;
  return `${whole}.${decimals.toString().padStart(2, '0').replace(/0$/, '')}`;
}

/**
 * THE rounding rule: `amount × numerator / denominator`, half away from zero, to the currency's smallest unit.
 * Used once per fee and once per share; amounts themselves are never rounded.
 */
export function roundedShare(amountMinor: bigint, numerator: bigint, denominator: bigint, currency: string): bigint {
  const unit = smallestUnitMinor(currency);
  const scaled = amountMinor * numerator;
  const divisor = denominator * unit;
  const half = divisor / 2n;
  const adjusted = scaled < 0n ? scaled - half : scaled + half;
  return (adjusted / divisor) * unit;
}
