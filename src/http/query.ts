// Query parameters: each known, given once and with a value; anything else is refused rather than ignored.
import { z } from 'zod';
import { type FieldError, InvalidRequest } from '../errors.ts';
import { fieldErrors, pathOf } from './field-errors.ts';
import { text } from './inputs.ts';

const NONE = z.strictObject({});

/** Page size and cursor, which every list takes. */
export const paging = {
  limit: text(
    { example: '25', description: 'How many at most: 1 to 100.', pattern: '^([1-9][0-9]?|100)$' },
    {
      code: 'not_a_limit',
      message: 'Send a whole number from 1 to 100.',
      holds: (given) => /^([1-9][0-9]?|100)$/.test(given),
    },
  )
    .transform(Number)
    .default(25),
  cursor: text(
    { example: 'eyJ', description: 'The nextCursor of the page before.' },
    {
      code: 'invalid_cursor',
      message: 'The cursor is not one of ours. Take nextCursor of the page before.',
      holds: (given) => /^[A-Za-z0-9_-]{1,400}$/.test(given),
    },
  ).optional(),
};

/** Raises InvalidRequest naming every parameter that is unknown, empty, given twice or wrong. */
export function readQuery(url: string, schema: z.ZodObject = NONE): unknown {
  const start = url.indexOf('?');
  if (start === -1 && schema === NONE) return {};
  const found: FieldError[] = [];
  const given: Record<string, string> = {};
  for (const [name, value] of new URLSearchParams(start === -1 ? '' : url.slice(start + 1))) {
    const field = pathOf([name]);
    if (!Object.hasOwn(schema.shape, name))
      found.push({ field, code: 'unknown_parameter', message: 'There is no such query parameter. Leave it out.' });
    else if (Object.hasOwn(given, name))
      found.push({ field, code: 'duplicate_parameter', message: `Give ${field} once.` });
    else if (value === '')
      found.push({ field, code: 'empty_value', message: `Give ${field} a value, or leave it out.` });
    else given[name] = value;
  }
  const parsed = schema.safeParse(given);
  if (!parsed.success) found.push(...fieldErrors(parsed.error.issues, given, 'parameter'));
  if (!parsed.success || found.length > 0) throw new InvalidRequest(found);
  return parsed.data;
}

/** One more than asked for tells whether there is a next page. */
export function pageOf<T>(rows: readonly T[], limit: number): { page: readonly T[]; last: T | null } {
  const page = rows.slice(0, limit);
  return { page, last: rows.length > limit ? (page.at(-1) as T) : null };
}

/** Raises InvalidRequest for a span that ends before it begins. */
export function readSpan(given: { from?: Date | undefined; to?: Date | undefined }): {
  readonly from: Date | null;
  readonly to: Date | null;
} {
  const { from = null, to = null } = given;
  if (from !== null && to !== null && from >= to)
    throw InvalidRequest.field('to', 'reversed_range', 'Give a "to" that is later than "from".');
  return { from, to };
}
