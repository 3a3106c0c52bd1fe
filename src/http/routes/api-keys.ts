// A merchant's own API keys: listed, rotated and revoked by a key that may; new powers come from operators only.
import { z } from 'zod';
import { audit } from '../../audit/audit.ts';
import type { Context } from '../../context.ts';
import { inTransaction, type Trx } from '../../db/knex.ts';
import { Forbidden, NotFound } from '../../errors.ts';
import { isId } from '../../ids.ts';
import { ApiKey, revokeApiKey } from '../../merchants/api-key.ts';
import { rotateApiKey } from '../../merchants/rotate-key.ts';
import type { Caller } from '../../transactions/accept.ts';
import { openCursor, sealCursor } from '../cursor.ts';
import { defineRoute, json } from '../define-route.ts';
import * as input from '../inputs.ts';
import { pageOf, paging } from '../query.ts';
import * as views from '../views.ts';

const view = (key: ApiKey) => ({
  id: key.id,
  name: key.name,
  environment: key.environment,
  lastFour: key.lastFour,
  scopes: key.scopes,
  allowedAddresses: key.allowedAddresses,
  createdAt: key.createdAt,
  expiresAt: key.expiresAt,
  revokedAt: key.revokedAt,
  rotatedFrom: key.rotatedFrom,
  lastUsedAt: key.lastUsedAt,
  lastUsedAddress: key.lastUsedAddress,
});

/** Raises NotFound: another merchant's key is not there. */
async function keyOf(trx: Trx, caller: Caller, id: string): Promise<ApiKey> {
  const key = isId('apiKey', id) ? await ApiKey.whole(trx).findOne({ id, merchant_id: caller.merchantId }) : undefined;
  if (key === undefined) throw new NotFound();
  return key;
}

/** Whoever holds a key that asks for payouts and approves them has both pairs of eyes as soon as he holds a second one that does either. */
const isSecondHand = (other: ApiKey, holder: ApiKey): boolean =>
  other.lineageId !== holder.lineageId &&
  holder.scopes.includes('payouts:write') &&
  holder.scopes.includes('payouts:approve') &&
  (other.scopes.includes('payouts:write') || other.scopes.includes('payouts:approve'));

/** Whether whoever holds `holder` gains nothing by holding `other` as well: no scope, no day, no address and no second hand more. */
function isWithin(other: ApiKey, holder: ApiKey): boolean {
  const addresses = holder.allowedAddresses;
  return (
    other.scopes.every((scope) => holder.scopes.includes(scope)) &&
    (holder.expiresAt === null || (other.expiresAt !== null && other.expiresAt <= holder.expiresAt)) &&
    (addresses.length === 0 ||
      (other.allowedAddresses.length > 0 && other.allowedAddresses.every((range) => addresses.includes(range)))) &&
    !isSecondHand(other, holder)
  );
}

const traced = (ctx: Context, caller: Caller, action: string, work: (trx: Trx) => Promise<Traced>) =>
  inTransaction(ctx.db, async (trx) => {
    const { reply, subject, detail } = await work(trx);
    await audit(trx, { actor: `key:${caller.apiKeyId}`, clientAddress: caller.clientAddress, action, subject, detail });
    return reply;
  });

interface Traced {
  readonly reply: object;
  readonly subject: string;
  readonly detail: Record<string, unknown>;
}

const list = defineRoute({
  method: 'GET',
  path: '/v1/api-keys',
  operationId: 'listApiKeys',
  tag: 'API keys',
  scope: 'keys:read',
  limit: 'reads',
  summary: 'List your API keys, newest first',
  query: z.strictObject(paging),
  responses: { 200: { description: 'A page; never a secret.', schema: views.listOf(views.apiKey) } },
  async handler({ ctx, caller, query }) {
    const place = { list: 'api-keys', merchantId: caller.merchantId };
    const after = openCursor(ctx, place, query.cursor);
    const rows = ApiKey.whole(ctx.db).where('merchant_id', caller.merchantId).orderBy('id', 'desc');
    if (after !== undefined) rows.where('id', '<', after);
    const { page, last } = pageOf(await rows.limit(query.limit + 1), query.limit);
    return json(200, { data: page.map(view), nextCursor: sealCursor(ctx, place, last?.id ?? null) });
  },
});

const rotate = defineRoute({
  method: 'POST',
  path: '/v1/api-keys/{id}/rotate',
  operationId: 'rotateApiKey',
  tag: 'API keys',
  scope: 'keys:write',
  limit: 'writes',
  summary: 'Rotate an API key',
  description:
    'Makes its successor, with the same powers; the old secret works until the overlap ends. The answer is the only time the new secret can be read, and it is kept nowhere: if it is lost, revoke the successor and have a new key made. A key can rotate itself, and others that may do nothing it may not do.',
  params: z.strictObject({ id: z.string().meta({ examples: ['ak01KAB3R7W2Q8N4YV5T6X9ZCDEF'] }) }),
  body: z.strictObject({ overlap: input.span.optional() }).meta({ id: 'KeyRotation' }),
  examples: { aDay: { summary: 'Both work for a day', value: { overlap: '24h' } } },
  responses: { 201: { description: 'The successor, with its secret.', schema: views.newApiKey } },
  refusals: { 409: { code: 'conflict', description: 'It is revoked or expired, or was rotated already.' } },
  async handler({ ctx, caller, params, body }) {
    const reply = await traced(ctx, caller, 'keys.rotate', async (trx) => {
      const key = await keyOf(trx, caller, params.id);
      if (key.id !== caller.apiKeyId && !isWithin(key, await keyOf(trx, caller, caller.apiKeyId)))
        throw new Forbidden('That API key may do what yours may not: an operator can rotate it.', 'insufficient_scope');
      const overlapMs = body.overlap ?? 86_400_000;
      const { apiKey, secret } = await rotateApiKey(trx, { id: key.id, overlapMs });
      const detail = { rotatedFrom: key.id, overlapMs };
      return { reply: { ...view(apiKey), secret }, subject: apiKey.id, detail };
    });
    return json(201, reply);
  },
});

const revoke = defineRoute({
  method: 'POST',
  path: '/v1/api-keys/{id}/revoke',
  operationId: 'revokeApiKey',
  tag: 'API keys',
  scope: 'keys:write',
  limit: 'writes',
  summary: 'Revoke an API key',
  description: 'For good, and within a second. A key that is revoked already is answered as it is.',
  params: z.strictObject({ id: z.string().meta({ examples: ['ak01KAB3R7W2Q8N4YV5T6X9ZCDEF'] }) }),
  responses: { 200: { description: 'The key as it is now.', schema: views.apiKey } },
  async handler({ ctx, caller, params }) {
    const reply = await traced(ctx, caller, 'keys.revoke', async (trx) => {
      const { id } = await keyOf(trx, caller, params.id);
      const isNew = await revokeApiKey(trx, id);
      return { reply: view(await keyOf(trx, caller, id)), subject: id, detail: isNew ? {} : { already: true } };
    });
    return json(200, reply);
  },
});

export const apiKeyRoutes = [list, rotate, revoke];
