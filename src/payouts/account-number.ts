// Bank account numbers: what can be known to be wrong before money is set aside.

const PLAIN = /^[A-Za-z0-9]{4,34}$/;
const IBAN = /^[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}$/;

/** What is wrong with the number for a bank in `country`, as a sentence; null when nothing is known against it. */
export function accountNumberProblem(text: string, country: string): string | null {
  if (!PLAIN.test(text)) return 'Send the account number as 4 to 34 letters and digits, without spaces or dashes.';
  if (country === 'NG' && !/^[0-9]{10}$/.test(text)) return 'Nigerian account numbers (NUBAN) have exactly 10 digits.';
  if (IBAN.test(text) && !ibanAddsUp(text))
    return 'The check digits of this IBAN are wrong. Look for a mistyped digit.';
  return null;
}

/** ISO 13616: the country and check digits moved to the end, letters as 10 to 35, leave 1 when divided by 97. */
function ibanAddsUp(iban: string): boolean {
  const digits = [...(iban.slice(4) + iban.slice(0, 4))].map((letter) => parseInt(letter, 36)).join('');
  return BigInt(digits) % 97n === 1n;
}
