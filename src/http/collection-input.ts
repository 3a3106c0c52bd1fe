// A collection as callers write it, and what the fields must be to each other.
import { z } from 'zod';
import { COLLECTION_CURRENCIES, MOST_COLLECTED_MINOR, REDIRECT_COUNTRIES } from '../collections/corridors.ts';
import type { NewCollection } from '../collections/create.ts';
import { type FieldError, InvalidRequest } from '../errors.ts';
import { formatAmount } from '../money.ts';
import * as input from './inputs.ts';
import { phoneProblem } from './phone-problem.ts';
import { readAmount } from './read-amount.ts';

export const feesBody = z
  .strictObject({ amount: input.amount, currency: input.currency, country: input.country })
  .meta({ id: 'CollectionFeesRequest' });

export const otpBody = z.strictObject({ phone: input.phone }).meta({ id: 'PinRequest' });

export const collectionBody = z
  .strictObject({
    ...feesBody.shape,
    phone: input.phone,
    owner: input.owner.optional(),
    otp: input.otp.optional(),
    customer: z
      .strictObject(
        { name: input.name.optional(), email: input.email.optional() },
        { error: 'Send an object with name, email or both.' },
      )
      .optional()
      .meta({ description: 'Who pays, as far as you know.' }),
    redirectUrl: input.redirectUrl.optional(),
    reference: input.reference.optional(),
    metadata: input.metadata.optional(),
  })
  .meta({ id: 'NewCollection' });

/** Raises InvalidRequest naming every field that does not fit. */
export function readFees(body: z.output<typeof feesBody>) {
  const found: FieldError[] = [];
  const amountMinor = checkCorridor(found, body);
  if (found.length > 0) throw new InvalidRequest(found);
  return { amountMinor, currency: body.currency, country: body.country };
}

/** Raises InvalidRequest: a pin is only sent to where money can be collected. */
export function readOtp(body: z.output<typeof otpBody>): { phone: string } {
  const problem = phoneProblem('phone', body.phone, null);
  const countries = [...COLLECTION_CURRENCIES.keys()];
  const elsewhere = { field: 'phone', code: 'wrong_country', message: `Send a phone of ${countries.join(', ')}.` };
  if (problem !== null) throw new InvalidRequest([problem]);
  if (!countries.some((country) => phoneProblem('phone', body.phone, country) === null))
    throw new InvalidRequest([elsewhere]);
  return { phone: body.phone };
}

/** Raises InvalidRequest naming every field that does not fit. */
export function readCollection(body: z.output<typeof collectionBody>): NewCollection {
  const found: FieldError[] = [];
  const { currency, country, phone, customer } = body;
  const amountMinor = checkCorridor(found, body);
  if (COLLECTION_CURRENCIES.has(country)) {
    const problem = phoneProblem('phone', phone, country);
    if (problem !== null) found.push(problem);
  }
  if (REDIRECT_COUNTRIES.has(country) && body.redirectUrl === undefined) {
    const message = `Collections in ${country} need a redirectUrl, where the payer returns to.`;
    found.push({ field: 'redirectUrl', code: 'required', message });
  }
  if (customer !== undefined && customer.name === undefined && customer.email === undefined)
    found.push({ field: 'customer', code: 'required', message: 'Give a name or an e-mail, or leave customer out.' });
  if (found.length > 0) throw new InvalidRequest(found);
  return {
    amountMinor,
    currency,
    country,
    phone,
    owner: body.owner ?? null,
    otp: body.otp ?? null,
    // Absent fields stay absent: `undefined` would be another shape to whoever reads it.
    customer:
      customer === undefined
        ? null
        : {
            ...(customer.name === undefined ? {} : { name: customer.name }),
            ...(customer.email === undefined ? {} : { email: customer.email }),
          },
    redirectUrl: body.redirectUrl ?? null,
    reference: body.reference ?? null,
    metadata: body.metadata ?? {},
  };
}

function checkCorridor(found: FieldError[], of: { amount: string; currency: string; country: string }): bigint {
  const { amount, currency, country } = of;
  const expected = COLLECTION_CURRENCIES.get(country);
  if (expected === undefined) {
    const message = `Money is collected in ${[...COLLECTION_CURRENCIES.keys()].join(', ')}.`;
    found.push({ field: 'country', code: 'unsupported_country', message });
  } else if (expected !== currency) {
    found.push({ field: 'currency', code: 'wrong_currency', message: `Collections in ${country} are in ${expected}.` });
  }
  const minor = readAmount(found, { field: 'amount', text: amount, currency });
  if (minor % 100n !== 0n)
    found.push({ field: 'amount', code: 'not_whole', message: 'Collections are in whole units of every currency.' });
  if (minor > MOST_COLLECTED_MINOR)
    found.push({
      field: 'amount',
      code: 'too_large',
      message: `Collect at most ${formatAmount(MOST_COLLECTED_MINOR)}.`,
    });
  return minor;
}
