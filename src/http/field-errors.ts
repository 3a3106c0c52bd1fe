// What zod found wrong, as field errors: a path such as `recipient.phone`, a stable code, a sentence saying what to do.
import type { z } from 'zod';
import type { FieldError } from '../errors.ts';

/** Names are echoed only when they are plain: an error must not carry whatever a stranger wrote. */
const PLAIN_NAME = /^[A-Za-z0-9_.-]{1,64}$/;

/** A field's path in dots. */
export function pathOf(path: readonly PropertyKey[]): string {
  return path.map((part) => (PLAIN_NAME.test(String(part)) ? String(part) : '(unreadable name)')).join('.');
}

/** Every issue of a failed parse of `input`. `kind` is what the fields are called in sentences. */
export function fieldErrors(
  issues: readonly z.core.$ZodIssue[],
  input: unknown,
  kind: 'field' | 'parameter',
): FieldError[] {
  return issues.flatMap((issue) => {
    const field = pathOf(issue.path);
    if (issue.code === 'unrecognized_keys')
      return issue.keys.map((key) => ({
        field: pathOf([...issue.path, key]),
        code: `unknown_${kind}`,
        message: `There is no such ${kind}. Leave it out, or check its spelling.`,
      }));
    if (isAbsent(input, issue.path)) return { field, code: 'required', message: `Give ${field}: it is required.` };
    if (issue.code === 'custom')
      return { field, code: String(issue.params?.['code'] ?? 'invalid'), message: issue.message };
    if (issue.code === 'invalid_key')
      return { field, code: 'invalid_key', message: issue.issues.map(({ message }) => message).join(' ') };
    const code =
      issue.code === 'invalid_value' ? 'unknown_value' : issue.code === 'invalid_type' ? 'wrong_type' : 'invalid';
    return { field, code, message: issue.message };
  });
}

function isAbsent(input: unknown, path: readonly PropertyKey[]): boolean {
  let value = input;
  for (const part of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, part)) return true;
    value = (value as Record<PropertyKey, unknown>)[part];
  }
  return value === undefined;
}
