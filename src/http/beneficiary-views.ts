// The shapes of answers about beneficiaries, for the description; tests hold real answers against them.
import { z } from 'zod';
import { VERIFICATIONS } from '../merchants/verification.ts';
import { country, time } from './views.ts';

const recipient = z.strictObject(
  Object.fromEntries(
    ['firstName', 'lastName', 'phone', 'bankCode', 'bankName', 'accountName', 'accountNumber', 'email', 'tag'].map(
      (field) => [field, z.string().optional()],
    ),
  ),
);

const verification = z.enum(VERIFICATIONS).meta({
  description:
    '`verified`: it exists, under the name given. `name_mismatch`: under another name. `exists`: it exists, and there was no name to compare. `not_found`: the provider knows no such account.',
});

export const beneficiary = z
  .strictObject({
    id: z.string().meta({ examples: ['be01KAB3R7W2Q8N4YV5T6X9ZCDEF'] }),
    method: z.enum(['momo', 'bank', 'eversend']),
    country: country.nullable(),
    recipient: recipient.meta({ examples: [{ firstName: 'John', lastName: 'Okello', phone: '+256712345678' }] }),
    reference: z
      .string()
      .nullable()
      .meta({ examples: ['staff-12'] }),
    verification: z
      .strictObject({ status: verification, at: time })
      .nullable()
      .meta({ description: 'What the provider said when it was last asked; null when it never was.' }),
    createdAt: time,
  })
  .meta({ id: 'Beneficiary' });

export const verified = z
  .strictObject({
    status: verification,
    accountName: z
      .string()
      .nullable()
      .meta({
        description: "The holder's name as the bank has it; null where nobody says.",
        examples: ['ADA EXAMPLE'],
      }),
  })
  .meta({ id: 'VerifiedAccount' });
