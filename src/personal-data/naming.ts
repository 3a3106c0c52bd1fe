// Whether a text names a person: what an erasure takes out of texts that were not made to hold one.
import type { Person } from '../merchants/person.ts';

/** Shorter ones are found inside other words of any text; they count only as words of their own. */
const LEAST_INSIDE = 5;

/** A phone is known by these last digits: the rest is the country, written in several ways or not at all. */
const OWN_DIGITS = 9;
const NUMBER = /^\+?[0-9]{7,}$/;

/** A number however it is grouped, a phone with its country or without. */
function patternOf(value: string): RegExp {
  if (NUMBER.test(value)) {
    const digits = value.startsWith('+') ? value.slice(1).slice(-OWN_DIGITS) : value;
    return new RegExp([...digits].join('[ ().-]*'));
  }
  const own = RegExp.escape(value);
  return new RegExp(value.length < LEAST_INSIDE ? `(?<![\\p{L}\\p{N}])${own}(?![\\p{L}\\p{N}])` : own, 'iu');
}

/** Tells for one person whether a text is, or holds, anything we know of them: a number, an address, a name. */
export function namingOf(person: Person): (text: string) => boolean {
  const { customer, bankCode: _, bankName: __, ...recipient } = person;
  const patterns = [...Object.values(recipient), ...Object.values(customer ?? {})].map(patternOf);
  return (text) => patterns.some((pattern) => pattern.test(text));
}

/** Whether it is the name of a field that somebody chose and that tells a number of the person; our own names have no numbers. */
const isTelling = (key: string, names: (text: string) => boolean) => /[0-9]{4}/.test(key) && names(key);

/** A JSON value with null in the place of every text that names the person, and without fields that are called so. */
export function withoutNaming(value: unknown, names: (text: string) => boolean): unknown {
  if (typeof value === 'string') return names(value) ? null : value;
  if (Array.isArray(value)) return value.map((inner) => withoutNaming(inner, names));
  if (typeof value !== 'object' || value === null) return value;
  const kept = Object.entries(value).filter(([key]) => !isTelling(key, names));
  return Object.fromEntries(kept.map(([key, inner]) => [key, withoutNaming(inner, names)]));
}
