// The shapes of answers, for the description; tests hold real answers against them.
import { z } from 'zod';
import { STATE_NAMES } from '../transactions/states.ts';
import { settledPayout } from './examples.ts';

const amount = z.string().meta({ description: 'Decimal, in major units.', examples: ['1000'] });
const currency = z.string().meta({ examples: ['UGX'] });
export const country = z.string().meta({ description: 'ISO 3166-1 alpha-2.', examples: ['UG'] });
export const time = z.string().meta({ format: 'date-time', examples: ['2026-12-01T08:00:00.000Z'] });

const id = (description: string, example: string) => z.string().meta({ description, examples: [example] });
export const payoutId = id('Of the payout.', 'po01KAB3R7W2Q8N4YV5T6X9ZCDEF');
export const collectionId = id('Of the collection.', 'co01KAB3R7W2Q8N4YV5T6X9ZCDEF');
export const transactionId = id('Of the payout or collection.', 'po01KAB3R7W2Q8N4YV5T6X9ZCDEF');
export const walletId = id('Of the wallet.', 'wa01KAB3R7W2Q8N4YV5T6X9ZCDEF');

export const transaction = z
  .strictObject({
    id: transactionId,
    type: z.enum(['collection', 'payout']),
    status: z.enum(STATE_NAMES as [string, ...string[]]).meta({
      description:
        '`awaiting_approval`: another key, or an operator, has to approve it. `accepted`: the provider knows nothing of it. `submitting`: perhaps. `submitted`: certainly. `settled`: the money moved. `failed`, `cancelled`: it did not. `reversed`: it came back. `in_review`: a person looks at it, and the money stays held.',
    }),
    amount: amount.nullable().meta({ description: 'In `currency`; null until known for `destination`.' }),
    currency,
    fee: amount.nullable().meta({ description: 'What we charge; null until the quotation fixes it.' }),
    charge: amount.nullable().meta({ description: 'What the provider took; "0" where the payer bore it.' }),
    destinationAmount: amount.nullable(),
    destinationCurrency: currency.nullable(),
    country: country.nullable(),
    method: z.enum(['momo', 'bank', 'eversend']),
    accountNumber: z
      .string()
      .nullable()
      .meta({ description: 'Phone, bank account, e-mail or tag.', examples: ['+256712345678'] }),
    walletId,
    owner: z.string().nullable(),
    reference: z.string().nullable(),
    refundOf: z.string().nullable().meta({ description: 'The collection whose payer this payout pays back.' }),
    providerTransactionId: z.string().nullable(),
    approvalUrl: z
      .string()
      .nullable()
      .meta({ description: 'Where the payer must go to approve, if the provider named it.' }),
    failure: z.strictObject({ code: z.string(), message: z.string() }).nullable(),
    metadata: z.record(z.string(), z.string()),
    scheduledAt: time.nullable().meta({ description: 'Not sent before; null: as soon as may be.' }),
    createdAt: time,
    updatedAt: time,
    settledAt: time.nullable(),
  })
  .meta({
    id: 'Transaction',
    examples: [settledPayout],
  });

export const wallet = z
  .strictObject({
    id: walletId,
    owner: z.string().nullable().meta({ description: "The merchant's own customer; null for the merchant itself." }),
    currency,
    available: amount,
    held: amount.meta({ description: 'Set aside for payouts that are on their way.' }),
    status: z
      .enum(['active', 'frozen'])
      .meta({ description: 'A frozen wallet takes no new payouts; credits still arrive.' }),
  })
  .meta({ id: 'Wallet' });

export const statementLine = z
  .strictObject({
    at: time,
    entryId: z.string().meta({ examples: ['je01KAB3R7W2Q8N4YV5T6X9ZCDEF'] }),
    reference: z.string().meta({ examples: ['po01KAB3R7W2Q8N4YV5T6X9ZCDEF:hold'] }),
    kind: z.string().meta({ examples: ['hold', 'settle', 'release'] }),
    transactionId: transactionId.nullable(),
    account: z.enum(['available', 'held']),
    amount: amount.meta({ description: 'Signed.', examples: ['-1030'] }),
    balance: amount.meta({ description: "The account's balance right after this line.", examples: ['98970'] }),
  })
  .meta({ id: 'StatementLine' });

export const earning = z
  .strictObject({
    transactionId: z.string(),
    kind: z.enum(['service_fee', 'commission']),
    step: z
      .enum(['settle', 'reverse'])
      .meta({ description: '`reverse` takes back what was earned: its amount is negative.' }),
    currency,
    amount: amount.meta({ examples: ['30', '-30'] }),
    earnedAt: time,
  })
  .meta({
    id: 'Earning',
    examples: [
      {
        transactionId: 'po01KAB3R7W2Q8N4YV5T6X9ZCDEF',
        kind: 'service_fee',
        step: 'settle',
        currency: 'UGX',
        amount: '30',
        earnedAt: '2026-11-23T08:00:07.120Z',
      },
    ],
  });

export const earningSum = z
  .strictObject({
    period: z.string().meta({ description: 'Its first day.', examples: ['2026-11-01'] }),
    kind: z.enum(['service_fee', 'commission']),
    currency,
    count: z.int().meta({ description: 'Of settled transactions.' }),
    amount: amount.meta({ description: 'Without what returns took back.' }),
  })
  .meta({
    id: 'EarningSum',
    examples: [{ period: '2026-11-01', kind: 'service_fee', currency: 'UGX', count: 9580, amount: '287400' }],
  });
export const earningsSummary = z.strictObject({ data: z.array(earningSum) }).meta({ id: 'EarningsSummary' });

