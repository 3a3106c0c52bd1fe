// Beneficiaries: whom a merchant pays, saved once, paid by id, and verified where the provider can be asked.
import { z } from 'zod';
import { audit } from '../../audit/audit.ts';
import { inTransaction } from '../../db/knex.ts';
import { InvalidRequest, NotFound } from '../../errors.ts';
import { isId } from '../../ids.ts';
import {
  addBeneficiary,
  Beneficiary,
  deleteBeneficiary,
  type KnownBeneficiary,
  listBeneficiaries,
  noteVerification,
} from '../../merchants/beneficiary.ts';
import { verifyAccount } from '../../merchants/verification.ts';
import type { Caller } from '../../transactions/accept.ts';
import { once } from '../../transactions/once.ts';
import { beneficiaryBody, readBeneficiary, readVerify, verifyBody } from '../beneficiary-input.ts';
import { beneficiary, verified } from '../beneficiary-views.ts';
import { openCursor, sealCursor } from '../cursor.ts';
import { defineRoute, json } from '../define-route.ts';
import * as input from '../inputs.ts';
import { pageOf, paging } from '../query.ts';
import { deleted, listOf } from '../views.ts';

function view(of: KnownBeneficiary) {
  return {
    id: of.id,
    method: of.method,
    country: of.country,
    recipient: of.recipient,
    reference: of.reference,
    verification:
      of.verification === null || of.verifiedAt === null
        ? null
        : { status: of.verification, at: of.verifiedAt.toISOString() },
    createdAt: of.createdAt.toISOString(),
  };
}

const deedOf = (caller: Caller, action: string, subject: string, detail = {}) => ({
  actor: `key:${caller.apiKeyId}`,
  clientAddress: caller.clientAddress,
  action: `beneficiaries.${action}`,
  subject,
  detail,
});

