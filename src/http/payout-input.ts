// A payout as callers write it, and what the fields must be to each other.
import { z } from 'zod';
import { type FieldError, InvalidRequest } from '../errors.ts';
import { PAYOUT_CURRENCIES } from '../payouts/corridors.ts';
import type { NewPayout } from '../payouts/create.ts';
import type { Method, Recipient } from '../provider/provider.ts';
import * as input from './inputs.ts';
import { readAmount } from './read-amount.ts';
import { beneficiaryId, checkRecipient, recipient } from './recipient-input.ts';

/** Less is no plan: whoever wants it now leaves the time out. */
const SOONEST_MS = 60_000;
const LATEST_MS = 365 * 24 * 3_600_000;

export const quoteBody = z
  .strictObject({
    amount: input.amount,
    currency: input.currency,
    amountType: input
      .word(['source', 'destination'], 'Whether `amount` is in `currency` or in `destinationCurrency`.')
      .default('source'),
    method: input.word(['momo', 'bank', 'eversend']),
    country: input.country.optional().meta({ description: 'Where it arrives. Left out for `eversend`.' }),
    destinationCurrency: input.currency.optional().meta({ description: 'What arrives. Left out for `eversend`.' }),
    recipient: recipient.optional(),
  })
  .meta({ id: 'PayoutQuoteRequest' });

export const payoutBody = z
  .strictObject({
    ...quoteBody.shape,
    maxAmount: input.amount.optional().meta({
      description: 'The most it may take, in `currency`; held until settlement. Required for `destination`.',
    }),
    maxFee: input.amount.optional().meta({ description: 'The highest fee accepted, in `currency`.' }),
    beneficiaryId: beneficiaryId('A saved beneficiary, in place of `recipient`.').optional(),
    owner: input.owner.optional(),
    reference: input.reference.optional(),
    scheduledAt: input.instant.optional().meta({
      description:
        'When it is sent, from a minute to 365 days ahead, RFC 3339 in UTC. The money is set aside and the fee fixed now; the rate is that of its day.',
    }),
    metadata: input.metadata.optional(),
  })
  .meta({ id: 'NewPayout' });

type Body = z.output<typeof payoutBody>;

/** Raises InvalidRequest naming every field that does not fit. */
export function readQuote(body: z.output<typeof quoteBody>) {
  const found: FieldError[] = [];
  const priced = readPrice(found, body);
  // Only an Eversend wallet's owner decides what arrives; elsewhere the corridor does, and nobody needs to be named.
  let to: Recipient = {};
  if (body.method === 'eversend') to = checkRecipient(found, body) ?? {};
  else if (body.recipient !== undefined) found.push(notFor('recipient', 'A quote by momo or bank needs no recipient.'));
  if (found.length > 0) throw new InvalidRequest(found);
  return { ...priced, recipient: to };
}

/** Raises InvalidRequest naming every field that does not fit. */
export function readPayout(body: Body): NewPayout {
  const found: FieldError[] = [];
  const priced = readPrice(found, body);
  const { currency } = body;
  const isDestination = body.amountType === 'destination';
  if (isDestination && body.maxAmount === undefined)
    found.push({
      field: 'maxAmount',
      code: 'required',
      message: `Give maxAmount: the most it may take in ${currency}.`,
    });
  if (!isDestination && body.maxAmount !== undefined)
    found.push(notFor('maxAmount', 'maxAmount is for amountType "destination": here the amount itself says it.'));
  const ceiling = (field: 'maxAmount' | 'maxFee', mayBeZero: boolean) =>
    body[field] === undefined ? null : readAmount(found, { field, text: body[field], currency, mayBeZero });
  const maxAmountMinor = ceiling('maxAmount', false);
  const maxFeeMinor = ceiling('maxFee', true);
  if ((body.recipient === undefined) === (body.beneficiaryId === undefined))
    found.push({ field: 'recipient', code: 'required', message: 'Give either recipient or beneficiaryId.' });
  const to = body.recipient === undefined ? null : checkRecipient(found, body);
  checkSchedule(found, body.scheduledAt);
  if (found.length > 0) throw new InvalidRequest(found);
  return {
    ...priced,
    maxAmountMinor,
    maxFeeMinor,
    recipient: to,
    beneficiaryId: body.beneficiaryId ?? null,
    owner: body.owner ?? null,
    reference: body.reference ?? null,
    scheduledAt: body.scheduledAt ?? null,
    metadata: body.metadata ?? {},
  };
}

const notFor = (field: string, message: string) => ({ field, code: 'not_allowed_here', message });

function readPrice(found: FieldError[], body: z.output<typeof quoteBody>) {
  const { currency, amountType, method } = body;
  const arrives = checkCorridor(found, body);
  if (amountType === 'destination' && method === 'eversend') {
    const message = 'For eversend the amount is what leaves your wallet: use amountType "source".';
    found.push({ field: 'amountType', code: 'not_allowed_here', message });
  }
  const amountCurrency = amountType === 'source' ? currency : arrives;
  const amountMinor =
    amountCurrency === null ? 0n : readAmount(found, { field: 'amount', text: body.amount, currency: amountCurrency });
  return { amountMinor, currency, amountType, method, country: body.country ?? null, destinationCurrency: arrives };
}

const WALLET_DECIDES = "Leave it out for eversend: the recipient's wallet decides.";

/** The currency of that country by that method; undefined for `eversend`, and for whatever is refused. */
export function checkCountry(
  found: FieldError[],
  { method, country }: { method: Method; country?: string | undefined },
): string | undefined {
  if (method === 'eversend') {
    if (country !== undefined) found.push(notFor('country', WALLET_DECIDES));
    return undefined;
  }
  const table = PAYOUT_CURRENCIES[method];
  const expected = table.get(country ?? '');
  if (country === undefined) {
    found.push({ field: 'country', code: 'required', message: `Give the country in which it arrives by ${method}.` });
  } else if (expected === undefined) {
    const message = `By ${method} we pay to ${[...table.keys()].join(', ')}.`;
    found.push({ field: 'country', code: 'unsupported_country', message });
  }
  return expected;
}

/** What arrives there; null for `eversend`, and for whatever is refused. */
function checkCorridor(found: FieldError[], body: z.output<typeof quoteBody>): string | null {
  const { method, country, destinationCurrency } = body;
  const expected = checkCountry(found, body);
  if (method === 'eversend') {
    if (destinationCurrency !== undefined) found.push(notFor('destinationCurrency', WALLET_DECIDES));
    return null;
  }
  if (destinationCurrency === undefined) {
    found.push({ field: 'destinationCurrency', code: 'required', message: 'Give the currency that shall arrive.' });
  } else if (expected !== undefined && destinationCurrency !== expected) {
    const message = `By ${method}, ${expected} arrives in ${country}.`;
    found.push({ field: 'destinationCurrency', code: 'wrong_currency', message });
  }
  return destinationCurrency ?? null;
}

function checkSchedule(found: FieldError[], at: Date | undefined): void {
  if (at === undefined) return;
  const aheadMs = at.getTime() - Date.now();
  if (aheadMs >= SOONEST_MS && aheadMs <= LATEST_MS) return;
  const code = aheadMs <= 0 ? 'not_in_future' : aheadMs < SOONEST_MS ? 'too_soon' : 'too_far_ahead';
  const message = 'Give a time from a minute to 365 days ahead; or leave scheduledAt out to pay at once.';
  found.push({ field: 'scheduledAt', code, message });
}
