// Whether a phone can receive or approve money: the library's opinion, asked only after the raw text had the strict form.
import {
  type CountryCode,
  getCountries,
  getCountryCallingCode,
  type NumberType,
  PhoneNumber,
  parsePhoneNumberFromString,
} from 'libphonenumber-js/max';
import type { FieldError } from '../errors.ts';

const MOBILE: ReadonlySet<string | undefined> = new Set(['MOBILE', 'FIXED_LINE_OR_MOBILE']);

interface Known {
  readonly type: NumberType;
  readonly country: CountryCode;
}

/** What is wrong with `phone` (already of the form +123…); null when it is a mobile number, of `country` unless that is null. */
export function phoneProblem(field: string, phone: string, country: string | null): FieldError | null {
  const known = lookUp(phone);
  if (known === null)
    return { field, code: 'no_such_number', message: 'There is no such phone number. Check its digits.' };
  if (!MOBILE.has(known.type))
    return { field, code: 'not_mobile', message: 'Send a mobile number: this one cannot hold mobile money.' };
  if (country !== null && known.country !== country)
    return {
      field,
      code: 'wrong_country',
      message: `Send a phone of the country given, ${country}, or correct the country.`,
    };
  return null;
}

/** Which country has a calling code for itself. */
const ONLY_COUNTRY: ReadonlyMap<string, CountryCode> = new Map(
  [...Map.groupBy(getCountries(), (country) => getCountryCallingCode(country))].flatMap(([code, [country, another]]) =>
    country !== undefined && another === undefined ? [[code, country]] : [],
  ),
);

/** Null for a number without a type, which lies in no range that was ever handed out. */
function lookUp(phone: string): Known | null {
  // Taken as it stands where one country has the calling code: to look for a number in a text takes twice as long, and is needed
  // only to tell countries apart.
  const asItStands = numberOf(phone);
  const country = ONLY_COUNTRY.get(asItStands?.countryCallingCode ?? '');
  if (country !== undefined) return ofType(asItStands, country);
  const found = parsePhoneNumberFromString(phone);
  return found?.number === phone && found.country !== undefined ? ofType(found, found.country) : null;
}

function ofType(number: PhoneNumber | null, country: CountryCode): Known | null {
  const type = number?.getType();
  return type === undefined ? null : { type, country };
}

/** Null where it is too short for its calling code, or has none. */
function numberOf(phone: string): PhoneNumber | null {
  try {
    return new PhoneNumber(phone);
  } catch {
    return null;
  }
}
