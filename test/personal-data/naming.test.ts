// Which texts name a person: by number, address or name, whole or in passing, and not by the chance of a few letters.
import { expect, test } from 'vitest';
import { namingOf, withoutNaming } from '../../src/personal-data/naming.ts';

const names = namingOf({
  firstName: 'Ann',
  lastName: "O'Brien (Jr.)",
  phone: '+256712345678',
  bankCode: '0000',
  customer: { email: 'ann@example.com' },
});

test.each([
  '+256712345678',
  'tel +256712345678!',
  '256712345678',
  '0712345678',
  '+256 712 345-678',
  '(0712) 345.678',
  'for ANN',
  'Ann',
  "mrs o'brien (jr.) paid",
  'to Ann@Example.com',
])('"%s" names the person', (text) => expect(names(text)).toBe(true));

test.each(['planning', 'Annex', 'UGX', 'settled', '0000', '', '+256712345679', 'OBrien'])('"%s" does not', (text) =>
  expect(names(text)).toBe(false),
);

test('whatever names the person becomes null, however deep, and everything else stays as it is', () => {
  const value = { id: 'po1', to: ['Ann', { note: 'for Ann' }], n: 5, yes: true, none: null, metadata: { order: '7' } };
  const telling = { ...value, metadata: { order: '7', '256712345678': 'paid' } };
  for (const each of [value, telling])
    expect(withoutNaming(each, names)).toEqual({ ...value, to: [null, { note: null }] });
});
