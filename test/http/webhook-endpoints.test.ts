// Webhook endpoints, deliveries and events over HTTP: made once, shown without secrets, and nobody else's.
import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import * as views from '../../src/http/event-views.ts';
import { listOf } from '../../src/http/views.ts';
import { relayOnce } from '../../src/notifications/relay.ts';
import { runEndpoint } from '../../src/notifications/run-endpoint.ts';
import { type Answered, type Api, openApi, PAYOUT } from '../support/api.ts';
import { type Receiver, startReceiver } from '../support/receiver.ts';
import { QUICK } from '../support/told.ts';
import { until } from '../support/until.ts';

let api: Api;
let receiver: Receiver;
beforeAll(async () => {
  api = await openApi({ env: QUICK });
  await api.world.fund('UGX', 10n ** 12n);
  receiver = await startReceiver();
});
afterAll(async () => {
  await receiver.close();
  await api.close();
});
beforeEach(async () => {
  receiver.received.splice(0);
  receiver.taken.splice(0);
  await api.world.db('webhook_endpoints').update({
    status: 'deleted',
    secret_sealed: null,
    previous_sealed: null,
    previous_until: null,
    due_at: null,
    disabled_reason: null,
    disabled_at: null,
  });
});

const PATH = '/v1/webhook-endpoints';
const make = async (more: object = {}) => (await api.post(PATH, { url: receiver.url, ...more })).json;
const holds = (schema: { safeParse(value: unknown): { error?: { issues: unknown } | undefined } }, value: unknown) =>
  expect(schema.safeParse(value).error?.issues ?? []).toEqual([]);
/** Everything that has happened is told. */
async function deliver(id: string): Promise<void> {
  await until(async () => {
    await relayOnce(api.world);
    const { rows } = await api.world.db.raw(
      'SELECT count(*) AS n FROM transactions t WHERE NOT EXISTS (SELECT FROM events WHERE transaction_id = t.id)',
    );
    return Number(rows[0].n) === 0;
  }, 'everything is relayed');
  await until(async () => {
    await runEndpoint(api.world, id);
    return (await api.world.db('deliveries').where({ endpoint_id: id, state: 'pending' })).length === 0;
  }, 'everything is delivered');
}

