// What answers look like: one payout and one collection at the moments a caller meets them, and examples put together from schemas.
import { z } from 'zod';

const COMMON = {
  status: 'accepted',
  fee: '30',
  charge: null,
  country: 'UG',
  method: 'momo',
  accountNumber: '+256712345678',
  owner: null,
  refundOf: null,
  providerTransactionId: null,
  approvalUrl: null,
  failure: null,
  metadata: {},
  scheduledAt: null,
  walletId: 'wa01KAB3R7W2Q8N4YV5T6X9ZCDEF',
  createdAt: '2026-11-23T08:00:00.000Z',
  updatedAt: '2026-11-23T08:00:00.000Z',
  settledAt: null,
};
const SETTLED = {
  status: 'settled',
  updatedAt: '2026-11-23T08:00:07.120Z',
  settledAt: '2026-11-23T08:00:07.120Z',
};

export const acceptedPayout = {
  ...COMMON,
  id: 'po01KAB3R7W2Q8N4YV5T6X9ZCDEF',
  type: 'payout',
  amount: '1000',
  currency: 'UGX',
  destinationAmount: null,
  destinationCurrency: 'UGX',
  reference: 'SAL-9',
};
export const settledPayout = {
  ...acceptedPayout,
  ...SETTLED,
  charge: '2500',
  destinationAmount: '1000',
  providerTransactionId: 'BP11788255196456',
};
export const cancelledPayout = { ...acceptedPayout, status: 'cancelled', updatedAt: '2026-11-23T08:00:04.503Z' };

export const acceptedCollection = {
  ...COMMON,
  id: 'co01KAB3R7W2Q8N4YV5T6X9ZCDEF',
  type: 'collection',
  amount: '2000',
  currency: 'UGX',
  destinationAmount: null,
  destinationCurrency: null,
  reference: 'INV-7',
};
export const settledCollection = {
  ...acceptedCollection,
  ...SETTLED,
  charge: '0',
  providerTransactionId: 'BE31788255182123',
};

export const refund = { ...acceptedPayout, amount: '500', reference: 'RET-3', refundOf: acceptedCollection.id };

/** An example of whatever the schema describes, made of those its parts carry; a part without one is left out, and a test names it. */
export function exampleOf(schema: z.core.$ZodType): unknown {
  const [own] = (z.globalRegistry.get(schema) as { examples?: readonly unknown[] } | undefined)?.examples ?? [];
  if (own !== undefined) return own;
  if (schema instanceof z.ZodObject)
    return Object.fromEntries(Object.entries(schema.shape).map(([name, part]) => [name, exampleOf(part)]));
  if (schema instanceof z.ZodArray) return [exampleOf(schema.element)];
  if (schema instanceof z.ZodNullable) return exampleOf(schema.unwrap()) ?? null;
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault) return exampleOf(schema.unwrap());
  if (schema instanceof z.ZodEnum) return schema.options[0];
  if (schema instanceof z.ZodLiteral) return schema.value;
  if (schema instanceof z.ZodBoolean) return true;
  return undefined;
}
