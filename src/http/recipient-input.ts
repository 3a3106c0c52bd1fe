// Whom a payout pays, as callers write it: which fields each method needs, and which it does not know.
import { z } from 'zod';
import type { FieldError } from '../errors.ts';
import { isId } from '../ids.ts';
import { accountNumberProblem } from '../payouts/account-number.ts';
import type { Method, Recipient } from '../provider/provider.ts';
import * as input from './inputs.ts';
import { phoneProblem } from './phone-problem.ts';

const code = (example: string, most: number, code: string, message: string) =>
  input.text({ example }, { code, message, holds: (text) => text.length <= most && /^[A-Za-z0-9_.-]+$/.test(text) });

const fields = {
  firstName: input.name.optional(),
  lastName: input.name.optional(),
  phone: input.phone.optional(),
  bankCode: code('0000', 20, 'not_a_bank_code', 'Send the code that /v1/payouts/banks/{country} lists.').optional(),
  bankName: input.name.optional(),
  accountName: input.name.optional(),
  accountNumber: code(
    '0123456789',
    34,
    'not_an_account_number',
    'Send the account number as 4 to 34 letters and digits, without spaces or dashes.',
  ).optional(),
  email: input.email.optional(),
  tag: code(
    'adaexample',
    50,
    'not_a_tag',
    'Send an Eversend tag of up to 50 letters, digits, "_", "." and "-".',
  ).optional(),
};
type Field = keyof typeof fields;

export const recipient = z.strictObject(fields, { error: 'Send an object that names the recipient.' }).meta({
  id: 'Recipient',
  description:
    'By `momo`: firstName, lastName, phone. By `bank`: bankCode, bankName, accountName, accountNumber as well. By `eversend`: one of phone, email, tag.',
});

export const beneficiaryId = (description: string) =>
  input.text(
    { example: 'be01KAB3R7W2Q8N4YV5T6X9ZCDEF', description },
    { code: 'not_an_id', message: 'Send the id of a beneficiary.', holds: (text) => isId('beneficiary', text) },
  );

const NEEDS: Readonly<Record<Exclude<Method, 'eversend'>, readonly Field[]>> = {
  momo: ['firstName', 'lastName', 'phone'],
  bank: ['firstName', 'lastName', 'phone', 'bankCode', 'bankName', 'accountName', 'accountNumber'],
};
/** Whether an account exists can be asked without knowing whose it is. */
const VERIFYING_NEEDS: typeof NEEDS = { momo: ['phone'], bank: ['bankCode', 'accountNumber'] };
const WALLET_NAMES: readonly Field[] = ['phone', 'email', 'tag'];

/** The recipient for the method, or null after adding to `found` what is missing, too much or wrong for `purpose`. */
export function checkRecipient(
  found: FieldError[],
  of: { method: Method; country?: string | undefined; recipient?: z.output<typeof recipient> | undefined },
  purpose: 'paying' | 'verifying' = 'paying',
): Recipient | null {
  const given = of.recipient ?? {};
  const before = found.length;
  const refuse = (field: string, code: string, message: string) => found.push({ field, code, message });
  const named = (Object.keys(given) as Field[]).filter((field) => given[field] !== undefined);
  if (of.method === 'eversend') {
    if (named.filter((field) => WALLET_NAMES.includes(field)).length !== 1)
      refuse('recipient', 'required', "Name the recipient's Eversend wallet by one of phone, email and tag.");
  } else {
    for (const field of (purpose === 'paying' ? NEEDS : VERIFYING_NEEDS)[of.method])
      if (given[field] === undefined)
        refuse(`recipient.${field}`, 'required', `Give recipient.${field}: ${purpose} by ${of.method} needs it.`);
  }
  const known = of.method === 'eversend' ? WALLET_NAMES : NEEDS[of.method];
  for (const field of named)
    if (!known.includes(field))
      refuse(`recipient.${field}`, 'not_allowed_here', `By ${of.method} there is no use for it. Leave it out.`);
  if (given.phone !== undefined) {
    const problem = phoneProblem('recipient.phone', given.phone, of.country ?? null);
    if (problem !== null) found.push(problem);
  }
  if (given.accountNumber !== undefined) {
    const problem = accountNumberProblem(given.accountNumber, of.country ?? '');
    if (problem !== null) refuse('recipient.accountNumber', 'not_an_account_number', problem);
  }
  if (found.length > before) return null;
  return Object.fromEntries(named.map((field) => [field, given[field]]));
}
