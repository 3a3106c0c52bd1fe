// Beneficiaries as callers write them: the corridor and the recipient under the very rules of a payout.
import { z } from 'zod';
import { type FieldError, InvalidRequest } from '../errors.ts';
import type { NewBeneficiary } from '../merchants/beneficiary.ts';
import type { Method, Recipient } from '../provider/provider.ts';
import * as input from './inputs.ts';
import { checkCountry } from './payout-input.ts';
import { beneficiaryId, checkRecipient, recipient } from './recipient-input.ts';

export const beneficiaryBody = z
  .strictObject({
    method: input.word(['momo', 'bank', 'eversend']),
    country: input.country.optional().meta({ description: 'Where it is paid. Left out for `eversend`.' }),
    recipient,
    reference: input.reference.optional(),
  })
  .meta({ id: 'NewBeneficiary' });

export const verifyBody = z
  .strictObject({
    beneficiaryId: beneficiaryId('A saved beneficiary, in place of the rest; the result is kept with it.').optional(),
    method: beneficiaryBody.shape.method.optional(),
    country: beneficiaryBody.shape.country,
    recipient: recipient.optional(),
  })
  .meta({ id: 'AccountToVerify' });

/** Raises InvalidRequest naming every field that does not fit. */
export function readBeneficiary(body: z.output<typeof beneficiaryBody>): Omit<NewBeneficiary, 'merchantId'> {
  const found: FieldError[] = [];
  checkCountry(found, body);
  const read = checkRecipient(found, body);
  if (read === null || found.length > 0) throw new InvalidRequest(found);
  return { method: body.method, country: body.country ?? null, recipient: read, reference: body.reference ?? null };
}

/** An account to ask about, or the id of a beneficiary. Raises InvalidRequest naming every field that does not fit. */
export function readVerify(
  body: z.output<typeof verifyBody>,
): { id: string } | { method: Method; country: string | null; recipient: Recipient } {
  const { beneficiaryId: id, method, country, recipient: given } = body;
  const found: FieldError[] = [];
  if (id !== undefined) {
    for (const field of ['method', 'country', 'recipient'] as const) {
      const message = 'Give either beneficiaryId or the account itself.';
      if (body[field] !== undefined) found.push({ field, code: 'not_allowed_here', message });
    }
    if (found.length > 0) throw new InvalidRequest(found);
    return { id };
  }
  if (method === undefined) {
    const message = 'Give method, country and recipient; or a beneficiaryId.';
    throw InvalidRequest.field('method', 'required', message);
  }
  checkCountry(found, { method, country });
  const read = checkRecipient(found, { method, country, recipient: given }, 'verifying');
  if (read === null || found.length > 0) throw new InvalidRequest(found);
  return { method, country: country ?? null, recipient: read };
}
