// Reads an amount in its currency, once the currency is known.
import type { FieldError } from '../errors.ts';
import { exponentOf, parseAmount } from '../money.ts';

/**
 * Hundredths of `text` in `currency`; what is wrong is added to `found`, and 0 returned. `mayBeZero` for ceilings, where zero
 * means "nothing at all".
 */
export function readAmount(
  found: FieldError[],
  of: { field: string; text: string; currency: string; mayBeZero?: boolean },
): bigint {
  const { field, text, currency } = of;
  const minor = parseAmount(text, currency);
  if (typeof minor === 'bigint') return minor;
  if (minor === 'not_positive' && of.mayBeZero === true) return 0n;
  const messages = {
    not_an_amount: 'Send the amount as plain digits in major units, such as "2000" or "21.71".',
    too_many_decimals:
      exponentOf(currency) === 0
        ? `${currency} has no decimals. Send whole units.`
        : `${currency} has ${exponentOf(currency)} decimals. Send at most that many.`,
    not_positive: 'Send an amount above zero.',
    too_large: 'Send at most 12 digits before the point.',
  };
  found.push({ field, code: minor, message: messages[minor] });
  return 0n;
}
