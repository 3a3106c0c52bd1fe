// What the readers of bodies do where the shapes alone do not decide: one field against another, and names for what is wrong.
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { InvalidRequest } from '../../src/errors.ts';
import { collectionBody, readCollection } from '../../src/http/collection-input.ts';
import { fieldErrors } from '../../src/http/field-errors.ts';
import { payoutBody, quoteBody, readPayout, readQuote } from '../../src/http/payout-input.ts';

const refusals = (read: () => unknown) => {
  try {
    read();
  } catch (error) {
    return (error as InvalidRequest).errors.map(({ field, code }) => `${field} ${code}`);
  }
  return [];
};
const QUOTE = { amount: '1000', currency: 'UGX', method: 'eversend' } as const;

describe('a quote to a wallet', () => {
  const read = (more: object) => readQuote(quoteBody.parse({ ...QUOTE, ...more }));

  it('names whose wallet it is', () => {
    expect(read({ recipient: { tag: 'ada' } }).recipient).toEqual({ tag: 'ada' });
    expect(refusals(() => read({}))).toEqual(['recipient required']);
    expect(refusals(() => read({ recipient: { tag: 'ada', email: 'ada@example.com' } }))).toEqual([
      'recipient required',
    ]);
  });
});

describe('a payout', () => {
  const BANK = {
    amount: '1000',
    currency: 'UGX',
    method: 'bank',
    destinationCurrency: 'NGN',
    recipient: {
      firstName: 'Ada',
      lastName: 'Eze',
      phone: '+2348031234567',
      bankCode: '044',
      bankName: 'A Bank',
      accountName: 'ADA EZE',
      accountNumber: '0123456789',
    },
  };
  const read = (more: object) => readPayout(payoutBody.parse({ ...BANK, ...more }));

  it('has its account number read by the rules of its country, and by the common ones where it names none', () => {
    expect(read({ country: 'NG' }).recipient).toEqual(BANK.recipient);
    expect(refusals(() => read({}))).toEqual(['country required']);
    const short = { ...BANK.recipient, accountNumber: '01234' };
    expect(refusals(() => read({ country: 'NG', recipient: short }))).toEqual([
      'recipient.accountNumber not_an_account_number',
    ]);
  });

  it('is for a time from a minute to 365 days ahead', () => {
    const at = (aheadMs: number) => read({ country: 'NG', scheduledAt: new Date(Date.now() + aheadMs).toISOString() });
    const DAY_MS = 86_400_000;
    for (const aheadMs of [61_000, DAY_MS, 365 * DAY_MS - 1000]) expect(refusals(() => at(aheadMs))).toEqual([]);
    expect(refusals(() => at(-DAY_MS))).toEqual(['scheduledAt not_in_future']);
    expect(refusals(() => at(59_000))).toEqual(['scheduledAt too_soon']);
    expect(refusals(() => at(365 * DAY_MS + 60_000))).toEqual(['scheduledAt too_far_ahead']);
  });
});

describe('a collection', () => {
  it('takes a payer with a name, an e-mail or both, and gives back just that', () => {
    const body = { amount: '1000', currency: 'UGX', country: 'UG', phone: '+256712345678' };
    const read = (customer: object) => readCollection(collectionBody.parse({ ...body, customer })).customer;
    for (const customer of [{ name: 'Ada' }, { email: 'ada@example.com' }, { name: 'Ada', email: 'ada@example.com' }]) {
      expect(read(customer)).toStrictEqual(customer);
    }
    expect(refusals(() => read({}))).toEqual(['customer required']);
  });
});

describe('what is wrong with a field', () => {
  const codes = (schema: z.ZodType, input: unknown) =>
    fieldErrors(schema.safeParse(input).error?.issues ?? [], input, 'field').map(({ field, code }) => [field, code]);

  it('has a code, and "invalid" where nobody gave it one', () => {
    expect(codes(z.object({ a: z.string() }), { a: 5 })).toEqual([['a', 'wrong_type']]);
    expect(codes(z.object({ a: z.enum(['x']) }), { a: 'y' })).toEqual([['a', 'unknown_value']]);
    expect(codes(z.object({ a: z.string().max(1) }), { a: 'long' })).toEqual([['a', 'invalid']]);
    expect(codes(z.object({ a: z.string().refine(() => false) }), { a: 'x' })).toEqual([['a', 'invalid']]);
    expect(codes(z.strictObject({}), { 'a b': 1 })).toEqual([['(unreadable name)', 'unknown_field']]);
  });
});
