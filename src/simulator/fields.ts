// Checks request bodies field by field, with the messages of the provider's validator (class-validator style).
import { isCurrency, parseWireDecimal } from '../money.ts';
import { PHONE_MESSAGE, Refusal } from './reply.ts';
import type { Settings } from './switches.ts';

/** What is wrong with a value, as a whole sentence, or null. */
export type Rule = (value: unknown, name: string) => string | null;

export interface Field {
  readonly required: boolean;
  readonly rule: Rule;
}

export type Shape = Readonly<Record<string, Field>>;
export type Fields = Readonly<Record<string, unknown>>;

export const required = (rule: Rule): Field => ({ required: true, rule });
export const optional = (rule: Rule): Field => ({ required: false, rule });

/** The body as an object that fits the shape. Raises Refusal 400 naming every wrong field. Null counts as absent. */
export function checkFields(settings: Settings, body: unknown, shape: Shape): Fields {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw new Refusal(400, 'the body must be a JSON object');
  }
  const fields = body as Fields;
  const problems: string[] = [];
  if (settings.strict_fields) {
    for (const name in fields) if (!Object.hasOwn(shape, name)) problems.push(`property ${name} should not exist`);
  }
  for (const name in shape) {
    const problem = problemOf(shape[name], fields[name], name);
    if (problem !== null) problems.push(problem);
  }
  if (problems.length > 0) throw new Refusal(400, ...problems);
  return fields;
}

function problemOf(field: Field | undefined, value: unknown, name: string): string | null {
  if (value !== undefined && value !== null) return field?.rule(value, name) ?? null;
  return field?.required ? `${name} should not be empty` : null;
}

export const text: Rule = (value, name) =>
  typeof value !== 'string' ? `${name} must be a string` : value.trim() === '' ? `${name} should not be empty` : null;

export const truth: Rule = (value, name) => (typeof value === 'boolean' ? null : `${name} must be a boolean value`);

export const phone: Rule = (value) =>
  typeof value === 'string' && /^\+[1-9][0-9]{7,14}$/.test(value) ? null : PHONE_MESSAGE;

export const currency: Rule = (value, name) =>
  typeof value === 'string' && isCurrency(value) ? null : `${name} must be a valid ISO4217 currency code`;

export const country: Rule = (value, name) =>
  typeof value === 'string' && /^[A-Z]{2}$/.test(value) ? null : `${name} must be a valid ISO31661 Alpha2 code`;

export const url: Rule = (value, name) =>
  typeof value === 'string' && /^https?:\/\//.test(value) && URL.canParse(value)
    ? null
    : `${name} must be a URL address`;

/** A number above zero with at most two decimals. */
export const amount: Rule = (value, name) =>
  typeof value !== 'number'
    ? `${name} must be a number`
    : value <= 0
      ? `${name} must be a positive number`
      : toMinor(value) === null
        ? `${name} must have at most 2 decimals`
        : null;

/** The same, or decimal text. */
export const amountOrText: Rule = (value, name) =>
  typeof value === 'string' && /^[0-9]+(\.[0-9]+)?$/.test(value) ? amount(Number(value), name) : amount(value, name);

export const reference: Rule = (value, name) =>
  typeof value !== 'string'
    ? `${name} must be a string`
    : /^[A-Za-z0-9_.:-]{3,64}$/.test(value)
      ? null
      : `${name} must be alphanumeric, 3 to 64 characters`;

export const oneOf =
  (...words: readonly string[]): Rule =>
  (value, name) =>
    typeof value === 'string' && words.includes(value)
      ? null
      : `${name} must be one of the following values: ${words.join(', ')}`;

export const either =
  (...rules: readonly Rule[]): Rule =>
  (value, name) =>
    rules.some((rule) => rule(value, name) === null) ? null : (rules[0]?.(value, name) ?? null);

export const wholeNumber: Rule = (value, name) =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? null : `${name} must be an integer number`;

/** Hundredths of a JSON number or decimal text, exact; null when it is finer than hundredths or no amount. */
export function toMinor(value: number | string): bigint | null {
  if (typeof value === 'number' && Number.isSafeInteger(value)) return BigInt(value) * 100n;
  return parseWireDecimal(String(value));
}