const keyFields = {
  id: z.string().meta({ examples: ['ak01KAB3R7W2Q8N4YV5T6X9ZCDEF'] }),
  name: z.string().meta({ examples: ['shop'] }),
  environment: z.enum(['live', 'test']),
  lastFour: z.string().meta({ description: 'The end of the secret, to recognise it by.', examples: ['x7Qd'] }),
  scopes: z.array(z.string()).meta({ examples: [['collections:write', 'payouts:write']] }),
  allowedAddresses: z
    .array(z.string())
    .meta({ description: 'Where it may be used from; none: anywhere.', examples: [['203.0.113.0/24']] }),
  createdAt: time,
  expiresAt: time.nullable(),
  revokedAt: time.nullable(),
  rotatedFrom: z
    .string()
    .nullable()
    .meta({ description: 'The key it took the place of.', examples: [null] }),
  lastUsedAt: time.nullable().meta({ description: 'To the minute.' }),
  lastUsedAddress: z
    .string()
    .nullable()
    .meta({ examples: ['203.0.113.7'] }),
};
export const apiKey = z.strictObject(keyFields).meta({ id: 'ApiKey' });
export const newApiKey = z
  .strictObject({
    ...keyFields,
    secret: z
      .string()
      .meta({ description: 'Shown this once.', examples: ['ek_test_0123456789ABCDEFGHIJKLMNOPQRSx7Qd'] }),
  })
  .meta({ id: 'NewApiKey' });

export const erasure = z
  .strictObject({
    erased: z.int().meta({
      description: 'Transactions and beneficiaries that hold nothing of the person any more.',
      examples: [3],
    }),
    postponed: z
      .array(
        z.strictObject({
          id: payoutId,
          status: z.enum(STATE_NAMES as [string, ...string[]]),
          dueAt: time
            .nullable()
            .meta({ description: 'When it is looked at next; null: it has just ended, and is erased within minutes.' }),
        }),
      )
      .meta({ description: 'Transactions whose money still moves; each is erased once it has ended.' }),
  })
  .meta({ id: 'Erasure' });

const pages = new Map<z.ZodObject, z.ZodObject>();

/** A page of a list, named after its items. */
export function listOf(item: z.ZodObject): z.ZodObject {
  const known = pages.get(item);
  if (known !== undefined) return known;
  const nextCursor = z.string().nullable().meta({ description: 'For the next page; null on the last one.' });
  const page = z.strictObject({ data: z.array(item), nextCursor }).meta({ id: `${item.meta()?.id}Page` });
  pages.set(item, page);
  return page;
}

export const sentPin = z
  .strictObject({ pinId: id('To send with the collection.', 'VE0a1b2c3d4e5f60718293a4b5c6d7e8f9') })
  .meta({ id: 'SentPin' });

export const collectionFees = z
  .strictObject({
    amount: amount.meta({ examples: ['2000'] }),
    currency,
    country,
    fee: amount.meta({ description: 'Ours, taken out of the amount.', examples: ['40'] }),
    credited: amount.meta({ description: 'What the wallet gets.', examples: ['1960'] }),
    charge: amount.meta({ description: "The provider's.", examples: ['30'] }),
    totalToPay: amount.meta({ description: 'What the payer is asked for in all.', examples: ['2030'] }),
    minimum: amount.nullable().meta({ description: 'The least the provider takes.', examples: ['500'] }),
    maximum: amount.nullable().meta({ description: 'The most the provider takes.', examples: ['4000000'] }),
  })
  .meta({ id: 'CollectionFees' });

export const payoutQuote = z
  .strictObject({
    amount: amount.meta({ examples: ['100000'] }),
    currency,
    destinationAmount: amount.meta({ description: 'What would arrive.', examples: ['3483.75'] }),
    destinationCurrency: currency.meta({ examples: ['KES'] }),
    rate: z.string().meta({ description: 'What one unit of `currency` buys.', examples: ['0.0348375'] }),
    fee: amount.meta({ examples: ['30'] }),
    total: amount.meta({ description: 'What the wallet would be debited: amount and fee.', examples: ['100030'] }),
  })
  .meta({ id: 'PayoutQuote' });

export const deliveryCountry = z
  .strictObject({
    country,
    name: z.string().meta({ examples: ['Uganda'] }),
    phonePrefix: z
      .string()
      .nullable()
      .meta({ examples: ['+256'] }),
    methods: z.array(z.enum(['momo', 'bank', 'eversend'])),
  })
  .meta({ id: 'DeliveryCountry' });
export const deliveryCountries = z.strictObject({ data: z.array(deliveryCountry) }).meta({ id: 'DeliveryCountries' });

export const bank = z
  .strictObject({
    code: z.string().meta({ description: 'The `bankCode` of a recipient.', examples: ['0000'] }),
    name: z.string().meta({ examples: ['Default Bank'] }),
  })
  .meta({ id: 'Bank' });
export const banks = z.strictObject({ data: z.array(bank) }).meta({ id: 'Banks' });

export const deleted = z
  .strictObject({ id: z.string().meta({ examples: ['be01KAB3R7W2Q8N4YV5T6X9ZCDEF'] }), deleted: z.literal(true) })
  .meta({ id: 'Deleted' });

export const problem = z
  .strictObject({
    type: z.string().meta({ format: 'uri', examples: ['urn:eversend-payments:problem:invalid_request'] }),
    title: z.string(),
    status: z.int(),
    code: z.string().meta({ description: 'Stable: programs decide by it.', examples: ['invalid_request'] }),
    detail: z.string().meta({ description: 'What to do about it, for people.' }),
    requestId: z.string().optional(),
    errors: z
      .array(z.strictObject({ field: z.string(), code: z.string(), message: z.string() }))
      .optional()
      .meta({ description: 'Every wrong field of the input.' }),
  })
  .meta({ id: 'Problem' });
