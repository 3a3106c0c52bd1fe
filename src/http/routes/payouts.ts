// Payouts: money out to a phone, a bank account or an Eversend wallet.
import { z } from 'zod';
import { NotFound } from '../../errors.ts';
import { isId } from '../../ids.ts';
import { approvePayout } from '../../payouts/approve.ts';
import { cancelPayout } from '../../payouts/cancel.ts';
import { createPayout } from '../../payouts/create.ts';
import { deliveryBanks, deliveryCountries } from '../../payouts/delivery.ts';
import { quotePayout } from '../../payouts/quote.ts';
import { findTransaction } from '../../transactions/find.ts';
import { defineRoute, json } from '../define-route.ts';
import * as examples from '../examples.ts';
import * as input from '../inputs.ts';
import { payoutBody, quoteBody, readPayout, readQuote } from '../payout-input.ts';
import * as views from '../views.ts';

const create = defineRoute({
  method: 'POST',
  path: '/v1/payouts',
  operationId: 'createPayout',
  tag: 'Payouts',
  scope: 'payouts:write',
  limit: 'money',
  summary: 'Pay out',
  description:
    'Sets the amount and the fee aside in the wallet and carries the payout out once. For `destination`, `amount` is what arrives, `maxAmount` is held, and what was not needed is released at settlement. With `scheduledAt` it is not sent before. Above the approval limit of your merchant it is answered as `awaiting_approval`, and cancelled (`approval_expired`) if nobody approves it in time.',
  body: payoutBody,
  idempotent: true,
  responses: {
    202: {
      description: 'Accepted, and the money is set aside.',
      schema: views.transaction,
      example: examples.acceptedPayout,
    },
  },
  examples: {
    momo: {
      summary: 'To a phone',
      value: {
        amount: '1000',
        currency: 'UGX',
        method: 'momo',
        country: 'UG',
        destinationCurrency: 'UGX',
        recipient: { firstName: 'John', lastName: 'Okello', phone: '+256712345678' },
        reference: 'SAL-9',
      },
    },
    bank: {
      summary: 'To a bank account, given what shall arrive',
      value: {
        amount: '5000',
        amountType: 'destination',
        maxAmount: '20000',
        currency: 'UGX',
        method: 'bank',
        country: 'NG',
        destinationCurrency: 'NGN',
        recipient: {
          firstName: 'Ada',
          lastName: 'Example',
          phone: '+2348030000000',
          bankCode: '0000',
          bankName: 'Default Bank',
          accountName: 'ADA EXAMPLE',
          accountNumber: '0123456789',
        },
      },
    },
    eversend: {
      summary: 'To an Eversend wallet',
      value: { amount: '1000', currency: 'UGX', method: 'eversend', recipient: { email: 'ada@example.com' } },
    },
  },
  async handler({ ctx, caller, idempotent, body }) {
    return createPayout(ctx, caller, idempotent, readPayout(body));
  },
});

const quote = defineRoute({
  method: 'POST',
  path: '/v1/payouts/quote',
  operationId: 'quotePayout',
  tag: 'Payouts',
  scope: 'payouts:read',
  limit: 'reads',
  summary: 'What a payout would cost',
  description: 'Creates nothing, promises nothing and needs no Idempotency-Key.',
  body: quoteBody,
  examples: {
    momo: {
      summary: 'To a phone',
      value: { amount: '1000', currency: 'UGX', method: 'momo', country: 'UG', destinationCurrency: 'UGX' },
    },
    bank: {
      summary: 'To a bank account, given what shall arrive',
      value: {
        amount: '5000',
        amountType: 'destination',
        currency: 'UGX',
        method: 'bank',
        country: 'NG',
        destinationCurrency: 'NGN',
      },
    },
  },
  responses: { 200: { description: 'The price as of now.', schema: views.payoutQuote } },
  async handler({ ctx, caller, body }) {
    return json(200, await quotePayout(ctx, caller, readQuote(body)));
  },
});

const cancel = defineRoute({
  method: 'POST',
  path: '/v1/payouts/{id}/cancel',
  operationId: 'cancelPayout',
  tag: 'Payouts',
  scope: 'payouts:write',
  limit: 'money',
  summary: 'Cancel a payout that has not been sent',
  params: z.strictObject({ id: views.payoutId }),
  responses: {
    200: {
      description: 'Cancelled: what was set aside is available again.',
      schema: views.transaction,
      example: examples.cancelledPayout,
    },
  },
  refusals: { 409: { code: 'conflict', description: 'It may have been sent already.' } },
  async handler({ ctx, caller, params }) {
    if (!isId('payout', params.id)) throw new NotFound();
    return json(200, await cancelPayout(ctx, caller, params.id));
  },
});

const approve = defineRoute({
  method: 'POST',
  path: '/v1/payouts/{id}/approve',
  operationId: 'approvePayout',
  tag: 'Payouts',
  scope: 'payouts:approve',
  limit: 'money',
  summary: 'Approve a payout that awaits approval',
  description:
    'With another key than the one that asked for it (rotations of a key are the same key). It is sent at once, or at its `scheduledAt` if that is still to come. No key has the scope unless it was given to it by name.',
  params: z.strictObject({ id: views.payoutId }),
  responses: { 200: { description: 'Approved.', schema: views.transaction, example: examples.acceptedPayout } },
  refusals: {
    403: {
      code: 'approval_by_creator',
      description: 'This key asked for the payout itself, or lacks the scope (`insufficient_scope`).',
    },
    409: { code: 'conflict', description: 'It does not await approval, or another was first.' },
  },
  async handler({ ctx, caller, params }) {
    if (!isId('payout', params.id)) throw new NotFound();
    return json(200, await approvePayout(ctx, caller, params.id));
  },
});

const countries = defineRoute({
  method: 'GET',
  path: '/v1/payouts/countries',
  operationId: 'listPayoutCountries',
  tag: 'Payouts',
  scope: 'payouts:read',
  limit: 'reads',
  summary: 'Where payouts can go',
  responses: {
    200: { description: 'Countries and methods.', schema: views.deliveryCountries },
  },
  async handler({ ctx }) {
    return json(200, { data: await deliveryCountries(ctx) });
  },
});

const banks = defineRoute({
  method: 'GET',
  path: '/v1/payouts/banks/{country}',
  operationId: 'listPayoutBanks',
  tag: 'Payouts',
  scope: 'payouts:read',
  limit: 'reads',
  summary: 'Banks of a country',
  params: z.strictObject({ country: input.country }),
  responses: {
    200: { description: 'Banks; `code` is the `bankCode` of a recipient.', schema: views.banks },
  },
  async handler({ ctx, params }) {
    return json(200, { data: await deliveryBanks(ctx, params.country) });
  },
});

const read = defineRoute({
  method: 'GET',
  path: '/v1/payouts/{id}',
  operationId: 'getPayout',
  tag: 'Payouts',
  scope: 'payouts:read',
  limit: 'reads',
  summary: 'Read a payout',
  params: z.strictObject({ id: views.payoutId }),
  responses: {
    200: { description: 'The payout as it stands.', schema: views.transaction, example: examples.settledPayout },
  },
  async handler({ ctx, caller, params }) {
    if (!isId('payout', params.id)) throw new NotFound();
    return json(200, await findTransaction(ctx, caller.merchantId, params.id, 'payout'));
  },
});

export const payoutRoutes = [create, quote, cancel, approve, countries, banks, read];