const create = defineRoute({
  method: 'POST',
  path: '/v1/beneficiaries',
  operationId: 'createBeneficiary',
  tag: 'Beneficiaries',
  scope: 'beneficiaries:write',
  limit: 'writes',
  summary: 'Save whom you pay',
  description:
    'One account is one beneficiary, however its letters are written; saving it again is a conflict that names the one there is. A beneficiary is never changed: its id stands for one account for good. Delete it and save the right one instead.',
  body: beneficiaryBody,
  idempotent: true,
  responses: { 201: { description: 'Saved.', schema: beneficiary } },
  refusals: { 409: { code: 'conflict', description: 'This account is saved already; `detail` names its id.' } },
  examples: {
    momo: {
      summary: 'A phone',
      value: {
        method: 'momo',
        country: 'UG',
        recipient: { firstName: 'John', lastName: 'Okello', phone: '+256712345678' },
        reference: 'staff-12',
      },
    },
    bank: {
      summary: 'A bank account',
      value: {
        method: 'bank',
        country: 'NG',
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
    eversend: { summary: 'An Eversend wallet', value: { method: 'eversend', recipient: { tag: 'adaexample' } } },
  },
  async handler({ ctx, caller, idempotent, body }) {
    const { merchantId } = caller;
    const given = readBeneficiary(body);
    return once(ctx, caller, idempotent, async (trx) => {
      const added = await addBeneficiary(trx, ctx.vault, { merchantId, ...given });
      const { id, method, country } = added;
      await audit(trx, deedOf(caller, 'create', id, { method, country }));
      return { id, status: 201, body: JSON.stringify(view(added)) };
    });
  },
});

const list = defineRoute({
  method: 'GET',
  path: '/v1/beneficiaries',
  operationId: 'listBeneficiaries',
  tag: 'Beneficiaries',
  scope: 'beneficiaries:read',
  limit: 'reads',
  summary: 'List beneficiaries, newest first',
  query: z.strictObject({
    method: beneficiaryBody.shape.method.optional(),
    country: input.country.optional(),
    reference: input.reference.optional(),
    ...paging,
  }),
  responses: { 200: { description: 'A page.', schema: listOf(beneficiary) } },
  async handler({ ctx, caller, query }) {
    const { merchantId } = caller;
    const { limit, cursor, ...filters } = query;
    const place = { list: 'beneficiaries', merchantId };
    const after = openCursor(ctx, place, cursor);
    const named = Object.fromEntries(
      Object.entries({ ...filters, after }).filter(([, value]) => value !== undefined),
    ) as Omit<Parameters<typeof listBeneficiaries>[1], 'merchantId' | 'limit'>;
    const rows = await listBeneficiaries(ctx, { merchantId, limit: limit + 1, ...named });
    const { page, last } = pageOf(rows, limit);
    return json(200, { data: page.map(view), nextCursor: sealCursor(ctx, place, last?.id ?? null) });
  },
});

const params = z.strictObject({ id: z.string().meta({ examples: ['be01KAB3R7W2Q8N4YV5T6X9ZCDEF'] }) });

const read = defineRoute({
  method: 'GET',
  path: '/v1/beneficiaries/{id}',
  operationId: 'getBeneficiary',
  tag: 'Beneficiaries',
  scope: 'beneficiaries:read',
  limit: 'reads',
  summary: 'Read a beneficiary',
  params,
  responses: { 200: { description: 'Whom it names.', schema: beneficiary } },
  async handler({ ctx, caller, params: { id } }) {
    const found = isId('beneficiary', id) ? await Beneficiary.find(ctx, caller.merchantId, id) : null;
    if (found === null) throw new NotFound();
    return json(200, view(found));
  },
});

const remove = defineRoute({
  method: 'DELETE',
  path: '/v1/beneficiaries/{id}',
  operationId: 'deleteBeneficiary',
  tag: 'Beneficiaries',
  scope: 'beneficiaries:write',
  limit: 'writes',
  summary: 'Delete a beneficiary',
  description:
    'Erases the person from it: it can no longer be paid, read or listed, and its id is never given again. Payouts that were made to it keep what they need, those on their way too, and are carried out.',
  params,
  responses: {
    200: { description: 'Deleted.', schema: deleted },
  },
  async handler({ ctx, caller, params: { id } }) {
    if (!isId('beneficiary', id)) throw new NotFound();
    await inTransaction(ctx.db, async (trx) => {
      await deleteBeneficiary(trx, caller.merchantId, id);
      await audit(trx, deedOf(caller, 'delete', id));
    });
    return json(200, { id, deleted: true });
  },
});

const verify = defineRoute({
  method: 'POST',
  path: '/v1/beneficiaries/verify',
  operationId: 'verifyAccount',
  tag: 'Beneficiaries',
  scope: 'beneficiaries:write',
  limit: 'writes',
  summary: 'Ask the provider whether an account exists, and whose it is',
  description:
    'Bank accounts (by `bankCode` and `accountNumber`; a name that is given is compared), and Eversend wallets by phone or email. Nobody can be asked about mobile money or a tag: 422 `verification_unsupported`. Creates nothing and needs no Idempotency-Key; asked about a saved beneficiary, the result is kept with it.',
  body: verifyBody,
  responses: { 200: { description: 'What the provider says, as of now.', schema: verified } },
  refusals: {
    422: { code: 'verification_unsupported', description: 'The provider cannot tell about such an account.' },
  },
  examples: {
    bank: {
      summary: 'A bank account',
      value: {
        method: 'bank',
        country: 'NG',
        recipient: { bankCode: '0000', accountNumber: '0123456789', accountName: 'ADA EXAMPLE' },
      },
    },
    saved: { summary: 'A saved beneficiary', value: { beneficiaryId: 'be01KAB3R7W2Q8N4YV5T6X9ZCDEF' } },
  },
  async handler({ ctx, caller, body }) {
    const given = readVerify(body);
    if (!('id' in given)) return json(200, await verifyAccount(ctx, given));
    const { merchantId } = caller;
    const found = await Beneficiary.find(ctx, merchantId, given.id);
    if (found === null) {
      const message = 'There is no such beneficiary. Create it first.';
      throw InvalidRequest.field('beneficiaryId', 'unknown_beneficiary', message);
    }
    const said = await verifyAccount(ctx, found);
    await inTransaction(ctx.db, async (trx) => {
      await noteVerification(trx, { merchantId, id: found.id, verification: said.status });
      await audit(trx, deedOf(caller, 'verify', found.id, { status: said.status }));
    });
    return json(200, said);
  },
});

export const beneficiaryRoutes = [create, list, verify, read, remove];
