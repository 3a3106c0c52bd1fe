// The shapes of answers, for the description; tests hold real answers against them.
import { z } from 'zod';
import { STATE_NAMES } from '../transactions/states.ts';

const amount = z.string().meta({ description: 'Decimal, in major units.', examples: ['1000'] });
const currency = z.string().meta({ examples: ['UGX'] });
const time = z.string().meta({ format: 'date-time', examples: ['2026-12-01T08:00:00.000Z'] });

export const transaction = z
  .strictObject({
    id: z.string().meta({ examples: ['po01KAB3R7W2Q8N4YV5T6X9ZCDEF'] }),
    type: z.enum(['collection', 'payout']),
    status: z.enum(STATE_NAMES as [string, ...string[]]).meta({
      description:
        '`accepted`: the provider knows nothing of it. `submitting`: perhaps. `submitted`: certainly. `settled`: the money moved. `failed`, `cancelled`: it did not. `reversed`: it came back. `in_review`: a person looks at it, and the money stays held.',
    }),
    amount: amount.nullable().meta({ description: 'In `currency`; null until known for `destination`.' }),
    currency,
    fee: amount.nullable().meta({ description: 'What we charge; null until the quotation fixes it.' }),
    charge: amount.nullable().meta({ description: 'What the provider took; "0" where the payer bore it.' }),
    destinationAmount: amount.nullable(),
    destinationCurrency: currency.nullable(),
    country: z
      .string()
      .nullable()
      .meta({ examples: ['UG'] }),
    method: z.enum(['momo', 'bank', 'eversend']),
    accountNumber: z
      .string()
      .nullable()
      .meta({ description: 'Phone, bank account, e-mail or tag.', examples: ['+256712345678'] }),
    walletId: z.string().meta({ examples: ['wa01KAB3R7W2Q8N4YV5T6X9ZCDEF'] }),
    owner: z.string().nullable(),
    reference: z.string().nullable(),
    providerTransactionId: z.string().nullable(),
    approvalUrl: z
      .string()
      .nullable()
      .meta({ description: 'Where the payer must go to approve, if the provider named it.' }),
    failure: z.strictObject({ code: z.string(), message: z.string() }).nullable(),
    metadata: z.record(z.string(), z.string()),
    scheduledAt: time.nullable(),
    createdAt: time,
    updatedAt: time,
    settledAt: time.nullable(),
  })
  .meta({
    id: 'Transaction',
    examples: [
      {
        id: 'po01KAB3R7W2Q8N4YV5T6X9ZCDEF',
        type: 'payout',
        status: 'settled',
        amount: '1000',
        currency: 'UGX',
        fee: '30',
        charge: '2500',
        destinationAmount: '1000',
        destinationCurrency: 'UGX',
        country: 'UG',
        method: 'momo',
        accountNumber: '+256712345678',
        walletId: 'wa01KAB3R7W2Q8N4YV5T6X9ZCDEF',
        owner: null,
        reference: 'SAL-9',
        providerTransactionId: 'BP11788255196456',
        approvalUrl: null,
        failure: null,
        metadata: {},
        scheduledAt: null,
        createdAt: '2026-11-23T08:00:00.000Z',
        updatedAt: '2026-11-23T08:00:07.120Z',
        settledAt: '2026-11-23T08:00:07.120Z',
      },
    ],
  });

export const wallet = z
  .strictObject({
    id: z.string().meta({ examples: ['wa01KAB3R7W2Q8N4YV5T6X9ZCDEF'] }),
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
    entryId: z.string(),
    reference: z.string().meta({ examples: ['po01KAB3R7W2Q8N4YV5T6X9ZCDEF:hold'] }),
    kind: z.string().meta({ examples: ['hold', 'settle', 'release'] }),
    transactionId: z.string().nullable(),
    account: z.enum(['available', 'held']),
    amount: amount.meta({ description: 'Signed.', examples: ['-1030'] }),
    balance: amount.meta({ description: "The account's balance right after this line." }),
  })
  .meta({ id: 'StatementLine' });

const keyFields = {
  id: z.string().meta({ examples: ['ak01KAB3R7W2Q8N4YV5T6X9ZCDEF'] }),
  name: z.string(),
  environment: z.enum(['live', 'test']),
  lastFour: z.string().meta({ description: 'The end of the secret, to recognise it by.' }),
  scopes: z.array(z.string()),
  allowedAddresses: z.array(z.string()).meta({ description: 'Where it may be used from; none: anywhere.' }),
  createdAt: time,
  expiresAt: time.nullable(),
  revokedAt: time.nullable(),
  rotatedFrom: z.string().nullable().meta({ description: 'The key it took the place of.' }),
  lastUsedAt: time.nullable().meta({ description: 'To the minute.' }),
  lastUsedAddress: z.string().nullable(),
};
export const apiKey = z.strictObject(keyFields).meta({ id: 'ApiKey' });
export const newApiKey = z
  .strictObject({ ...keyFields, secret: z.string().meta({ description: 'Shown this once.' }) })
  .meta({ id: 'NewApiKey' });

export const erasure = z
  .strictObject({
    erased: z.int().meta({ description: 'Transactions and beneficiaries that hold nothing of the person any more.' }),
    postponed: z
      .array(
        z.strictObject({
          id: z.string(),
          status: z.enum(STATE_NAMES as [string, ...string[]]),
          dueAt: time.meta({ description: 'When it is looked at next.' }),
        }),
      )
      .meta({ description: 'Transactions whose money still moves; each is erased once it has ended.' }),
  })
  .meta({ id: 'Erasure' });

export function listOf(item: z.ZodObject) {
  return z.strictObject({
    data: z.array(item),
    nextCursor: z.string().nullable().meta({ description: 'For the next page; null on the last one.' }),
  });
}

export const collectionFees = z
  .strictObject({
    amount,
    currency,
    country: z.string(),
    fee: amount.meta({ description: 'Ours, taken out of the amount.' }),
    credited: amount,
    charge: amount.meta({ description: "The provider's." }),
    totalToPay: amount.meta({ description: 'What the payer is asked for in all.' }),
    minimum: amount.nullable(),
    maximum: amount.nullable(),
  })
  .meta({ id: 'CollectionFees' });

export const payoutQuote = z
  .strictObject({
    amount,
    currency,
    destinationAmount: amount,
    destinationCurrency: currency,
    rate: z.string().meta({ examples: ['0.031007201981367'] }),
    fee: amount,
    total: amount.meta({ description: 'What the wallet would be debited: amount and fee.' }),
  })
  .meta({ id: 'PayoutQuote' });

export const deliveryCountry = z
  .strictObject({
    country: z.string().meta({ examples: ['UG'] }),
    name: z.string(),
    phonePrefix: z.string().nullable(),
    methods: z.array(z.enum(['momo', 'bank', 'eversend'])),
  })
  .meta({ id: 'DeliveryCountry' });

export const bank = z.strictObject({ code: z.string(), name: z.string() }).meta({ id: 'Bank' });

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
