// Whether a text names a person: what an erasure takes out of texts that were not made to hold one.
import type { Person } from '../merchants/person.ts';

/** Shorter ones are found inside other words of any text; they count only as words of their own. */
const LEAST_INSIDE = 5;

/** Tells for one person whether a text is, or holds, anything we know of them: a number, an address, a name. */
export function namingOf(person: Person): (text: string) => boolean {
  const { customer, bankCode: _, bankName: __, ...recipient } = person;
  const patterns = [...Object.values(recipient), ...Object.values(customer ?? {})].map((value) => {
    const own = RegExp.escape(value);
    return new RegExp(value.length < LEAST_INSIDE ? `(?<![\\p{L}\\p{N}])${own}(?![\\p{L}\\p{N}])` : own, 'iu');
  });
  return (text) => patterns.some((pattern) => pattern.test(text));
}

/** A JSON value with null in the place of every text that names the person. */
export function withoutNaming(value: unknown, names: (text: string) => boolean): unknown {
  if (typeof value === 'string') return names(value) ? null : value;
  if (Array.isArray(value)) return value.map((inner) => withoutNaming(inner, names));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, withoutNaming(inner, names)]));
}
