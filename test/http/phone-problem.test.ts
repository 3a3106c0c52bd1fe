// Phones by the fast way and the library's long one: nobody's number may be judged differently.
import fc from 'fast-check';
import {
  getCountries,
  getCountryCallingCode,
  getExampleNumber,
  parsePhoneNumberFromString,
} from 'libphonenumber-js/max';
import examples from 'libphonenumber-js/mobile/examples';
import { expect, test } from 'vitest';
import { phoneProblem } from '../../src/http/phone-problem.ts';

/** What the library says of it as of any text that somebody wrote. */
function asText(phone: string, country: string | null): string | null {
  const parsed = parsePhoneNumberFromString(phone);
  const type = parsed?.getType();
  if (parsed?.number !== phone || parsed.country === undefined || type === undefined) return 'no_such_number';
  if (type !== 'MOBILE' && type !== 'FIXED_LINE_OR_MOBILE') return 'not_mobile';
  return country !== null && parsed.country !== country ? 'wrong_country' : null;
}
const ours = (phone: string, country: string | null) => phoneProblem('phone', phone, country)?.code ?? null;

test('every country: its example, with a digit more, a digit less and a leading nought, of its own and of any country', () => {
  let good = 0;
  for (const country of getCountries()) {
    const example = getExampleNumber(country, examples)?.number;
    if (example === undefined) continue;
    const code = `+${getCountryCallingCode(country)}`;
    for (const phone of [example, `${example}1`, example.slice(0, -1), `${code}0${example.slice(code.length)}`])
      for (const of of [null, country, 'UG']) {
        expect([phone, of, ours(phone, of)]).toEqual([phone, of, asText(phone, of)]);
        if (ours(phone, of) === null) good += 1;
      }
  }
  expect(good).toBeGreaterThan(400);
});

test('whatever digits follow the plus', () => {
  const codes = getCountries().map((country) => getCountryCallingCode(country) as string);
  const digits = (most: number) => fc.stringMatching(new RegExp(`^[0-9]{5,${most}}$`));
  const phone = fc.oneof(
    fc.tuple(fc.constantFrom(...codes), digits(10)).map(([code, rest]) => `+${code}${rest}`),
    digits(14).map((rest) => `+1${rest}`),
    digits(14).map((rest) => `+9${rest}`),
  );
  fc.assert(
    fc.property(phone, (given) => {
      expect(ours(given, 'UG')).toBe(asText(given, 'UG'));
    }),
    { numRuns: 3000 },
  );
});