describe('an endpoint', () => {
  it('is made once under one key, and shows its secret in that answer alone', async () => {
    const idempotencyKey = 'one-endpoint-and-only-one';
    const body = { url: receiver.url, description: 'Orders', types: ['payout.*'] };
    const first = await api.post(PATH, body, { idempotencyKey });
    expect(first.status, first.text).toBe(201);
    holds(views.endpointWithSecret, first.json);
    const again = await api.post(PATH, body, { idempotencyKey });
    expect([again.status, again.text]).toEqual([201, first.text]);
    const { secret, ...shown } = first.json;
    const read = await api.get(`${PATH}/${shown.id}`);
    expect(read.json).toEqual(shown);
    const listed = await api.get(PATH);
    holds(listOf(views.endpoint), listed.json);
    expect(listed.json).toEqual({ data: [shown], nextCursor: null });
    expect(read.text + listed.text).not.toContain(secret);
    const row = await api.world.db('webhook_endpoints').where({ id: shown.id }).first();
    expect(row.secret_sealed.toString('latin1')).not.toContain(secret.slice(6));
    expect(await api.world.db('audit_log').where({ subject: shown.id })).toMatchObject([
      { action: 'webhook_endpoints.create', actor: expect.stringMatching(/^key:ak/) },
    ]);
  });

  it('is one of sixteen at most, also when many are made at once', async () => {
    const made = await Promise.all(Array.from({ length: 20 }, () => api.post(PATH, { url: receiver.url })));
    expect(made.filter(({ status }) => status === 201)).toHaveLength(16);
    const refused = made.filter(({ status }) => status !== 201);
    expect(refused.map(({ status, json }) => [status, json.code])).toEqual(Array(4).fill([422, 'too_many_endpoints']));
    const pages = await api.get(`${PATH}?limit=10`);
    expect(pages.json.data).toHaveLength(10);
    expect((await api.get(`${PATH}?limit=10&cursor=${pages.json.nextCursor}`)).json.data).toHaveLength(6);
  });

  it.each([
    ['url', 'required', {}],
    ['url', 'wrong_type', { url: 7 }],
    ['url', 'not_an_url', { url: 'shop.example' }],
    ['url', 'not_https', { url: 'ftp://shop.example/' }],
    ['url', 'address_not_public', { url: 'https://10.0.0.1/' }],
    ['types', 'invalid', { url: 'https://93.184.216.34/', types: [] }],
    ['types.0', 'unknown_value', { url: 'https://93.184.216.34/', types: ['payout.paid'] }],
    ['types', 'invalid', { url: 'https://93.184.216.34/', types: ['payout.*', 'payout.*'] }],
    ['types', 'wrong_type', { url: 'https://93.184.216.34/', types: 'payout.*' }],
    ['description', 'invalid_text', { url: 'https://93.184.216.34/', description: '' }],
    ['description', 'invalid_text', { url: 'https://93.184.216.34/', description: 'x'.repeat(201) }],
    ['secret', 'unknown_field', { url: 'https://93.184.216.34/', secret: 'whsec_mine' }],
  ])('is refused by the name of the field: %s, %s', async (field, code, body) => {
    const answered = await api.post(PATH, body);
    expect([answered.status, answered.json.errors?.[0].field, answered.json.errors?.[0].code]).toEqual([
      400,
      field,
      code,
    ]);
    expect((await api.get(PATH)).json.data).toEqual([]);
  });

  it('is changed field by field, switched off and on, and deleted for good', async () => {
    const { id } = await make({ description: 'Orders', types: ['payout.*'] });
    const change = (body: object) => api.call('PATCH', `${PATH}/${id}`, { body });
    expect((await change({ description: null })).json).toMatchObject({ description: null, types: ['payout.*'] });
    expect((await change({ types: null })).json).toMatchObject({ types: null, url: receiver.url });
    expect((await change({ url: 'https://127.0.0.1.nip.example/' })).status).toBeLessThan(401);
    expect((await change({ url: 'http://192.168.1.1/' })).json.errors[0].field).toBe('url');
    expect((await change({ status: 'deleted' })).status).toBe(400);
    const off = (await change({ status: 'disabled' })).json;
    expect(off).toMatchObject({ status: 'disabled', disabledReason: 'merchant' });
    holds(views.endpoint, off);
    expect((await api.post(`${PATH}/${id}/ping`, {})).status).toBe(409);
    expect((await api.call('POST', `${PATH}/${id}/enable`)).json).toMatchObject({
      status: 'enabled',
      disabledAt: null,
    });
    const gone = await api.call('DELETE', `${PATH}/${id}`);
    expect([gone.status, gone.json]).toEqual([200, { id, deleted: true }]);
    expect((await api.get(`${PATH}/${id}`)).status).toBe(404);
    expect((await api.call('DELETE', `${PATH}/${id}`)).status).toBe(404);
    expect((await api.get(PATH)).json.data).toEqual([]);
    const deeds = await api.world.db('audit_log').where({ subject: id }).orderBy('id').select('action');
    expect(deeds.map(({ action }) => action.split('.')[1])).toEqual(
      expect.arrayContaining(['create', 'update', 'disable', 'enable', 'delete']),
    );
  });

  it('gets a new secret, and tells until when the old one signs along', async () => {
    const { id, secret: old } = await make();
    const rotated = await api.post(`${PATH}/${id}/rotate`, { overlapSeconds: 3600 });
    expect(rotated.status, rotated.text).toBe(200);
    holds(views.endpointWithSecret, rotated.json);
    expect(rotated.json.secret).not.toBe(old);
    const leftMs = Date.parse(rotated.json.previousSecretUntil) - Date.now();
    expect(Math.abs(leftMs - 3_600_000)).toBeLessThan(60_000);
    for (const overlapSeconds of [-1, 604_801, 1.5, '60'])
      expect((await api.post(`${PATH}/${id}/rotate`, { overlapSeconds })).status).toBe(400);
  });
});

describe('deliveries', () => {
  it('are pinged, read with every try, and asked for again', async () => {
    const { id, secret } = await make({ types: ['collection.*'] });
    const pinged = await api.post(`${PATH}/${id}/ping`, {});
    expect(pinged.status, pinged.text).toBe(202);
    holds(views.ping, pinged.json);
    receiver.answer = () => ({ status: 500, body: 'call +256712345678 <b>now</b>\n\u0007' });
    await runEndpoint(api.world, id);
    receiver.answer = () => ({ status: 204 });
    await deliver(id);
    const [first] = receiver.received;
    expect(new Webhook(secret).verify(first?.raw ?? '', first?.headers ?? {})).toMatchObject({
      id: pinged.json.eventId,
      type: 'webhook_endpoint.ping',
      sequence: null,
      data: { id },
    });
    const listed = await api.get(`${PATH}/${id}/deliveries`);
    holds(listOf(views.delivery), listed.json);
    const [{ id: deliveryId, status, eventId }] = listed.json.data;
    expect([status, eventId]).toEqual(['delivered', pinged.json.eventId]);
    const read = await api.get(`${PATH}/${id}/deliveries/${deliveryId}`);
    holds(views.deliveryWithLog, read.json);
    expect(
      read.json.log.map(({ statusCode, error }: { statusCode: number; error: string }) => [statusCode, error]),
    ).toEqual(
      expect.arrayContaining([
        [500, 'status'],
        [204, null],
      ]),
    );
    expect(read.json.log[0].answer).toBe('call ... \\x3cb\\x3enow\\x3c/b\\x3e\\x0a\\x07');
    const resent = await api.post(`${PATH}/${id}/deliveries/${deliveryId}/resend`, {});
    expect([resent.status, resent.json.status]).toEqual([202, 'pending']);
    holds(views.delivery, resent.json);
    await deliver(id);
    expect(new Set(receiver.taken.map(({ event }) => event.id))).toEqual(new Set([pinged.json.eventId]));
    expect(receiver.taken).toHaveLength(2);
    expect((await api.get(`${PATH}/${id}/deliveries?status=pending`)).json.data).toEqual([]);
    expect((await api.get(`${PATH}/${id}/deliveries?status=delivered`)).json.data).toHaveLength(1);
    expect((await api.get(`${PATH}/${id}/deliveries?status=lost`)).status).toBe(400);
  });

  it('of a range are asked for once, and the range has to be one', async () => {
    const { id } = await make();
    const [from, to] = ['2026-01-02T00:00:00Z', '2026-01-01T00:00:00Z'];
    expect((await api.post(`${PATH}/${id}/replay`, { from, to })).json.errors[0]).toMatchObject({
      code: 'reversed_range',
    });
    const begun = await api.post(`${PATH}/${id}/replay`, { from: to, to: from, types: ['payout.*'] });
    expect(begun.status, begun.text).toBe(202);
    holds(views.replay, begun.json);
  });
});

