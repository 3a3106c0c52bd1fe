// Reads the options of a command: strict, and every refusal is one sentence that names the option.
import { InvalidRequest } from '../errors.ts';
import { ID_PREFIXES, type IdKind, isId } from '../ids.ts';
import { type AmountProblem, CURRENCIES, exponentOf, isCurrency, parseAmount } from '../money.ts';
import { parsePercent } from '../pricing/percent.ts';

/** A refusal of one option; the sentence says what to give instead. */
export function wrong(option: string, sentence: string): InvalidRequest {
  return InvalidRequest.field(option, 'wrong_option', sentence);
}

export function readCurrency(text: string, option = '--currency'): string {
  if (!isCurrency(text)) throw wrong(option, `Give one of ${CURRENCIES.join(', ')}.`);
  return text;
}

/** An amount in major units, such as `2000` or `21.71`, as hundredths. */
export function readAmount(option: string, text: string, currency: string): bigint {
  const amount = parseAmount(text, currency);
  if (typeof amount === 'bigint') return amount;
  const sentences: Record<AmountProblem, string> = {
    not_an_amount: 'Give plain digits in major units, such as 2000 or 21.71.',
    too_many_decimals: `${currency} has ${exponentOf(currency) === 0 ? 'no decimals' : 'two decimals at most'}.`,
    not_positive: 'Give an amount above zero.',
    too_large: 'Give at most 12 digits before the point.',
  };
  throw wrong(option, sentences[amount]);
}

/** An id of ours; says nothing about whether it exists. */
export function readId(option: string, text: string, ...kinds: readonly IdKind[]): string {
  if (kinds.some((kind) => isId(kind, text))) return text;
  throw wrong(option, `Give an id such as ${kinds.map((kind) => `${ID_PREFIXES[kind]}01J…`).join(' or ')}.`);
}

/** A percentage with up to four decimals, such as `1.5`, as parts per million. */
export function readPercent(option: string, text: string): number {
  const ppm = parsePercent(text);
  if (ppm === null) throw wrong(option, 'Give a percentage from 0 to 100 with at most four decimals, such as 1.5.');
  return ppm;
}

export function readWord<const Word extends string>(option: string, text: string, words: readonly Word[]): Word {
  const word = words.find((one) => one === text);
  if (word === undefined) throw wrong(option, `Give one of ${words.join(', ')}.`);
  return word;
}

/** Why an operator did it: it goes into the audit log, for somebody who was not there. */
export function readReason(text: string): string {
  const reason = text.trim();
  if (reason === '' || reason.length > 500) throw wrong('--reason', 'Say why in 1 to 500 characters.');
  return reason;
}

/** Who decides, by the name they go by. */
export function readOperator(option: string, text: string): string {
  if (!/^[A-Za-z0-9._@-]{1,60}$/.test(text)) throw wrong(option, 'Give a name of letters, digits and . _ @ -.');
  return text;
}

/** A whole number from 1 to `most`. */
export function readCount(option: string, text: string, most: number): number {
  const count = /^[1-9][0-9]{0,8}$/.test(text) ? Number(text) : 0;
  if (count < 1 || count > most) throw wrong(option, `Give a whole number from 1 to ${most}.`);
  return count;
}

/** A day (`2027-01-31`, its end in UTC) or a moment in UTC (`2027-01-31T08:00:00Z`). */
export function readMoment(option: string, text: string): Date {
  const isDay = /^[0-9]{4}-[0-9]{2}-[0-9]{2}$/.test(text);
  const isMoment = /^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$/.test(text);
  const at = new Date(isDay ? `${text}T23:59:59Z` : isMoment ? text : Number.NaN);
  if (Number.isNaN(at.getTime()) || !at.toISOString().startsWith(text.slice(0, 10)))
    throw wrong(option, 'Give a day such as 2027-01-31 or a moment in UTC such as 2027-01-31T08:00:00Z.');
  return at;
}

const UNIT_MS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** A span such as `30m`, `24h` or `7d`, or `0`, in milliseconds. */
export function readSpan(option: string, text: string): number {
  const match = /^([0-9]{1,5})([smhd])$/.exec(text);
  if (text === '0') return 0;
  if (match === null) throw wrong(option, 'Give a number with its unit: 30m, 24h or 7d; 0 for none.');
  return Number(match[1]) * (UNIT_MS[match[2] ?? ''] ?? 0);
}
