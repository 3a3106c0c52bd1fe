// Forgetting a person, as the law may ask of a merchant.
import { z } from 'zod';
import { erasePerson } from '../../personal-data/erase.ts';
import { defineRoute, json } from '../define-route.ts';
import * as input from '../inputs.ts';
import * as views from '../views.ts';

const erase = defineRoute({
  method: 'POST',
  path: '/v1/personal-data/erasures',
  operationId: 'erasePerson',
  tag: 'Personal data',
  scope: 'personal_data:erase',
  limit: 'writes',
  summary: 'Erase a person',
  description:
    'Erases what is held about the owner of an account from your transactions, beneficiaries and stored answers, for good; amounts, states and the journal stay, and `accountNumber` becomes null. Transactions whose money still moves are postponed and erased as soon as they have ended. Asking again is harmless.',
  body: z
    .strictObject({
      account: input.account,
      reason: input.name.meta({ description: 'Kept in the audit log; do not name the person.' }),
    })
    .meta({ id: 'NewErasure' }),
  examples: { phone: { summary: 'By phone', value: { account: '+256712345678', reason: 'Request 17 of the owner' } } },
  responses: { 200: { description: 'What was erased, and what will be.', schema: views.erasure } },
  async handler({ ctx, caller, body }) {
    const actor = { actor: `key:${caller.apiKeyId}`, clientAddress: caller.clientAddress };
    return json(200, await erasePerson(ctx.db, ctx.vault, { merchantId: caller.merchantId, ...body, actor }));
  },
});

export const personalDataRoutes = [erase];
