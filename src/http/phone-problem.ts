// Whether a phone can receive or approve money: the library's opinion, asked only after the raw text had the strict form.
import { parsePhoneNumberFromString } from 'libphonenumber-js/max';
import type { FieldError } from '../errors.ts';

const MOBILE: ReadonlySet<string | undefined> = new Set(['MOBILE', 'FIXED_LINE_OR_MOBILE']);

/** What is wrong with `phone` (already of the form +123…); null when it is a mobile number, of `country` unless that is null. */
export function phoneProblem(field: string, phone: string, country: string | null): FieldError | null {
  const parsed = parsePhoneNumberFromString(phone);
  // A number without a type lies in no range that was ever handed out.
  const type = parsed?.getType();
  if (parsed === undefined || type === undefined || parsed.number !== phone || parsed.country === undefined)
    return { field, code: 'no_such_number', message: 'There is no such phone number. Check its digits.' };
  if (!MOBILE.has(type))
    return { field, code: 'not_mobile', message: 'Send a mobile number: this one cannot hold mobile money.' };
  if (country !== null && parsed.country !== country)
    return {
      field,
      code: 'wrong_country',
      message: `Send a phone of the country given, ${country}, or correct the country.`,
    };
  return null;
}
