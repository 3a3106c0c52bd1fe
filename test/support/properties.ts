// How often properties are tried, and how a counterexample is tried again.
import fc from 'fast-check';

/**
 * Parameters for `fc.assert`: `few` cases, or PROPERTY_CASES of them (1000000 for a long night). A failure prints its seed and the
 * smallest counterexample; PROPERTY_SEED=<seed> tries the same cases again.
 */
export function cases(few: number): { numRuns: number; seed?: number } {
  const { PROPERTY_CASES, PROPERTY_SEED } = process.env;
  return {
    numRuns: PROPERTY_CASES ? Number(PROPERTY_CASES) : few,
    ...(PROPERTY_SEED ? { seed: Number(PROPERTY_SEED) } : {}),
  };
}

/** The same for properties that need a database for every case: a hundredth of PROPERTY_CASES, and at least `few`. */
export function slowCases(few: number): { numRuns: number; seed?: number; endOnFailure: boolean } {
  const { numRuns, ...rest } = cases(0);
  return { ...rest, numRuns: Math.max(few, Math.floor(numRuns / 100)), endOnFailure: true };
}

/** A long run takes longer than a test usually may. */
export const PROPERTY_TIMEOUT_MS = process.env['PROPERTY_CASES'] ? 3_600_000 : 60_000;

/** Decimal text as a person would write it: no more zeros than needed in front, any number of decimals. */
export const decimals = (most: number) =>
  fc
    .tuple(fc.bigInt(0n, 10n ** 13n), fc.string({ unit: fc.constantFrom(...'0123456789'), maxLength: most }))
    .map(([whole, fraction]) => (fraction === '' ? String(whole) : `${whole}.${fraction}`));
