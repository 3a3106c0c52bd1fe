// The provider's callback over HTTP: stored once when it is signed, refused cheaply when it is not, and never a fault of ours.
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { signWebhook } from '../../src/provider/eversend/signature.ts';
import { openBody } from '../../src/webhooks/webhook-event.ts';
import { type Api, openApi, PAYOUT } from '../support/api.ts';
import { BAD_BODIES } from '../support/bad-input.ts';

let api: Api;
beforeAll(async () => {
  api = await openApi();
});
afterAll(() => api.close());

const EVENT = JSON.stringify({
  eventType: 'transaction.payout',
  status: 'successful',
  transactionId: 'BP1',
  transactionRef: 'po01M82WKF13J929WMA0Z3KP0NC1',
});
const sign = (body: string | Uint8Array) => signWebhook(Buffer.from(body as string), 'webhook-secret', 'sha512');
const send = (
  body: string | Uint8Array,
  headers: Record<string, string> = { 'x-eversend-signature': sign(body) },
  method = 'POST',
) => api.call(method, '/webhooks/eversend', { body, headers, key: null, idempotencyKey: false });
const events = () => api.world.db('webhook_events').select();

test('a signed event is stored byte for byte, once however often it comes, and answered at once', async () => {
  const answers = await Promise.all(Array.from({ length: 20 }, () => send(EVENT)));
  expect(new Set(answers.map((one) => one.status))).toEqual(new Set([200]));
  const stored = await events();
  expect(stored).toHaveLength(1);
  expect(openBody(api.world.vault, stored[0].body).toString()).toBe(EVENT);
  expect(stored[0].client_address).toBe('198.51.100.7');
  expect(api.world.rung.filter((bell) => bell.queue === 'webhooks')).toHaveLength(1);
});

test('a wrong signature is refused with 401 and leaves no row', async () => {
  const before = await events();
  const right = sign(EVENT);
  const wrong = [
    '',
    'x',
    right.slice(1),
    `${right}0`,
    right.replace(/^./, 'z'),
    sign(`${EVENT} `),
    signWebhook(Buffer.from(EVENT), 'other', 'sha512'),
    signWebhook(Buffer.from(EVENT), 'webhook-secret', 'sha256'),
    createHash('sha512').update(EVENT).digest('hex'),
    `${right}, ${right}`,
  ];
  for (const signature of wrong) {
    const answered = await send(EVENT, { 'x-eversend-signature': signature });
    expect([answered.status, answered.json.code]).toEqual([401, 'bad_signature']);
  }
  expect((await send(EVENT, {})).status).toBe(401);
  expect(await events()).toEqual(before);
  expect(api.lines).toContainEqual(expect.objectContaining({ security: true, event: 'webhook_unkeyed_digest' }));
});

test('signed nonsense is kept and answered 200, so that nobody sends it again', async () => {
  for (const [what, body] of BAD_BODIES) expect((await send(body)).status, what).toBe(200);
  for (const row of await events()) expect(['received', 'unreadable']).toContain(row.state);
});

test('what is too large, packed, a form, or sent otherwise is refused before it is stored', async () => {
  const before = await events();
  const large = 'x'.repeat(1024 * 1024 + 1);
  expect((await send(large)).status).toBe(413);
  expect((await send('x'.repeat(1024 * 1024))).status).toBe(200);
  const signature = { 'x-eversend-signature': sign(EVENT) };
  expect((await send(EVENT, { ...signature, 'content-encoding': 'gzip' })).status).toBe(415);
  expect((await send(EVENT, { ...signature, 'content-type': 'application/x-www-form-urlencoded' })).status).toBe(415);
  expect((await send(EVENT, signature, 'PUT')).status).toBe(405);
  expect((await api.call('POST', '/Webhooks/Eversend', { body: EVENT, headers: signature })).status).toBe(404);
  expect(await events()).toHaveLength(before.length + 1);
});

test('a storm of events is stored whole, and payments go on being accepted meanwhile', async () => {
  await api.world.fund('UGX', 10n ** 9n);
  const before = (await events()).length;
  const storm = Array.from({ length: 1000 }, (_, n) => send(`${EVENT.slice(0, -1)},"n":${n % 500}}`));
  const payments = Array.from({ length: 20 }, () => api.post('/v1/payouts', PAYOUT));
  expect(new Set((await Promise.all(payments)).map((one) => one.status))).toEqual(new Set([202]));
  expect(new Set((await Promise.all(storm)).map((one) => one.status))).toEqual(new Set([200]));
  expect(await events()).toHaveLength(before + 500);
});

test('an event that cannot be stored is answered 503, so that it comes again', async () => {
  const broken = await openApi();
  await broken.world.db.raw('SELECT 1');
  await broken.world.close();
  const answered = await broken.call('POST', '/webhooks/eversend', {
    body: EVENT,
    key: null,
    headers: { 'x-eversend-signature': sign(EVENT) },
  });
  expect([answered.status, answered.json.code]).toEqual([503, 'unavailable']);
});
