// Approval and refunds as callers meet them: scopes, keys, answers, and filters.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { collectionFlow } from '../../src/collections/flow.ts';
import { createApiKey } from '../../src/merchants/api-key.ts';
import { setApprovalLimit } from '../../src/merchants/approval-limit.ts';
import { advance } from '../../src/transactions/advance.ts';
import { type Api, COLLECTION, openApi, PAYOUT } from '../support/api.ts';
import { settledCollection } from '../support/settled-collection.ts';

let api: Api;
let approver: string;
beforeAll(async () => {
  api = await openApi();
  await api.world.fund('UGX', 10n ** 12n);
  approver = await api.key({ scopes: ['payouts:approve'] });
});
afterAll(() => api.close());

const { recipient } = PAYOUT;
const limited = (aboveMinor: bigint) =>
  api.world.db.transaction((trx) =>
    setApprovalLimit(trx, {
      merchantId: api.world.merchantId,
      currency: 'UGX',
      aboveMinor,
      dailyAboveMinor: null,
    }),
  );

describe('approving', () => {
  beforeAll(() => limited(100_000_000n));
  const BIG = { ...PAYOUT, amount: '1000001' };

  it('takes a key with the scope, which none has unless it was given to it', async () => {
    const { json: payout, status } = await api.post('/v1/payouts', BIG);
    expect([status, payout.status]).toEqual([202, 'awaiting_approval']);
    const without = await api.post(`/v1/payouts/${payout.id}/approve`, undefined);
    expect([without.status, without.json.code]).toEqual([403, 'insufficient_scope']);
    const approved = await api.post(`/v1/payouts/${payout.id}/approve`, undefined, { key: approver });
    expect([approved.status, approved.json.status]).toEqual([200, 'accepted']);
    const again = await api.post(`/v1/payouts/${payout.id}/approve`, undefined, { key: approver });
    expect([again.status, again.json.code]).toEqual([409, 'conflict']);
  });

  it('is refused to the key that asked, whatever its scopes, and to other merchants', async () => {
    const key = await api.key({ scopes: ['payouts:write', 'payouts:approve'] });
    const { id } = (await api.post('/v1/payouts', BIG, { key })).json;
    const own = await api.post(`/v1/payouts/${id}/approve`, undefined, { key });
    expect([own.status, own.json.code]).toEqual([403, 'approval_by_creator']);
    const { merchantId } = await api.stranger();
    const theirs = await api.key({ merchantId, scopes: ['payouts:approve'] });
    for (const target of [id, 'x', id.replace('po', 'co')])
      expect((await api.post(`/v1/payouts/${target}/approve`, undefined, { key: theirs })).status).toBe(404);
  });

  it('is refused to every rotation of the key that asked, and to the keys it is a rotation of', async () => {
    const of = { merchantId: api.world.merchantId, name: 'shop', environment: 'test' } as const;
    const scopes = ['payouts:write', 'payouts:approve'] as const;
    const first = await createApiKey(api.world.db, { ...of, scopes });
    const second = await createApiKey(api.world.db, { ...of, scopes, rotates: first.apiKey });
    for (const [asks, approves] of [
      [first.secret, second.secret],
      [second.secret, first.secret],
    ] as const) {
      const { id } = (await api.post('/v1/payouts', BIG, { key: asks })).json;
      const own = await api.post(`/v1/payouts/${id}/approve`, undefined, { key: approves });
      expect([own.status, own.json.code]).toEqual([403, 'approval_by_creator']);
      expect((await api.post(`/v1/payouts/${id}/approve`, undefined, { key: approver })).status).toBe(200);
    }
  });

  it('is shown by the state, found by it, and cancelled like any payout', async () => {
    const { id } = (await api.post('/v1/payouts', BIG)).json;
    const listed = (await api.get('/v1/transactions?status=awaiting_approval&limit=100')).json.data;
    expect(listed.map((one: { id: string }) => one.id)).toContain(id);
    expect((await api.post(`/v1/payouts/${id}/cancel`, undefined)).json).toMatchObject({ status: 'cancelled' });
  });
});

