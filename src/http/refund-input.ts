// A refund as callers write it: all of it may be left out, and then whatever is left of the collection goes back.
import { z } from 'zod';
import { type FieldError, InvalidRequest } from '../errors.ts';
import type { NewRefund } from '../payouts/refund.ts';
import * as input from './inputs.ts';
import { readAmount } from './read-amount.ts';

export const refundBody = z
  .strictObject({
    amount: input.amount.optional().meta({
      description: "In the collection's currency. Left out: whatever was collected and is not refunded yet.",
    }),
    maxFee: input.amount.optional().meta({ description: 'The highest fee accepted, in the same currency.' }),
    reference: input.reference.optional(),
    metadata: input.metadata.optional(),
  })
  .meta({ id: 'NewRefund' });

/** Raises InvalidRequest naming every field that does not fit. */
export function readRefund(body: z.output<typeof refundBody>, currency: string): NewRefund {
  const found: FieldError[] = [];
  const read = (field: 'amount' | 'maxFee', mayBeZero: boolean) =>
    body[field] === undefined ? null : readAmount(found, { field, text: body[field], currency, mayBeZero });
  const amountMinor = read('amount', false);
  const maxFeeMinor = read('maxFee', true);
  if (found.length > 0) throw new InvalidRequest(found);
  return { amountMinor, maxFeeMinor, reference: body.reference ?? null, metadata: body.metadata ?? {} };
}
