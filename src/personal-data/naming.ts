// Whether a text names a person: what an erasure takes out of texts that were not made to hold one.
import type { Person } from '../merchants/person.ts';

/** Shorter ones are words of any text; they count only where they are the whole of it. */
const LEAST_INSIDE = 5;

/** Tells for one person whether a text is, or holds, anything we know of them: a number, an address, a name. */
export function namingOf(person: Person): (text: string) => boolean {
  const { customer, bankCode: _, bankName: __, ...recipient } = person;
  const values = [...Object.values(recipient), ...Object.values(customer ?? {})].map((value) => value.toLowerCase());
  return (text) => {
    const given = text.toLowerCase();
    return values.some((value) => given === value || (value.length >= LEAST_INSIDE && given.includes(value)));
  };
}

/** A JSON value with null in the place of every text that names the person. */
export function withoutNaming(value: unknown, names: (text: string) => boolean): unknown {
  if (typeof value === 'string') return names(value) ? null : value;
  if (Array.isArray(value)) return value.map((inner) => withoutNaming(inner, names));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, withoutNaming(inner, names)]));
}