describe('scheduling', () => {
  beforeAll(() => limited(10n ** 11n));
  it('is shown, listed, and refused outside its bounds with the field’s name', async () => {
    const scheduledAt = '2027-06-01T08:00:00.000Z';
    const { id } = (await api.post('/v1/payouts', { ...PAYOUT, recipient, scheduledAt })).json;
    expect((await api.get(`/v1/payouts/${id}`)).json).toMatchObject({ status: 'accepted', scheduledAt });
    const listed = (await api.get('/v1/transactions?scheduled=true')).json.data;
    expect(listed.map((one: { id: string }) => one.id)).toEqual([id]);
    expect((await api.get('/v1/transactions?scheduled=maybe')).json.errors[0].field).toBe('scheduled');
    const soon = await api.post('/v1/payouts', { ...PAYOUT, scheduledAt: new Date(Date.now() + 30_000).toISOString() });
    expect([soon.status, soon.json.errors[0]]).toMatchObject([400, { field: 'scheduledAt', code: 'too_soon' }]);
  });
});

describe('refunding', () => {
  const refund = (id: string, body: object = {}, more = {}) => api.post(`/v1/collections/${id}/refunds`, body, more);

  it('answers with the payout, and with the same again under its key, even when nothing is left', async () => {
    const id = await settledCollection(api.world);
    const idempotencyKey = 'the-whole-of-it-back-1';
    const first = await refund(id, {}, { idempotencyKey });
    expect([first.status, first.json]).toMatchObject([202, { type: 'payout', refundOf: id, amount: '2000' }]);
    const again = await refund(id, {}, { idempotencyKey });
    expect([again.status, again.text]).toEqual([202, first.text]);
    const more = await refund(id);
    expect([more.status, more.json.code]).toEqual([422, 'refund_exceeds_collection']);
    // Also when the collection has been reversed meanwhile: what was accepted stays accepted.
    api.world.provider.rule(id, { isRefunded: true });
    const bell = { cause: 'webhook', actor: 'webhook:test', insists: true } as const;
    await advance(api.world, collectionFlow, id, bell);
    expect((await refund(id)).status).toBe(409);
    expect((await refund(id, {}, { idempotencyKey })).text).toBe(first.text);
  });

  it('lists the refunds of one collection, newest first, by pages', async () => {
    const id = await settledCollection(api.world);
    const ids: string[] = [];
    for (const amount of ['100', '200', '300']) ids.unshift((await refund(id, { amount })).json.id);
    const page = (await api.get(`/v1/collections/${id}/refunds?limit=2`)).json;
    const rest = (await api.get(`/v1/collections/${id}/refunds?limit=2&cursor=${page.nextCursor}`)).json;
    expect([...page.data, ...rest.data].map((one: { id: string }) => one.id)).toEqual(ids);
    expect(rest.nextCursor).toBeNull();
  });

  it('names what is wrong with the input, and refuses what is not settled, not there or another’s', async () => {
    const id = await settledCollection(api.world);
    const bad = await refund(id, { amount: '10.5', maxFee: 'x', nobodyKnows: 1 });
    expect(bad.status).toBe(400);
    expect((await refund(id, { amount: '10.5' })).json.errors[0]).toMatchObject({
      field: 'amount',
      code: 'too_many_decimals',
    });
    expect((await refund(id, { amount: '2001' })).json.errors[0]).toMatchObject({ field: 'amount' });
    const open = (await api.post('/v1/collections', COLLECTION)).json;
    const early = await refund(open.id);
    expect([early.status, early.json.code]).toEqual([409, 'conflict']);
    const { secret: key } = await api.stranger();
    for (const ask of [() => refund(id, {}, { key }), () => api.get(`/v1/collections/${id}/refunds`, { key })])
      expect((await ask()).status).toBe(404);
    const collector = await api.key({ scopes: ['collections:write', 'collections:read'] });
    expect((await refund(id, {}, { key: collector })).status).toBe(403);
  });
});