describe('events', () => {
  const page = async (query: string): Promise<Answered> => {
    const answered = await api.get(`/v1/events${query}`);
    expect(answered.status, answered.text).toBe(200);
    holds(views.events, answered.json);
    return answered;
  };

  it('are listed oldest first, and a remembered cursor goes on with what has happened since', async () => {
    const { id } = await make();
    await deliver(id);
    for (let n = 0; n < 5; n += 1) await api.post('/v1/payouts', PAYOUT);
    await deliver(id);
    const whole = (await page('?limit=100')).json;
    const ids: string[] = [];
    let cursor: string | null = null;
    do {
      const { json } = await page(`?limit=2${cursor === null ? '' : `&cursor=${cursor}`}`);
      ids.push(...json.data.map((one: { id: string }) => one.id));
      cursor = json.nextCursor;
    } while (cursor !== null);
    expect(ids).toEqual(whole.data.map((one: { id: string }) => one.id));
    expect((await page(`?cursor=${whole.lastCursor}`)).json).toEqual({
      data: [],
      nextCursor: null,
      lastCursor: whole.lastCursor,
    });
    const { id: payout } = (await api.post('/v1/payouts', PAYOUT)).json;
    await deliver(id);
    const since = (await page(`?cursor=${whole.lastCursor}`)).json.data;
    expect(since.map((one: { data: { id: string } }) => one.data.id)).toEqual([payout]);
    expect((await page(`?transactionId=${payout}`)).json.data).toEqual(since);
    expect((await page(`?transactionId=${payout}&type=payout.settled`)).json.data).toEqual([]);
    expect((await page('?type=payout.accepted&limit=100')).json.data).toHaveLength(6);
    expect((await api.get('/v1/events?type=payout.paid')).status).toBe(400);
    expect((await api.get(`/v1/events?type=payout.settled&cursor=${whole.lastCursor}`)).status).toBe(400);
  });
});

it('nothing of an endpoint is another merchant’s, or for a key without the scope', async () => {
  const { id } = await make();
  await api.post(`${PATH}/${id}/ping`, {});
  await deliver(id);
  const [{ id: deliveryId }] = (await api.get(`${PATH}/${id}/deliveries`)).json.data;
  const { secret: stranger } = await api.stranger();
  const weak = await api.key({ scopes: ['transactions:read'] });
  const body = { from: '2026-01-01T00:00:00Z', to: '2026-01-02T00:00:00Z' };
  const asks: [string, string, object?][] = [
    ['GET', `${PATH}/${id}`],
    ['PATCH', `${PATH}/${id}`, { description: 'mine' }],
    ['DELETE', `${PATH}/${id}`],
    ['POST', `${PATH}/${id}/rotate`, {}],
    ['POST', `${PATH}/${id}/enable`],
    ['POST', `${PATH}/${id}/ping`, {}],
    ['POST', `${PATH}/${id}/replay`, body],
    ['GET', `${PATH}/${id}/deliveries`],
    ['GET', `${PATH}/${id}/deliveries/${deliveryId}`],
    ['POST', `${PATH}/${id}/deliveries/${deliveryId}/resend`, {}],
  ];
  const before = await api.world.db('webhook_endpoints').where({ id }).first();
  const events = await api.world.db('events');
  for (const [method, path, given] of asks) {
    const ask = (key: string, at = path) =>
      api.call(method, at, { key, ...(given === undefined ? {} : { body: given }) });
    const [theirs, missing] = [await ask(stranger), await ask(stranger, path.replaceAll(id, `ep${'0'.repeat(26)}`))];
    expect([theirs.status, missing.status], path).toEqual([404, 404]);
    expect({ ...theirs.json, requestId: '' }).toEqual({ ...missing.json, requestId: '' });
    expect((await ask(weak)).status, path).toBe(403);
  }
  expect(await api.world.db('webhook_endpoints').where({ id }).first()).toEqual(before);
  expect(await api.world.db('events')).toEqual(events);
  expect((await api.get('/v1/events', { key: stranger })).json.data).toEqual([]);
  expect((await api.get('/v1/events', { key: weak })).status).toBe(403);
});
