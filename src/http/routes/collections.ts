// Collections: money in from a payer's phone.
import { z } from 'zod';
import { createCollection } from '../../collections/create.ts';
import { collectionFees } from '../../collections/fees.ts';
import { requestOtp } from '../../collections/otp.ts';
import { NotFound } from '../../errors.ts';
import { isId } from '../../ids.ts';
import { otpLimits } from '../../limits/otp.ts';
import { findTransaction } from '../../transactions/find.ts';
import { collectionBody, feesBody, otpBody, readCollection, readFees, readOtp } from '../collection-input.ts';
import { defineRoute, json } from '../define-route.ts';
import * as examples from '../examples.ts';
import * as views from '../views.ts';

const create = defineRoute({
  method: 'POST',
  path: '/v1/collections',
  operationId: 'createCollection',
  tag: 'Collections',
  scope: 'collections:write',
  limit: 'money',
  summary: 'Collect mobile money',
  description:
    'Prompts the payer to approve. The answer is the accepted collection; how it ends is told by `GET /v1/collections/{id}`. Whole units only, in every currency.',
  body: collectionBody,
  idempotent: true,
  responses: {
    202: {
      description: 'Accepted: it is carried out once, however often it is sent.',
      schema: views.transaction,
      example: examples.acceptedCollection,
    },
  },
  examples: {
    pin: {
      summary: 'Uganda, with the pin that the payer was sent',
      value: {
        amount: '2000',
        currency: 'UGX',
        country: 'UG',
        phone: '+256712345678',
        otp: { pinId: 'VE0a1b2c3d4e5f60718293a4b5c6d7e8f9', pin: '123456' },
        reference: 'INV-7',
      },
    },
    uganda: {
      summary: 'Uganda, where the account needs no pins',
      value: { amount: '2000', currency: 'UGX', country: 'UG', phone: '+256712345678', reference: 'INV-7' },
    },
    ghana: {
      summary: 'Ghana, with the page the payer returns to',
      value: {
        amount: '50',
        currency: 'GHS',
        country: 'GH',
        phone: '+233241234567',
        redirectUrl: 'https://shop.example/paid',
      },
    },
  },
  async handler({ ctx, caller, idempotent, body }) {
    return createCollection(ctx, caller, idempotent, readCollection(body));
  },
});

const fees = defineRoute({
  method: 'POST',
  path: '/v1/collections/fees',
  operationId: 'getCollectionFees',
  tag: 'Collections',
  scope: 'collections:read',
  limit: 'reads',
  summary: 'What a collection would cost',
  description: 'Creates nothing and needs no Idempotency-Key.',
  body: feesBody,
  examples: { uganda: { summary: 'Uganda', value: { amount: '2000', currency: 'UGX', country: 'UG' } } },
  responses: { 200: { description: 'The fees as of now.', schema: views.collectionFees } },
  async handler({ ctx, caller, body }) {
    return json(200, await collectionFees(ctx, caller, readFees(body)));
  },
});

const otp = defineRoute({
  method: 'POST',
  path: '/v1/collections/otp',
  operationId: 'sendCollectionPin',
  tag: 'Collections',
  scope: 'collections:write',
  limit: 'writes',
  summary: 'Send the payer a one-time pin',
  description: 'The payer reads the pin to you; send it with the collection. Every call sends a message.',
  body: otpBody,
  examples: { uganda: { summary: 'Uganda', value: { phone: '+256712345678' } } },
  responses: { 200: { description: 'Sent.', schema: views.sentPin } },
  async handler({ ctx, caller, body, spend }) {
    const { phone } = readOtp(body);
    for (const [limit, subject] of otpLimits(ctx, { merchantId: caller.merchantId, phone }))
      await spend(limit, subject);
    const { pinId } = await requestOtp(ctx, { phone });
    return json(200, { pinId });
  },
});

const read = defineRoute({
  method: 'GET',
  path: '/v1/collections/{id}',
  operationId: 'getCollection',
  tag: 'Collections',
  scope: 'collections:read',
  limit: 'reads',
  summary: 'Read a collection',
  params: z.strictObject({ id: views.collectionId }),
  responses: {
    200: {
      description: 'The collection as it stands.',
      schema: views.transaction,
      example: examples.settledCollection,
    },
  },
  async handler({ ctx, caller, params }) {
    if (!isId('collection', params.id)) throw new NotFound();
    return json(200, await findTransaction(ctx, caller.merchantId, params.id, 'collection'));
  },
});

export const collectionRoutes = [create, fees, otp, read];
